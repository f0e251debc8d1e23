import { createServer } from "node:http";
import { listenAndReport } from "./report.ts";

// The baseline of every ratio: parses the JSON body and writes it back.
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const json = JSON.parse(Buffer.concat(chunks).toString());
    const body = JSON.stringify(json);
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
});
listenAndReport(server);
