import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, encodeBinaryHeader } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { StatusSchema } from "#deps/google/rpc/status_pb.js";
import { createPlanSharingClient, type PlanSharingProtocol, readError } from "../../src/client/index.ts";
import { withReadableErrors } from "../../src/client/readable-errors.ts";
import { parent } from "../support/test-server.ts";

const info = create(ErrorInfoSchema, { reason: "LOST", domain: "acme" });
const infoBytes = Buffer.from(toBinary(ErrorInfoSchema, info));
const base64 = infoBytes.toString("base64");
const details = (value: Uint8Array, typeUrl = "type.googleapis.com/google.rpc.ErrorInfo") =>
  encodeBinaryHeader(
    create(StatusSchema, {
      code: Code.InvalidArgument,
      message: "no such book",
      details: [{ typeUrl, value }],
    }),
    StatusSchema,
  );

/** Bodies of Connect and REST, status fields of gRPC: what a faulty server sends. */
const connectDetails: Record<string, unknown> = {
  "a detail that is null": [null, { type: "google.rpc.ErrorInfo", value: base64 }],
  "a detail that is text": ["x", { type: "google.rpc.ErrorInfo", value: base64 }],
  "a detail without a value": [{ type: "acme.A" }, { type: "google.rpc.ErrorInfo", value: base64 }],
  "a detail with a value that is no base64": [
    { type: "acme.A", value: "%%%" },
    { type: "google.rpc.ErrorInfo", value: base64 },
  ],
  "a detail with a type that is a number": [
    { type: 7, value: "" },
    { type: "google.rpc.ErrorInfo", value: base64 },
  ],
  "bytes that do not parse": [
    { type: "google.rpc.ErrorInfo", value: "/w" },
    { type: "google.rpc.ErrorInfo", value: base64 },
  ],
};

const grpcFields: Record<string, Record<string, string>> = {
  "details that are no base64": { "grpc-status-details-bin": "%%%" },
  "details that are no status": { "grpc-status-details-bin": "/////w" },
  "details of another code": {
    "grpc-status-details-bin": encodeBinaryHeader(create(StatusSchema, { code: 0 }), StatusSchema),
  },
  "bytes that do not parse": { "grpc-status-details-bin": details(new Uint8Array([255])) },
  "a type URL that is empty": { "grpc-status-details-bin": details(new Uint8Array([255]), "") },
  "a message that is not percent-encoded": { "grpc-message": "no such%book", "grpc-status-details-bin": "" },
};

let answer: { body: string; fields: Record<string, string> } = { body: "", fields: {} };
const sessions = new Set<ServerHttp2Session>();
const http1 = createServer((request, response) => {
  request.resume();
  if (request.headers["content-type"]?.startsWith("application/grpc-web")) {
    const text = Buffer.from(
      Object.entries(answer.fields)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join(""),
    );
    const head = Buffer.from([0x80, 0, 0, 0, 0]);
    head.writeUInt32BE(text.length, 1);
    response
      .writeHead(200, { "content-type": request.headers["content-type"] })
      .end(Buffer.concat([head, text]));
    return;
  }
  response.writeHead(400, { "content-type": "application/json" }).end(answer.body);
});
const http2 = createHttp2Server((request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "application/grpc+proto", ...answer.fields }).end();
});
http2.on("session", (session) => sessions.add(session));

const ports = new Map<Server | Http2Server, number>();
beforeAll(async () => {
  for (const server of [http1, http2]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ports.set(server, (server.address() as AddressInfo).port);
  }
});
afterAll(() => {
  http1.closeAllConnections();
  http1.close();
  for (const session of sessions) {
    session.destroy();
  }
  http2.close();
});

