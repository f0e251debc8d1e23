import { createServer } from "node:http";
import { listenAndReport } from "./report.ts";

// Accepts every push with a minimal response, so that almost all of the cost is that of the client.
const body = '{"name":"operators/65001/planStatuses/x"}';
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    response.end(body);
  });
});
listenAndReport(server);
