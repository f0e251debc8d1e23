import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { request as requestHttps } from "node:https";
import { testCertificate } from "../support/certificates/certificate.ts";

/** Protocol of a client of the proxy. */
export type FrontProtocol = "http/1.1" | "h2";

export type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Sends no content-length: over HTTP/1.1 in chunks. */
  readonly chunked?: boolean;
  /** Address of the client; 127.0.0.1 by default. Only over HTTP/1.1. */
  readonly from?: string;
};

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  /** Also contains those of gRPC responses that have trailers only. */
  readonly trailers: Headers;
  readonly body: Buffer;
  /** From the start of the connection to the end of the response. */
  readonly ms: number;
};

/** Sends a request on a connection of its own. Rejects if no complete answer arrives within `withinMs`. */
export async function exchange(
  port: number,
  protocol: FrontProtocol,
  request: Exchange,
  withinMs: number,
): Promise<Answer> {
  const began = performance.now();
  const signal = AbortSignal.timeout(withinMs);
  const answer = await (protocol === "h2" ? overHttp2 : overHttp1)(port, request, signal);
  return { ...answer, ms: performance.now() - began };
}

type Received = Omit<Answer, "ms">;

function overHttp1(port: number, request: Exchange, signal: AbortSignal): Promise<Received> {
  const { method, path, headers, body, chunked = false, from = "127.0.0.1" } = request;
  return new Promise((resolve, reject) => {
    const sent = requestHttps({
      host: "127.0.0.1",
      localAddress: from,
      servername: "localhost",
      port,
      method,
      path,
      headers: {
        ...headers,
        ...(chunked ? { "transfer-encoding": "chunked" } : { "content-length": body.length }),
      },
      ca: testCertificate.cert,
      agent: false,
      signal,
    });
    // An error while the body is sent does not matter if the answer arrives.
    sent.on("error", (error) => setImmediate(reject, error));
    sent.on("response", async (response) => {
      try {
        const bytes = Buffer.concat(await response.toArray());
        resolve({
          status: response.statusCode ?? 0,
          headers: headersOf(response.headers as IncomingHttpHeaders),
          trailers: headersOf(response.trailers as IncomingHttpHeaders),
          body: bytes,
        });
      } catch (error) {
        reject(error);
      } finally {
        sent.destroy();
      }
    });
    sent.end(body);
  });
}

async function overHttp2(port: number, request: Exchange, signal: AbortSignal): Promise<Received> {
  const { method, path, headers, body, chunked = false } = request;
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    ca: testCertificate.cert,
    servername: "localhost",
  });
  session.on("error", () => undefined);
  try {
    const stream = session.request(
      {
        ":method": method,
        ":path": path,
        ...headers,
        ...(chunked || body.length === 0 ? {} : { "content-length": body.length }),
      },
      { signal, endStream: body.length === 0 },
    );
    const trailers: IncomingHttpHeaders = {};
    stream.on("trailers", (received) => Object.assign(trailers, received));
    const responded = once(stream, "response");
    if (body.length > 0) {
      stream.end(body);
    }
    const [received] = (await responded) as [IncomingHttpHeaders];
    const chunks: Buffer[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
    }
    return {
      status: Number(received[":status"]),
      headers: headersOf(received),
      trailers: headersOf(trailers),
      body: Buffer.concat(chunks),
    };
  } finally {
    session.destroy();
  }
}

function headersOf(received: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(received)) {
    if (!name.startsWith(":") && value !== undefined) {
      headers.set(name, String(value));
    }
  }
  return headers;
}