async function errorOver(protocol: PlanSharingProtocol): Promise<ConnectError> {
  const endpoint = `http://127.0.0.1:${ports.get(protocol === "grpc" ? http2 : http1)}`;
  const client = createPlanSharingClient({ endpoint, protocol, token: "x", retry: false });
  const error: unknown = await client
    .createPlanGroup({ parent, planGroupId: "a" })
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

describe("the client over Connect", () => {
  it.each(Object.keys(connectDetails))(
    "keeps the code, the message and the other details of an error with %s",
    async (name) => {
      const error = { code: "invalid_argument", message: "no such book", details: connectDetails[name] };
      answer = { body: JSON.stringify(error), fields: {} };
      const received = await errorOver("connect");
      expect([received.code, received.rawMessage]).toEqual([Code.InvalidArgument, "no such book"]);
      expect(readError(received)).toMatchObject({ reason: "LOST" });
    },
  );
});

describe.each(["grpc", "grpc-web"] as const)("the client over %s", (protocol) => {
  it.each(Object.keys(grpcFields))(
    `keeps the code and the message over ${protocol} of an error with %s`,
    async (name) => {
      const fields = { "grpc-status": "3", "grpc-message": "no such book", ...grpcFields[name] };
      answer = { body: "", fields };
      const received = await errorOver(protocol);
      expect(received.code).toBe(Code.InvalidArgument);
      expect(received.rawMessage).toBe(name.includes("percent") ? "no such%book" : "no such book");
      expect(readError(received)).toMatchObject({ reason: undefined, violations: [] });
    },
  );
});

describe("withReadableErrors", () => {
  async function* bytesOf(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += step) {
      yield bytes.subarray(at, at + step);
    }
  }

  async function read(header: Record<string, string>, body: Uint8Array, step: number, status = 200) {
    const send = withReadableErrors(async () => ({
      status,
      header: new Headers(header),
      body: bytesOf(body, step),
      trailer: new Headers(),
    }));
    const response = await send({ url: "", method: "POST", header: new Headers() });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) {
      chunks.push(chunk);
    }
    return { header: response.header, body: Buffer.concat(chunks) };
  }

  const frame = (flags: number, content: string | Uint8Array) => {
    const bytes = Buffer.from(content);
    const head = Buffer.from([flags, 0, 0, 0, 0]);
    head.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([head, bytes]);
  };
  const messages = Buffer.concat([frame(0, Buffer.alloc(300, 7)), frame(1, ""), frame(0, "\u0080\u0080")]);
  const web = { "content-type": "application/grpc-web+proto" };

  it.each([1, 2, 7, 1_000])(
    "repairs the trailers of gRPC-Web and passes on messages in pieces of %i bytes",
    async (step) => {
      const broken = frame(0x80, "grpc-status: 3\r\ngrpc-message: no\r\ngrpc-status-details-bin: %%%\r\n");
      const { body } = await read(web, Buffer.concat([messages, broken]), step);
      expect(body).toEqual(Buffer.concat([messages, frame(0x80, "grpc-message: no\r\ngrpc-status: 3\r\n")]));
    },
  );

  it.each([
    ["readable trailers", frame(0x80, "Grpc-Status: 3\r\ngrpc-message:no\r\nx-a: \u00e9\r\n")],
    ["compressed trailers", frame(0x81, "\u0001\u0002")],
    ["trailers that are no header fields", frame(0x80, "grpc status: 3\r\n")],
    ["half a frame", Buffer.from([0x80, 0, 0])],
    ["half a message", frame(0, "abc").subarray(0, 6)],
    ["no trailers", Buffer.alloc(0)],
  ])("passes on %s of gRPC-Web", async (_, end) => {
    const whole = Buffer.concat([messages, end]);
    expect((await read(web, whole, 3)).body).toEqual(whole);
  });

  const json = { "content-type": "application/json" };
  const broken = JSON.stringify({
    code: "aborted",
    details: [null, { type: "a.B", value: "AA", debug: {} }],
  });
  const repaired = JSON.stringify({ code: "aborted", details: [{ type: "a.B", value: "AA", debug: {} }] });

  it("repairs a compressed error of Connect", async () => {
    const gzip = { ...json, "content-encoding": "gzip", "content-length": "5" };
    const { body, header } = await read(gzip, gzipSync(broken), 10, 409);
    expect([body.toString(), ...header.keys()]).toEqual([repaired, "content-type"]);
  });

  it.each([
    ["a response that is no error", broken, 200],
    ["an error without details", '{"code":"aborted"}', 409],
    ["an error that is no JSON", "<html>", 503],
    ["an error that is null", "null", 503],
    ["an error of more than 1 MiB", `[${" ".repeat(1024 * 1024)}${broken}]`, 409],
  ])("passes on %s of Connect", async (_, text, status) => {
    expect((await read(json, Buffer.from(text), 100_000, status)).body.toString()).toBe(text);
  });
});
