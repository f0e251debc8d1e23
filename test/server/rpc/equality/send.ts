import { once } from "node:events";
import { Agent, request as requestHttp1 } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import type { Readable } from "node:stream";
import type { HttpVersion, Stack } from "./stacks.ts";

/** A request as it is sent. */
export type Sent = {
  readonly version: HttpVersion;
  readonly method: string;
  /** With the query. */
  readonly target: string;
  /** Names in any case. A name may occur several times. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
};

/** What was received, byte by byte. Names are in lower case, values of the same name in their order. */
export type Received = {
  readonly status: number;
  readonly headers: Fields;
  readonly trailers: Fields;
  readonly body: Buffer;
  /** Whether the connection or the stream ended before the response did. */
  readonly isCut: boolean;
};

export type Fields = Readonly<Record<string, readonly string[]>>;

/** Sends requests over connections that stay open. */
export type Client = {
  send(request: Sent): Promise<Received>;
  close(): void;
};

/** The host that all requests name, so that both stacks see the same URL. */
export const host = "scripted.test";

export function connectTo(stack: Pick<Stack, "port">): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let session: ClientHttp2Session | undefined;

  function openSession(): ClientHttp2Session {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(`http://127.0.0.1:${stack.port["HTTP/2"]}`);
      session.on("error", () => undefined);
    }
    return session;
  }

  return {
    send: (sent) =>
      sent.version === "HTTP/1.1"
        ? sendHttp1(agent, stack.port["HTTP/1.1"], sent)
        : sendHttp2(openSession(), sent),
    close() {
      agent.destroy();
      session?.destroy();
    },
  };
}

async function sendHttp1(
  agent: Agent,
  port: number,
  { method, target, headers, body }: Sent,
): Promise<Received> {
  const length = body === undefined ? [] : [["content-length", String(body.length)]];
  const request = requestHttp1({
    agent,
    port,
    host: "127.0.0.1",
    method,
    path: target,
    headers: [["host", host], ...length, ...headers].flat(),
  });
  const answered = once(request, "response");
  request.end(body);
  const [response] = await answered;
  const { body: content, isCut } = await bodyOf(response);
  return {
    status: response.statusCode,
    headers: fieldsOf(response.rawHeaders),
    trailers: fieldsOf(response.rawTrailers),
    body: content,
    isCut,
  };
}

async function sendHttp2(
  session: ClientHttp2Session,
  { method, target, headers, body }: Sent,
): Promise<Received> {
  const grouped: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const before = grouped[name.toLowerCase()];
    grouped[name.toLowerCase()] = before === undefined ? value : [before, value].flat();
  }
  const stream = session.request(
    { ":method": method, ":path": target, ":authority": host, ...grouped },
    { endStream: body === undefined },
  );
  let trailers: Fields = {};
  stream.on("trailers", (_, __, raw: string[]) => {
    trailers = fieldsOf(raw);
  });
  const answered = once(stream, "response");
  if (body !== undefined) {
    stream.end(body);
  }
  const [{ ":status": status }, , raw] = await answered;
  const { body: content, isCut } = await bodyOf(stream);
  return { status, headers: fieldsOf(raw), trailers, body: content, isCut };
}

function fieldsOf(raw: readonly string[]): Fields {
  const fields: Record<string, string[]> = {};
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    if (!name.startsWith(":")) {
      fields[name] = [...(fields[name] ?? []), raw[at + 1] as string];
    }
  }
  return fields;
}

/** Not with an iterator, which drops what it has not read when the body is cut. */
function bodyOf(stream: Readable): Promise<{ body: Buffer; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let ended = false;
  return new Promise((resolve) => {
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("end", () => {
      ended = true;
    });
    stream.on("error", () => undefined);
    // Trailers arrive before, and after "end" on HTTP/2.
    stream.once("close", () => resolve({ body: Buffer.concat(chunks), isCut: !ended }));
  });
}
