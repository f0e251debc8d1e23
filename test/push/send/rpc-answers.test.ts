import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createPlanSharingClient } from "../../../src/client/index.ts";
import type { RpcProtocol } from "../../../src/client/transport.ts";
import { fixedToken } from "../../../src/push/send/access-tokens.ts";
import { type Outcome, outcomeOfError } from "../../../src/push/send/outcome.ts";
import { createSender } from "../../../src/push/send/sender.ts";
import { lineOf, pushRequestOf } from "../../support/push-inputs.ts";

type Fields = Record<string, string>;

/** An answer as it is sent. */
type Sent = {
  readonly status?: number;
  readonly headers: Fields;
  readonly body?: Uint8Array;
  readonly trailers?: Fields;
};

let answer: Sent;
let seen: Fields = {};
const http1 = createServer((request, response) => {
  seen = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  request.resume().on("end", () => response.writeHead(answer.status ?? 200, answer.headers).end(answer.body));
});
const sessions = new Set<ServerHttp2Session>();
const http2 = createHttp2Server().on("session", (session) => sessions.add(session));
http2.on("stream", (stream, headers) => {
  seen = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const { status = 200, body, trailers } = answer;
  stream.resume().on("end", () => {
    stream.respond({ ":status": status, ...answer.headers }, { waitForTrailers: trailers !== undefined });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
    stream.end(body);
  });
});

