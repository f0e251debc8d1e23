import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { listenAndReport } from "./report.ts";

// Accepts every push with a minimal response, so that almost all of the cost is that of the client. Speaks REST, Connect
// and gRPC-Web over HTTP/1.1 or, with the argument "grpc", gRPC over HTTP/2.
const name = "operators/65001/planStatuses/x";
const message = Buffer.from(toBinary(PlanStatusSchema, create(PlanStatusSchema, { name })));
const ok = Buffer.from("grpc-status: 0\r\n");
const frame = frameOf(0, message);
const answers: Readonly<Record<string, Buffer>> = {
  "application/json": Buffer.from(JSON.stringify({ name })),
  "application/proto": message,
  "application/grpc-web+proto": Buffer.concat([frame, frameOf(0x80, ok)]),
};

function frameOf(flags: number, content: Buffer): Buffer {
  const head = Buffer.from([flags, 0, 0, 0, 0]);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

const http1 = createServer((request, response) => {
  const type = String(request.headers["content-type"]);
  const body = answers[type] ?? "";
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": type, "content-length": body.length });
    response.end(body);
  });
});

const http2 = createHttp2Server();
http2.on("stream", (stream) => {
  stream.resume();
  stream.on("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(frame);
  });
});

listenAndReport(process.argv[2] === "grpc" ? http2 : http1);
