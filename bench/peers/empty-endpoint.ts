import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { create } from "@bufbuild/protobuf";
import { CreateUserPlanStatusRequestCodec } from "../../gen/mobiledataplansharing/v1/plan_status_service_codec.ts";
import { PlanStatusCodec } from "../../gen/mobiledataplansharing/v1/resources_codec.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { asnOfParent, resourceName } from "../../src/contract/resource-names.ts";
import { listenAndReport } from "./report.ts";

// Accepts every push with a minimal response, so that almost all of the cost is that of the client. Speaks REST, Connect
// and gRPC-Web over HTTP/1.1 or, with the argument "grpc", gRPC over HTTP/2. Pushers expect the name of their record.
const ok = frameOf(0x80, Buffer.from("grpc-status: 0\r\n"));

/** Returns the stored status of a request. */
function messageOf(body: Buffer): Buffer {
  const { parent, userKey } = CreateUserPlanStatusRequestCodec.decode(body);
  return Buffer.from(PlanStatusCodec.encode(create(PlanStatusSchema, { name: nameOf(parent, userKey) })));
}

function nameOf(parent: string, userKey: string): string {
  return resourceName(asnOfParent(parent) ?? 0, "planStatuses", userKey);
}

const answers: Readonly<Record<string, (path: string, body: Buffer) => Buffer>> = {
  "application/json": (path) => {
    const [, , parent, asn, , , , userKey] = path.split("/");
    const name = nameOf(`${parent}/${asn}`, decodeURIComponent(userKey ?? ""));
    return Buffer.from(JSON.stringify({ name }));
  },
  "application/proto": (_, body) => messageOf(body),
  "application/grpc-web+proto": (_, body) => Buffer.concat([frameOf(0, messageOf(body.subarray(5))), ok]),
};

function frameOf(flags: number, content: Buffer): Buffer {
  const head = Buffer.from([flags, 0, 0, 0, 0]);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

const http1 = createServer((request, response) => {
  const type = String(request.headers["content-type"]);
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = answers[type]?.(request.url ?? "", Buffer.concat(chunks)) ?? Buffer.alloc(0);
    response.writeHead(200, { "content-type": type, "content-length": body.length });
    response.end(body);
  });
});

const http2 = createHttp2Server();
http2.on("stream", (stream) => {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(frameOf(0, messageOf(Buffer.concat(chunks).subarray(5))));
  });
});

listenAndReport(process.argv[2] === "grpc" ? http2 : http1);
