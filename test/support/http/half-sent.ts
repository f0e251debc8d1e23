import { connect as connectTls, type TLSSocket } from "node:tls";
import type { ServerLimits } from "../../../src/server/limits/server-limits.ts";
import { testCertificate } from "../certificates/certificate.ts";
import { startTestServer, type TestServer } from "../test-server.ts";
import {
  encodeRequest,
  type Frame,
  type FrameClient,
  frameFlags,
  frameTypes,
  openFrameClient,
  resetCode,
  speakFrames,
  statusOf,
} from "./http2-frames.ts";
import { openSocket, type RawSocket, rawSocket } from "./raw-socket.ts";
import { type Refused, sentBytes } from "./refused-requests.ts";

const { headers, data, rstStream } = frameTypes;
const { endStream, endHeaders } = frameFlags;

const admin = { host: "127.0.0.1", port: 0 };
const allowOrigins = ["https://page.example"];

/** Starts the servers that the refused requests need. */
export async function startRefusedServers(
  tls: typeof testCertificate | undefined,
  limits: Partial<ServerLimits>,
) {
  const options = { tls, admin, allowOrigins };
  const server = await startTestServer({ ...options, limits });
  const strict = await startTestServer({ ...options, limits: { ...limits, maxRequestBytes: 1_000 } });
  const overloaded = await startTestServer({ ...options, limits: { ...limits, maxInFlight: 0 } });
  const all = [server, strict, overloaded];
  return {
    target({ port }: Refused): { server: TestServer; port: number; tls: boolean } {
      const own = port === "strict" ? strict : port === "overloaded" ? overloaded : server;
      return port === "admin"
        ? { server: own, port: Number(new URL(own.adminUrl).port), tls: false }
        : { server: own, port: own.port, tls: tls !== undefined };
    },
    /** Unexpected errors of the servers. */
    failures: () => all.flatMap(({ failures }) => failures),
    async close() {
      await Promise.all(all.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

export type RefusedServers = Awaited<ReturnType<typeof startRefusedServers>>;

function shakeHands(port: number, protocol: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", ca: testCertificate.cert, ALPNProtocols: [protocol] };
    const socket = connectTls(options, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Returns the header fields of a request, with a good token where it needs one. */
function fieldsOf(
  { header = {}, length = 2 * sentBytes }: Refused,
  server: TestServer,
): Record<string, string> {
  const { authorization } = header;
  return {
    ...header,
    ...(authorization !== undefined && { authorization: `Bearer ${server.token}` }),
    ...(length > 0 && { "content-length": String(length) }),
  };
}

const bodyOf = ({ begin }: Refused) => begin ?? Buffer.alloc(sentBytes, " ");

/** A connection over HTTP/1.1 or HTTP/2, on which a refused request is half sent. */
export type HalfSent = {
  /** Resolves with the status of the answer once it is complete. */
  answered(): Promise<number>;
  /** Resolves once the client may send the body: with the status of the first header. */
  invited(): Promise<number>;
  /** Sends the whole body, and resolves with the status of the answer to it. */
  send(body: Uint8Array): Promise<number>;
  /** Sends the rest of the body and another request, and resolves once that is answered. */
  next(): Promise<unknown>;
  /** Resolves once the request no longer holds the connection: with the code of its reset, 0 for none. */
  freed(): Promise<number>;
  [Symbol.dispose](): void;
};

async function sendHttp1(refused: Refused, servers: RefusedServers): Promise<HalfSent> {
  const { server, port, tls } = servers.target(refused);
  const socket: RawSocket = tls ? rawSocket(await shakeHands(port, "http/1.1")) : await openSocket(port);
  const fields = fieldsOf(refused, server);
  const isChunked = refused.length === 0;
  const head = Object.entries({
    host: "localhost",
    ...fields,
    ...(isChunked && { "transfer-encoding": "chunked" }),
  });
  const { method = "POST", path } = refused;
  const begin = bodyOf(refused);
  socket.write(
    `${method} ${path} HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
  );
  socket.write(isChunked ? `${begin.length.toString(16)}\r\n` : "");
  socket.write(begin);
  const rest = isChunked
    ? "\r\n0\r\n\r\n"
    : Buffer.alloc(Number(fields["content-length"]) - begin.length, " ");
  // Complete by its length, by its last chunk, or without a body.
  const complete = /^HTTP\/1\.1 (\d+) [\s\S]*?\r\n\r\n/;
  return {
    async answered() {
      const text = await socket.received(complete);
      const head = complete.exec(text)?.[0] ?? "";
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      const body = new RegExp(
        /transfer-encoding: chunked/i.test(head)
          ? "\\r\\n0\\r\\n\\r\\n$"
          : `^[\\s\\S]{${head.length + length},}`,
      );
      await socket.received(body);
      return Number(complete.exec(text)?.[1]);
    },
    async invited() {
      return Number(/\d{3}/.exec(await socket.received(/^HTTP\/1\.1 \d+ .*\r\n\r\n/))?.[0]);
    },
    async send(body) {
      socket.write(body);
      const last = /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 (\d+) /;
      return Number(last.exec(await socket.received(last))?.[1]);
    },
    next() {
      socket.write(rest);
      socket.write("GET /v1/next HTTP/1.1\r\nhost: localhost\r\n\r\n");
      return socket.received(/HTTP\/1\.1 \d+ [\s\S]*HTTP\/1\.1 404 /);
    },
    async freed() {
      await socket.closed();
      return 0;
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

async function sendHttp2(refused: Refused, servers: RefusedServers): Promise<HalfSent> {
  const { server, port, tls } = servers.target(refused);
  const client: FrameClient = tls ? speakFrames(await shakeHands(port, "h2")) : await openFrameClient(port);
  const { method = "POST", path } = refused;
  const fields = encodeRequest({ ":path": path, ...fieldsOf(refused, server) }, method);
  const begin = bodyOf(refused);
  const pieces = (begin.length === 0 ? [] : [0, 16_000, 32_000]).map((at) => ({
    type: data,
    stream: 1,
    payload: begin.subarray(at, at + 16_000),
  }));
  client.send({ type: headers, flags: endHeaders, stream: 1, payload: fields }, ...pieces);
  const isHeader = ({ type, stream }: Frame) => type === headers && stream === 1;
  const isEnd = (stream: number) => (frame: Frame) =>
    frame.stream === stream && frame.type <= headers && (frame.flags & endStream) !== 0;
  return {
    async answered() {
      await client.received(isEnd(1));
      return statusOf(await client.received(isHeader));
    },
    async invited() {
      return statusOf(await client.received(isHeader));
    },
    async send(body) {
      client.send({ type: data, flags: endStream, stream: 1, payload: body });
      await client.received(isEnd(1));
      return statusOf(client.frames().filter(isHeader)[1] as Frame);
    },
    next() {
      client.send({
        type: headers,
        flags: endHeaders | endStream,
        stream: 3,
        payload: encodeRequest({ ":path": "/v1/next" }),
      });
      return client.received(isEnd(3));
    },
    async freed() {
      await client.received(({ type, stream }) => type === rstStream && stream === 1);
      return resetCode(client.frames(), 1) ?? 0;
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

/** Every way to send a request. */
export const transports = [
  ["HTTP/1.1", undefined, sendHttp1],
  ["HTTP/1.1 over TLS", testCertificate, sendHttp1],
  ["h2c", undefined, sendHttp2],
  ["HTTP/2 over TLS", testCertificate, sendHttp2],
] as const;