const urls = new Map<Server | Http2Server, string>();
beforeAll(async () => {
  for (const server of [http1, http2]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    urls.set(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
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

const endpointFor = (protocol: RpcProtocol) => urls.get(protocol === "grpc" ? http2 : http1) ?? "";

/** Pushes a record, with the headers that the endpoint saw. */
async function push(protocol: RpcProtocol): Promise<{ outcome: Outcome; headers: Fields }> {
  const endpoint = endpointFor(protocol);
  const sender = createSender({ endpoint, protocol, tokens: fixedToken("t"), timeoutMs: 30_000 });
  try {
    return { outcome: await sender.send(pushRequestOf(lineOf("user"), protocol)), headers: seen };
  } finally {
    sender.close();
  }
}

/** How the client's error was sent. Undefined if the call succeeded. */
type ClientError = { readonly isWireError: boolean; readonly outcome: Outcome };

/** Calls the method with this project's client, which has the protocols of connect-es. */
async function call(protocol: RpcProtocol): Promise<{ name?: string; error?: ClientError; headers: Fields }> {
  const client = createPlanSharingClient({
    endpoint: endpointFor(protocol),
    protocol,
    token: "t",
    retry: false,
  });
  const result = await client.createUserPlanStatus({ parent: "operators/65001" }, { timeoutMs: 30_000 }).then(
    ({ name }) => ({ name }),
    (reason: unknown) => {
      const error = ConnectError.from(reason);
      return { error: { isWireError: error.isWireError, outcome: outcomeOfError(error) } };
    },
  );
  return { ...result, headers: seen };
}

/** Errors whose code connect-es makes up. */
const withoutCode = ["an error without a code", "a status that is no number", "a status that is no code"];

/** Returns the outcome that a push must have for an answer, from what the client makes of it. */
async function expectedOutcome(protocol: RpcProtocol, title = ""): Promise<object> {
  const { name, error } = await call(protocol);
  if (name === "operators/65001/planStatuses/user") {
    return { kind: "pushed" };
  }
  if (error?.isWireError && !withoutCode.includes(title)) {
    return error.outcome;
  }
  const kind = answer.status === 413 ? "too-large" : "foreign";
  const lasting = [302, 404].includes(answer.status ?? 200);
  return lasting ? { kind: "unusable" } : { kind: "retry", trouble: { kind, isLasting: false } };
}

const message = toBinary(
  PlanStatusSchema,
  create(PlanStatusSchema, { name: "operators/65001/planStatuses/user" }),
);

function frame(flags: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const head = Buffer.from([flags, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function errorOf(code: Code, text: string, details: ConnectError["details"] = []): ConnectError {
  const error = new ConnectError(text, code);
  error.details.push(...details);
  return error;
}

const info = (reason: string, metadata: Fields = {}) => ({
  desc: ErrorInfoSchema,
  value: create(ErrorInfoSchema, { reason, domain: "mobile-data-plan-sharing", metadata }),
});

const errors: Readonly<Record<string, ConnectError>> = {
  "an older status": errorOf(Code.Aborted, "a newer status is stored", [
    info("PLAN_STATUS_STALE", { storedUpdateTime: "2030-01-01T00:00:00Z" }),
  ]),
  violations: errorOf(Code.InvalidArgument, "planStatus.title: ünvalid 100%", [
    info("FIELD_INVALID"),
    {
      desc: BadRequestSchema,
      value: create(BadRequestSchema, { fieldViolations: [{ field: "planStatus.title", description: "é" }] }),
    },
  ]),
  "a rejected token": errorOf(Code.Unauthenticated, "the token has expired"),
  "a missing permission": errorOf(Code.PermissionDenied, "no", [info("OPERATOR_NOT_LINKED")]),
  "an overload with a delay": errorOf(Code.ResourceExhausted, "later", [
    info("SERVER_OVERLOADED"),
    { desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: durationFromMs(1_500) }) },
  ]),
  "an overload without details": errorOf(Code.ResourceExhausted, "later"),
  "a request that is too large": errorOf(Code.ResourceExhausted, "too large", [info("REQUEST_TOO_LARGE")]),
  "an unavailable server": errorOf(Code.Unavailable, "stopping"),
  "a deadline": errorOf(Code.DeadlineExceeded, ""),
  "an unexpected error": errorOf(Code.Internal, "unexpected"),
  "an unknown method": errorOf(Code.Unimplemented, "no such method"),
};

const page = Buffer.from("<h1>Hello</h1>");
const html = { "content-type": "text/html" };
const pages: Readonly<Record<string, Sent>> = Object.fromEntries(
  [200, 302, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504].map((status) => [
    `an HTML page with status ${status}`,
    { status, headers: { ...html, "retry-after": "7" }, body: page },
  ]),
);

const noType: Sent = { headers: {} };

/** What a server may answer, by protocol. */
const answers: Readonly<Record<RpcProtocol, Readonly<Record<string, Sent>>>> = {
  connect: connectAnswers(),
  grpc: grpcAnswers(),
  "grpc-web": webAnswers(),
};

function connectAnswers(): Record<string, Sent> {
  const type = { "content-type": "application/proto" };
  const json = { "content-type": "application/json" };
  return {
    "a status": { headers: type, body: message },
    "an empty message": { headers: type, body: Buffer.alloc(0) },
    "a compressed status": { headers: { ...type, "content-encoding": "gzip" }, body: gzipSync(message) },
    "a status in brotli": {
      headers: { ...type, "content-encoding": "br" },
      body: brotliCompressSync(message),
    },
    "a status that is not compressed and says so": {
      headers: { ...type, "content-encoding": "identity" },
      body: message,
    },
    "an unknown encoding": { headers: { ...type, "content-encoding": "zstd" }, body: message },
    "a body that does not decompress": { headers: { ...type, "content-encoding": "gzip" }, body: message },
    "bytes that are no message": { headers: type, body: Buffer.from([0xff]) },
    "a message that is cut off": { headers: type, body: message.subarray(0, 9) },
    "JSON with status 200": { headers: json, body: Buffer.from("{}") },
    "no content type": noType,
    ...pages,
    ...Object.fromEntries(
      Object.entries(errors).map(([name, error]) => [
        `the error of ${name}`,
        {
          status: 429,
          headers: { ...json, "retry-after": "3" },
          body: Buffer.from(errorToJsonBytes(error, {})),
        },
      ]),
    ),
    "an error without a code": { status: 503, headers: json, body: Buffer.from('{"message":"no"}') },
    "an error that is no JSON": { status: 503, headers: json, body: page },
    "an error that is compressed": {
      status: 409,
      headers: { ...json, "content-encoding": "gzip" },
      body: gzipSync('{"code":"aborted","message":"old"}'),
    },
    "an error with malformed details": {
      status: 409,
      headers: json,
      body: Buffer.from('{"code":"aborted","details":[null,{"type":"x","value":"%"}]}'),
    },
  };
}

function statusFields(error: ConnectError): Fields {
  return Object.fromEntries(setTrailerStatus(new Headers(), error));
}

/** What gRPC and gRPC-Web have in common. `send` puts a body and trailers where the protocol has them. */
function framedAnswers(
  type: string,
  send: (headers: Fields, body: Buffer, trailers: Fields | undefined) => Sent,
): Record<string, Sent> {
  const headers = { "content-type": type };
  const ok = { "grpc-status": "0" };
  const one = frame(0, message);
  const empty = Buffer.alloc(0);
  return {
    "a status": send(headers, one, ok),
    "a status with an empty grpc-message": send(headers, one, { ...ok, "grpc-message": "" }),
    "a status with other trailers": send(headers, one, { ...ok, "x-trace": "1" }),
    "a status of the type without a format": send({ "content-type": type.replace("+proto", "") }, one, ok),
    "a status of the type of JSON": send({ "content-type": type.replace("proto", "json") }, one, ok),
    "an empty message": send(headers, frame(0, ""), ok),
    "a compressed status": send({ ...headers, "grpc-encoding": "gzip" }, frame(1, gzipSync(message)), ok),
    "a status that is not compressed although an encoding is named": send(
      { ...headers, "grpc-encoding": "br" },
      one,
      ok,
    ),
    "an unknown encoding": send({ ...headers, "grpc-encoding": "zstd" }, one, ok),
    "a compressed message without an encoding": send(headers, frame(1, gzipSync(message)), ok),
    "a message that does not decompress": send(
      { ...headers, "grpc-encoding": "gzip" },
      frame(1, message),
      ok,
    ),
    "bytes that are no message": send(headers, frame(0, Buffer.from([0xff])), ok),
    "a message that is cut off": send(headers, frame(0, message.subarray(0, 9)), ok),
    "half a frame": send(headers, one.subarray(0, 9), ok),
    "two messages": send(headers, Buffer.concat([one, one]), ok),
    "no message and status 0": send(headers, empty, ok),
    "a message without a status": send(headers, one, undefined),
    nothing: send(headers, empty, undefined),
    "a message and an error": send(
      headers,
      one,
      statusFields(errors["an unavailable server"] as ConnectError),
    ),
    "a status that is no number": send(headers, empty, { "grpc-status": "abc" }),
    "a status that is no code": send(headers, empty, { "grpc-status": "77", "grpc-message": "x" }),
    "status 0 and details of an error": send(headers, one, {
      ...statusFields(errors.violations as ConnectError),
      ...ok,
    }),
    "malformed details": send(headers, empty, { "grpc-status": "10", "grpc-status-details-bin": "%%" }),
    "a message that is not percent-encoded": send(headers, empty, {
      "grpc-status": "3",
      "grpc-message": "100%",
    }),
    ...pages,
    ...Object.fromEntries(
      Object.entries(errors).flatMap(([name, error]) => [
        [`the error of ${name}`, send(headers, empty, statusFields(error))],
        [`the error of ${name} in the headers`, { headers: { ...headers, ...statusFields(error) } }],
      ]),
    ),
    "status 0 in the headers and no message": { headers: { ...headers, ...ok } },
    "status 0 in the headers and a message": { headers: { ...headers, ...ok }, body: one },
    "an error in the headers and a message": send({ ...headers, "grpc-status": "13" }, one, ok),
    "the type of Connect": send({ "content-type": "application/proto" }, one, ok),
  };
}

function grpcAnswers(): Record<string, Sent> {
  return framedAnswers("application/grpc+proto", (headers, body, trailers) => ({
    headers,
    body,
    ...(trailers && { trailers }),
  }));
}

function webAnswers(): Record<string, Sent> {
  const lines = (fields: Fields) =>
    Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
  const all = framedAnswers("application/grpc-web+proto", (headers, body, trailers) => ({
    headers,
    body: trailers === undefined ? body : Buffer.concat([body, frame(0x80, lines(trailers))]),
  }));
  const headers = { "content-type": "application/grpc-web+proto" };
  const one = frame(0, message);
  return {
    ...all,
    "a status without a space before it": {
      headers,
      body: Buffer.concat([one, frame(0x80, "grpc-status:0\r\n")]),
    },
    "a status without a line break": { headers, body: Buffer.concat([one, frame(0x80, "grpc-status: 0")]) },
    "a status in capital letters": { headers, body: Buffer.concat([one, frame(0x80, "Grpc-Status: 0\r\n")]) },
    "trailers without a status": { headers, body: Buffer.concat([one, frame(0x80, "x: 0\r\n")]) },
    "trailers before the message": { headers, body: Buffer.concat([frame(0x80, "grpc-status: 0\r\n"), one]) },
    "trailers twice": {
      headers,
      body: Buffer.concat([one, frame(0x80, "grpc-status: 0\r\n"), frame(0x80, "grpc-status: 0\r\n")]),
    },
  };
}

describe.each(["connect", "grpc", "grpc-web"] as const)("the sender over %s", (protocol) => {
  it("sends the headers of this project's client", async () => {
    answer = answers[protocol]["a status"] as Sent;
    const [pushed, called] = [await push(protocol), await call(protocol)];
    expect(pushed.outcome).toEqual({ kind: "pushed" });
    // Headers of the connection: how the length of the body is stated.
    const framing = ["host", "connection", "content-length", "transfer-encoding", ":authority"];
    const own = (headers: Fields) => Object.entries(headers).filter(([name]) => !framing.includes(name));
    expect(new Map(own(pushed.headers))).toEqual(new Map(own(called.headers)));
  });

  it.each(Object.keys(answers[protocol]))(
    `reads %s over ${protocol} as this project's client does, and what is not from this API as trouble of the endpoint`,
    async (name) => {
      answer = answers[protocol][name] as Sent;
      const { outcome } = await push(protocol);
      const expected = await expectedOutcome(protocol, name);
      expect(outcome).toEqual("code" in expected ? expected : expect.objectContaining(expected));
    },
  );

  it("reads an answer that is cut off anywhere as this project's client does", async () => {
    const whole = answers[protocol]["a status"] as Sent;
    const bodies = [whole.body ?? Buffer.alloc(0), Buffer.from([0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0])];
    for (const body of bodies) {
      for (let length = 0; length < body.length; length++) {
        answer = { ...whole, body: body.subarray(0, length) };
        const { outcome } = await push(protocol);
        expect(outcome, `${length} bytes`).toMatchObject(await expectedOutcome(protocol));
      }
    }
  });
});
