import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { connect, createServer as createHttp2Server, type Http2Server } from "node:http2";
import { type AddressInfo, createConnection, type Server } from "node:net";
import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { createTranscodingHandler } from "../../src/transcoding/handler.ts";
import type { TranscodingOptions } from "../../src/transcoding/transcoding-options.ts";
import { library } from "./library.ts";

/** Answers a call; the answer may be the fields of the response alone. */
export type Implementation = (
  request: Message & Record<string, unknown>,
  context: HandlerContext,
) => MessageInitShape<DescMessage> | Promise<MessageInitShape<DescMessage>>;

/** A transcoding handler on a server of each kind. */
export type Served = {
  readonly port: Readonly<Record<Protocol, number>>;
  /** What the handler called its own failures. */
  readonly failures: unknown[];
  close(): Promise<void>;
};

export type Protocol = "HTTP/1.1" | "HTTP/2";
export const protocols: readonly Protocol[] = ["HTTP/1.1", "HTTP/2"];

/** Serves library.v1.Library. Methods without an implementation answer an empty message. */
export async function serve(
  implementations: Readonly<Record<string, Implementation>>,
  options: Partial<TranscodingOptions> = {},
): Promise<Served> {
  const failures: unknown[] = [];
  const handler = createTranscodingHandler({
    routes(router) {
      for (const method of library.methods) {
        if (method.methodKind === "unary") {
          const implementation = implementations[method.name] ?? (() => create(method.output));
          router.rpc(method, implementation as never);
        }
      }
    },
    errorDomain: "library",
    onFailure: (cause) => failures.push(cause),
    ...options,
  });
  const http1 = createServer(handler);
  const http2 = createHttp2Server(handler);
  const sessions = new Set<{ destroy(): void }>();
  http2.on("session", (session) => sessions.add(session));
  const ports = await Promise.all([http1, http2].map(listen));
  return {
    port: { "HTTP/1.1": ports[0] ?? 0, "HTTP/2": ports[1] ?? 0 },
    failures,
    async close() {
      http1.closeAllConnections();
      for (const session of sessions) {
        session.destroy();
      }
      await Promise.all([http1, http2].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function listen(server: Server | Http2Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

export type Sent = {
  method?: string;
  path: string;
  headers?: OutgoingHttpHeaders;
  /** What is no text and no bytes is sent as JSON, with its content type. */
  body?: unknown;
};

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string };

/** Sends one request over a connection of its own; its path goes out as it is. */
export function send(served: Served, protocol: Protocol, sent: Sent): Promise<Answer> {
  const isRaw = sent.body === undefined || typeof sent.body === "string" || sent.body instanceof Uint8Array;
  const body = isRaw ? (sent.body as string | Uint8Array | undefined) : JSON.stringify(sent.body);
  const headers = { ...(isRaw ? {} : { "content-type": "application/json" }), ...sent.headers };
  const port = served.port[protocol];
  const method = sent.method ?? (body === undefined ? "GET" : "POST");
  return protocol === "HTTP/1.1"
    ? sendHttp1(port, method, sent.path, headers, body)
    : sendHttp2(port, method, sent.path, headers, body);
}

async function sendHttp1(
  port: number,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders,
  body: string | Uint8Array | undefined,
): Promise<Answer> {
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const sending = request({
    port,
    host: "127.0.0.1",
    method,
    path,
    agent: false,
    headers: { ...length, ...headers },
  });
  const answered = once(sending, "response");
  sending.end(body);
  const [response] = await answered;
  return { status: response.statusCode, headers: response.headers, text: await textOf(response) };
}

async function sendHttp2(
  port: number,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders,
  body: string | Uint8Array | undefined,
): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request(
      { ":method": method, ":path": path, ...headers },
      { endStream: body === undefined },
    );
    const answered = once(stream, "response");
    if (body !== undefined) {
      stream.end(body);
    }
    const [{ ":status": status, ...rest }] = await answered;
    return { status, headers: rest, text: await textOf(stream) };
  } finally {
    session.destroy();
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Sends bytes over HTTP/1 as they are, and answers everything that comes until the server closes. */
export async function sendRaw(served: Served, text: string): Promise<string> {
  const socket = createConnection(served.port["HTTP/1.1"], "127.0.0.1");
  socket.write(text, "latin1");
  return textOf(socket);
}

/** The error of an answer, as its body says it. */
export function errorOf(answer: Answer): {
  code: number;
  message: string;
  status: string;
  details: Record<string, unknown>[];
} {
  return JSON.parse(answer.text).error;
}
