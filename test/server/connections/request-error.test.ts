import { connect } from "node:tls";
import type { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readApiError } from "../../support/api-error.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import {
  encodeField,
  encodeFrame,
  encodeRequest,
  type Frame,
  type FrameClient,
  frameFlags,
  frameTypes,
  http2Preface,
  openFrameClient,
  resetCode,
  speakFrames,
  statusOf,
} from "../../support/http/http2-frames.ts";
import { callRaw, errorOfResponse } from "../../support/http/raw-call.ts";
import { openSocket, type RawSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

const { headers, continuation, data } = frameTypes;
const { endStream, endHeaders } = frameFlags;
const protocolError = 1;

async function shakeHands(port: number, protocol: string) {
  const options = { port, host: "127.0.0.1", ca: testCertificate.cert, ALPNProtocols: [protocol] };
  const socket = connect(options);
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  return socket;
}

const ports = [
  ["cleartext", undefined],
  ["TLS", testCertificate],
] as const;

/** A listener that counts the requests that it serves. */
async function startCounting(tls: typeof testCertificate | undefined, limits = {}) {
  const served: string[] = [];
  const listener = await startTestListener(limits, {
    tls,
    onRequest(request, response) {
      served.push(`${request.headers.host ?? request.headers[":authority"]}${request.url}`);
      request.resume();
      response.end("served");
    },
  });
  return Object.assign(listener, { served });
}

type Counting = TestListener & { served: string[] };

/** Expects a complete response with an error of REST. */
function expectErrorBody(text: string, status: number): void {
  const [head = "", body = ""] = text.split("\r\n\r\n", 2);
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toMatch(/^content-type: application\/json; charset=utf-8$/im);
  expect(head).toMatch(new RegExp(`^content-length: ${Buffer.byteLength(body)}$`, "im"));
  const { error } = JSON.parse(body) as { error: Record<string, unknown> };
  expect(error).toMatchObject({ code: status, message: expect.any(String), status: expect.any(String) });
  expect(error.details).toContainEqual(expect.objectContaining({ domain: "mobile-data-plan-sharing" }));
}

describe.each(ports)("HTTP/1.1 over %s", (over, tls) => {
  let listener: Counting;
  beforeAll(async () => {
    listener = await startCounting(tls, { maxHeaderBytes: 8_192 });
  });
  afterAll(() => listener[Symbol.asyncDispose]());

  const open = async (): Promise<RawSocket> =>
    tls ? rawSocket(await shakeHands(listener.port, "http/1.1")) : openSocket(listener.port);

  const chunks = "5\r\nhello\r\n0\r\n\r\n";
  const get = (fields: string, target = "/", version = "1.1") =>
    `GET ${target} HTTP/${version}\r\n${fields}\r\n`;
  const coded = (fields: string, version = "1.1") =>
    `POST / HTTP/${version}\r\nHost: a\r\n${fields}\r\n${chunks}`;
  const long = "a".repeat(9_000);

  it.each([
    ["two Host fields", get("Host: a\r\nHost: b\r\n"), 400],
    ["two equal Host fields", get("Host: a\r\nhost: a\r\n"), 400],
    ["two Host fields far from each other", get(`Host: a\r\n${"b:\r\n".repeat(1_500)}Host: a\r\n`), 400],
    ["two Host fields in HTTP/1.0", get("Host: a\r\nHost: a\r\n", "/", "1.0"), 400],
    ["two Host fields and a target in absolute form", get("Host: a\r\nHost: a\r\n", "http://a/"), 400],
    ["no Host field", get(""), 400],
    ["no Host field, but a target in absolute form", get("", "http://a/"), 400],
    ["an empty Host field", get("Host:\r\n"), 400],
    ["a list of hosts", get("Host: a, b\r\n"), 400],
    ["two hosts with a comma", get("Host: a,b\r\n"), 400],
    ["a blank in Host", get("Host: a b\r\n"), 400],
    ["user information in Host", get("Host: user@a\r\n"), 400],
    ["a path in Host", get("Host: a/b\r\n"), 400],
    ["a URL in Host", get("Host: http://a\r\n"), 400],
    ["a fragment in Host", get("Host: a#b\r\n"), 400],
    ["a port that is no number in Host", get("Host: a:b\r\n"), 400],
    ["a port that is too large in Host", get("Host: a:65536\r\n"), 400],
    ["an invalid address in Host", get("Host: [::g]\r\n"), 400],
    ["an escape in Host", get("Host: %61\r\n"), 400],
    ["user information in a target in absolute form", get("Host: a\r\n", "http://user@a/"), 400],
    ["an invalid host in a target in absolute form", get("Host: a\r\n", "http://a,b/"), 400],
    ["an invalid Host beside a target in absolute form", get("Host: a b\r\n", "http://a/"), 400],
    ["gzip and chunked", coded("Transfer-Encoding: gzip, chunked\r\n"), 501],
    ["identity and chunked", coded("Transfer-Encoding: identity, chunked\r\n"), 501],
    [
      "gzip and chunked in two fields",
      coded("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
      501,
    ],
    ["an unknown coding, a tab and CHUNKED", coded("Transfer-Encoding: FOO,\tCHUNKED\r\n"), 501],
    ["an empty coding and chunked", coded("Transfer-Encoding: ,chunked\r\n"), 501],
    ["chunked twice", coded("Transfer-Encoding: chunked, chunked\r\n"), 400],
    ["chunked in two fields", coded("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400],
    ["chunked before gzip", coded("Transfer-Encoding: chunked, gzip\r\n"), 400],
    [
      "chunked before identity, in two fields",
      coded("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
      400,
    ],
    ["gzip only", coded("Transfer-Encoding: gzip\r\n"), 400],
    ["identity only", coded("Transfer-Encoding: identity\r\n"), 400],
    ["a coding that ends with chunked", coded("Transfer-Encoding: xchunked\r\n"), 400],
    ["chunked with a parameter", coded("Transfer-Encoding: chunked;q=1\r\n"), 400],
    ["chunked in quotes", coded('Transfer-Encoding: "chunked"\r\n'), 400],
    ["an empty Transfer-Encoding", coded("Transfer-Encoding:\r\n"), 400],
    // A blank there is accepted, but Node's parser does not accept a tab.
    ["a tab after chunked", coded("Transfer-Encoding: chunked\t\r\n"), 400],
    ["a blank and a tab after chunked", coded("Transfer-Encoding: chunked \t\r\n"), 400],
    ["a tab and a blank after chunked", coded("Transfer-Encoding: chunked\t \r\nX: y\r\n"), 400],
    ["a tab after CHUNKED", coded("Transfer-Encoding:CHUNKED\t\r\n"), 400],
    ["a tab after gzip and chunked", coded("Transfer-Encoding: gzip, chunked\t\r\n"), 501],
    ["a blank after gzip and chunked", coded("Transfer-Encoding: gzip, chunked \r\n"), 501],
    ["a control character after chunked", coded("Transfer-Encoding: chunked\x0b\r\n"), 400],
    ["a folded Transfer-Encoding", coded("Transfer-Encoding:\r\n chunked\r\n"), 400],
    ["a blank after the name Transfer-Encoding", coded("Transfer-Encoding : chunked\r\n"), 400],
    [
      "Transfer-Encoding and Content-Length",
      coded("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
      400,
    ],
    [
      "Content-Length and Transfer-Encoding",
      coded("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      400,
    ],
    [
      "gzip, chunked and Content-Length",
      coded("Content-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n"),
      400,
    ],
    ["Transfer-Encoding in HTTP/1.0", coded("Transfer-Encoding: chunked\r\n", "1.0"), 400],
    [
      "Transfer-Encoding in HTTP/1.0 that is kept alive",
      coded("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", "1.0"),
      400,
    ],
    ["two equal Content-Length fields", coded("Content-Length: 5\r\nContent-Length: 5\r\n"), 400],
    ["a list of lengths", coded("Content-Length: 5, 5\r\n"), 400],
    ["a length with a sign", coded("Content-Length: +5\r\n"), 400],
    ["HTTP/2.0 without its preface", get("Host: a\r\n", "/", "2.0"), 505],
    ["HTTP/1.2", get("Host: a\r\n", "/", "1.2"), 505],
    ["HTTP/0.9 with a version", get("Host: a\r\n", "/", "0.9"), 505],
    ["a large field", get(`Host: a\r\nx: ${long}\r\n`), 431],
    ["many small fields", get(`Host: a\r\n${"b: c\r\n".repeat(2_000)}`), 431],
    ["a long target", get("Host: a\r\n", `/${long}`), 431],
    ["a large trailer", `${coded("Transfer-Encoding: chunked\r\n").slice(0, -2)}x: ${long}\r\n\r\n`, 431],
  ])(
    `a request with %s is answered with an error body, and ends the connection, over ${over}`,
    async (name, bytes, status) => {
      const before = listener.served.length;
      const socket = await open();
      // What follows must not be served, in whatever packet it comes.
      socket.write(`${bytes}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
      const said = await socket.closed();
      if (name === "a large trailer" && !said.startsWith("HTTP/1.1 431")) {
        // The request was answered before its trailer came.
        expect(said).toMatch(/^HTTP\/1\.1 200 .*served$/s);
        return;
      }
      expect(said.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
      expectErrorBody(said, status);
      expect(said).toMatch(/^connection: close$/im);
      expect(listener.served).toHaveLength(before);
    },
  );

  it.each([
    ["a name", get("Host: example.com\r\n"), "example.com/"],
    ["a name and a port", get("Host: a.example:8080\r\n"), "a.example:8080/"],
    ["a name with an underscore", get("Host: my_service\r\n"), "my_service/"],
    ["an IPv6 address", get("Host: [::1]:80\r\n"), "[::1]:80/"],
    ["no Host in HTTP/1.0", get("", "/", "1.0"), "undefined/"],
    ["a target in absolute form, whose host replaces Host", get("Host: a\r\n", "http://b:1/c?d"), "b:1/c?d"],
    ["CHUNKED", coded("Transfer-Encoding: CHUNKED\r\n"), "a/"],
    ["a tab before chunked", coded("Transfer-Encoding:\tchunked\r\n"), "a/"],
    ["a blank after chunked", coded("Transfer-Encoding: chunked \r\n"), "a/"],
    ["blanks after chunked", coded("Transfer-Encoding: chunked  \r\nX: y\r\n"), "a/"],
    ["nearly the largest header", get(`Host: a\r\nx: ${"a".repeat(8_000)}\r\n`), "a/"],
  ])(`a request with %s is served over ${over}`, async (_, bytes, expected) => {
    const socket = await open();
    socket.write(bytes);
    expect(await socket.received(/served$/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(listener.served.at(-1)).toBe(expected);
    socket.destroy();
  });

  it(`a request that is pipelined before a malformed one is served over ${over}`, async () => {
    const before = listener.served.length;
    const socket = await open();
    socket.write(get("Host: a\r\n") + coded("Transfer-Encoding: gzip, chunked\r\n") + get("Host: a\r\n"));
    expect((await socket.closed()).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 501"]);
    expect(listener.served).toHaveLength(before + 1);
  });
});

describe.each(ports)("HTTP/2 over %s", (over, tls) => {
  let listener: Counting;
  beforeAll(async () => {
    listener = await startCounting(tls, { maxHeaderBytes: 8_192 });
  });
  afterAll(() => listener[Symbol.asyncDispose]());

  const open = async (): Promise<FrameClient> =>
    tls ? speakFrames(await shakeHands(listener.port, "h2")) : openFrameClient(listener.port);

  /** HEADERS and CONTINUATION frames of a header. */
  function framesOf(payload: Buffer, stream = 1, pieceBytes = 16_000) {
    const count = Math.max(1, Math.ceil(payload.length / pieceBytes));
    return Array.from({ length: count }, (_, at) => ({
      type: at === 0 ? headers : continuation,
      flags: (at === 0 ? endStream : 0) | (at === count - 1 ? endHeaders : 0),
      stream,
      payload: payload.subarray(at * pieceBytes, (at + 1) * pieceBytes),
    }));
  }
  const fieldsOf = (count: number, bytes: number, name = "x") =>
    Buffer.concat(Array.from({ length: count }, () => encodeField(name, "a".repeat(bytes))));
  const isEnd = (stream: number) => (frame: Frame) =>
    frame.stream === stream && (frame.flags & endStream) !== 0 && frame.type <= headers;
  const isHeader = (stream: number) => (frame: Frame) => frame.stream === stream && frame.type === headers;

  /** Returns the status and the body of the answer to a stream. */
  async function answerOf(client: FrameClient, stream = 1) {
    await client.received(isEnd(stream));
    const status = statusOf(await client.received(isHeader(stream)));
    const body = client.frames().filter((frame) => frame.type === data && frame.stream === stream);
    return { status, body: Buffer.concat(body.map(({ payload }) => payload)).toString() };
  }

  it.each([
    ["one large field", Buffer.concat([encodeRequest(), fieldsOf(1, 9_000)])],
    ["a header in CONTINUATION frames", Buffer.concat([encodeRequest(), fieldsOf(50, 1_000)])],
    ["many small fields", Buffer.concat([encodeRequest(), fieldsOf(250, 1)])],
    ["a long path", encodeRequest({ ":path": `/${"a".repeat(9_000)}` })],
    ["a cookie in crumbs", Buffer.concat([encodeRequest(), fieldsOf(200, 10, "cookie")])],
  ])(
    `%s above the limit is answered with 431 before SETTINGS are acknowledged, over ${over}`,
    async (_, payload) => {
      const before = listener.served.length;
      using client = await open();
      client.send(...framesOf(payload));
      const { status, body } = await answerOf(client);
      expect(status).toBe(431);
      expect(JSON.parse(body).error).toMatchObject({
        code: 431,
        status: "RESOURCE_EXHAUSTED",
        message: "the header of the request must not be larger than 8192 bytes",
      });
      // The connection and its compression state go on.
      client.send(...framesOf(encodeRequest(), 3));
      expect(await answerOf(client, 3)).toEqual({ status: 200, body: "served" });
      expect(listener.served).toHaveLength(before + 1);
      expect(listener.rejected.at(-1)).toBe("header_size");
    },
  );

  it(`a large header in one packet with the preface is answered with 431 over ${over}`, async () => {
    const raw = tls ? rawSocket(await shakeHands(listener.port, "h2")) : await openSocket(listener.port);
    const payload = Buffer.concat([encodeRequest(), fieldsOf(1, 9_000)]);
    const frames = [{ type: frameTypes.settings }, ...framesOf(payload)].map(encodeFrame);
    raw.write(Buffer.concat([http2Preface, ...frames]));
    expect(await raw.received(/"code":431/)).toContain("RESOURCE_EXHAUSTED");
    raw.destroy();
  });

  it(`a header below the limit is served before SETTINGS are acknowledged, over ${over}`, async () => {
    using client = await open();
    client.send(...framesOf(Buffer.concat([encodeRequest(), fieldsOf(7, 1_000)])));
    expect((await answerOf(client)).status).toBe(200);
    client.send(...framesOf(Buffer.concat([encodeRequest(), fieldsOf(200, 1)]), 3));
    expect((await answerOf(client, 3)).status).toBe(200);
  });

  it(`thousands of indexed fields reset only their stream over ${over}`, async () => {
    using client = await open();
    // 2 is the index of :method GET, 16 of accept-encoding: gzip, deflate (RFC 7541, appendix A).
    client.send(...framesOf(Buffer.concat([encodeRequest(), Buffer.alloc(20_000, 0x80 | 16)])));
    await client.received(({ type, stream }) => type === frameTypes.rstStream && stream === 1);
    client.send(...framesOf(encodeRequest(), 3));
    expect((await answerOf(client, 3)).status).toBe(200);
  });

  it.each([
    ["a Host that differs from :authority", { host: "other" }, 400],
    ["an invalid :authority", { ":authority": "a,b" }, 400],
    ["user information in :authority", { ":authority": "user@a" }, undefined],
    ["an empty :authority", { ":authority": "" }, undefined],
    ["two Host fields", { host: "localhost", Host: "" }, undefined],
    ["Transfer-Encoding", { "transfer-encoding": "chunked" }, undefined],
    ["Transfer-Encoding of two codings", { "transfer-encoding": "gzip, chunked" }, undefined],
    ["Connection", { connection: "close" }, undefined],
    ["Keep-Alive", { "keep-alive": "timeout=5" }, undefined],
    ["Upgrade", { upgrade: "h2c" }, undefined],
    ["TE that is not trailers", { te: "gzip" }, undefined],
  ])(`a request with %s is not served over ${over}`, async (_, fields, status) => {
    const before = listener.served.length;
    using client = await open();
    client.send(...framesOf(encodeRequest(fields as unknown as Record<string, string>)));
    if (status === undefined) {
      await client.received(({ type, stream }) => type === frameTypes.rstStream && stream === 1);
      // RFC 9113 8.1.1: a malformed request is a stream error.
      expect(resetCode(client.frames(), 1)).toBe(protocolError);
    } else {
      const answer = await answerOf(client);
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body).error).toMatchObject({ code: status, status: "INVALID_ARGUMENT" });
    }
    expect(listener.served).toHaveLength(before);
  });

  it(`a request whose Host equals :authority is served over ${over}`, async () => {
    using client = await open();
    client.send(...framesOf(encodeRequest({ host: "LOCALHOST" })));
    expect((await answerOf(client)).status).toBe(200);
  });
});

describe("errors of requests that are not routed", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const method = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";

  it.each([
    ["connect", 431],
    ["grpc", 200],
    ["grpc-web", 200],
    ["rest", 431],
  ] as const)("a header of 50 kB is an error of its protocol over HTTP/2: %s", async (protocol, status) => {
    const answer = await callRaw({
      url: server.url,
      protocol,
      token: server.token,
      method: protocol === "rest" ? "GET /v1/operators/65001/planStatuses/a" : method,
      format: "json",
      body: protocol === "rest" ? "" : "{}",
      headers: { "x-long": "a".repeat(50_000) },
      http2: true,
    });
    expect(answer.httpStatus).toBe(status);
    expect(readApiError(answer.error as ConnectError)).toMatchObject({
      code: "ResourceExhausted",
      reason: "REQUEST_TOO_LARGE",
      metadata: { maxBytes: "16384" },
    });
  });

  it("an RPC over HTTP/1.0 without Host is answered with an error of Connect", async () => {
    const socket = await openSocket(server.port);
    const fields = "Content-Type: application/json\r\nContent-Length: 2\r\n";
    socket.write(`POST /${method} HTTP/1.0\r\n${fields}\r\n{}`);
    const said = await socket.closed();
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(said.split("\r\n\r\n")[1] ?? "")).toMatchObject({ code: "invalid_argument" });
  });

  it.each([
    ["connect", "application/json", 501],
    ["grpc-web", "application/grpc-web+proto", 200],
  ] as const)(
    "an unknown transfer coding is an error of its protocol over HTTP/1.1: %s",
    async (protocol, type, status) => {
      const socket = await openSocket(server.port);
      const fields = `Host: a\r\nContent-Type: ${type}\r\nTransfer-Encoding: gzip, chunked\r\n`;
      socket.write(`POST /${method} HTTP/1.1\r\n${fields}\r\n0\r\n\r\n`);
      const said = await socket.closed();
      const [head = "", body = ""] = said.split("\r\n\r\n", 2);
      const [first = "", ...lines] = head.split("\r\n");
      expect(first).toContain(` ${status} `);
      const received = new Headers(lines.map((line) => line.split(": ", 2) as [string, string]));
      const response = new Response(body === "" ? null : body, { status, headers: received });
      const error = errorOfResponse(protocol, response, Buffer.from(body));
      expect(readApiError(error as ConnectError)).toMatchObject({
        code: "Unimplemented",
        reason: "REQUEST_UNSUPPORTED",
      });
    },
  );
});
