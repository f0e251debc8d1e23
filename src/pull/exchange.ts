import { type IncomingMessage, request as sendRequest } from "node:http";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { type ConnectOptions, connectTo } from "./connection.ts";
import { type ExchangeReport, error, type Problem, quoted } from "./finding.ts";

/** A request as Google makes it. */
export type Call = {
  /** Name of the exchange in the report. */
  readonly name: string;
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** An answer that arrived completely. */
export type Answer = {
  readonly status: number;
  /** With lower-case names. Values of a repeated header are joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. Absent if it is too long or cannot be decompressed. */
  readonly body?: Uint8Array;
};

/** A request and its answer. */
export type Exchange = {
  readonly report: ExchangeReport;
  /** Absent if none arrived. */
  readonly answer?: Answer;
  readonly problems: readonly Problem[];
};

/** Maximum size of an answer, in bytes, before and after decompression. A status within the limits is smaller. */
export const maxAnswerBytes = 4 * 1024 * 1024;

/** Timers of Node with a longer delay end at once. */
const maxTimeoutMs = 2 ** 31 - 1;

const reportedHeaders = [
  "content-type",
  "content-encoding",
  "cache-control",
  "age",
  "date",
  "location",
  "retry-after",
  "www-authenticate",
];

/** Makes a request on a connection of its own. Never rejects: what prevents an answer is a problem. */
export async function exchange(call: Call, options: ConnectOptions): Promise<Exchange> {
  const beganAt = performance.now();
  const signal = AbortSignal.timeout(Math.min(options.timeoutMs, maxTimeoutMs));
  const connection = await connectTo(call.url, options, signal);
  const { answer, problems } =
    "problems" in connection
      ? { answer: undefined, problems: connection.problems }
      : await converse(call, connection.socket, signal, options.timeoutMs);
  const headers = reportedHeaders.flatMap((name) => {
    const value = answer?.headers[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const report: ExchangeReport = {
    answer: call.name,
    method: call.method,
    url: call.url.href,
    ...(answer && { status: answer.status, headers: Object.fromEntries(headers) }),
    durationMs: Math.round(performance.now() - beganAt),
  };
  return { report, ...(answer && { answer }), problems };
}

async function converse(call: Call, socket: Socket, signal: AbortSignal, timeoutMs: number) {
  try {
    const response = await respond(call, socket, signal);
    const raw = await readBody(response);
    // A body without a length ends when the connection does, also if the timeout has closed it.
    signal.throwIfAborted();
    const status = response.statusCode ?? 0;
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
    );
    const content = raw === undefined ? tooLong("") : await decompress(raw, headers["content-encoding"]);
    return content instanceof Uint8Array
      ? { answer: { status, headers, body: content }, problems: [] }
      : { answer: { status, headers }, problems: [content] };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const description = signal.aborted
      ? `was not complete after ${timeoutMs / 1000} s: answer faster, or allow more time with --timeout`
      : code?.startsWith("HPE_")
        ? `is not valid HTTP/1.1: ${quoted(message)}`
        : `was cut off: ${quoted(message)}`;
    return { answer: undefined, problems: [error("answer", description)] };
  } finally {
    socket.destroy();
  }
}

function respond(call: Call, socket: Socket, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url, body } = call;
    const request = sendRequest({
      createConnection: () => socket,
      method,
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        accept: "application/json",
        "accept-encoding": "gzip",
        ...call.headers,
        ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
      },
      signal,
    });
    request.once("response", resolve);
    // Not `once`: errors after the response reach its reader, but without a listener they would end the process.
    request.on("error", reject);
    request.end(body);
  });
}

/** Resolves with undefined if the body is too long. The rest of it is not read. */
async function readBody(response: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxAnswerBytes) {
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function decompress(body: Buffer, coding: string | undefined): Promise<Uint8Array | Problem> {
  if (coding === undefined || /^\s*(identity)?\s*$/i.test(coding)) {
    return body;
  }
  if (!/^\s*(x-)?gzip\s*$/i.test(coding)) {
    return error("Content-Encoding", `is ${quoted(coding)}: the request accepts gzip or none`);
  }
  try {
    return await promisify(gunzip)(body, { maxOutputLength: maxAnswerBytes });
  } catch (cause) {
    const isLong = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    return isLong
      ? tooLong(" when it is decompressed")
      : error("body", "is not valid gzip, which Content-Encoding says that it is");
  }
}

function tooLong(when: string): Problem {
  return error("body", `is longer than ${maxAnswerBytes / 1024 / 1024} MiB${when}: it was not read`);
}
