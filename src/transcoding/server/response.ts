import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { type ErrorBodyOptions, retryAfterSeconds, writeErrorBody } from "../http/error-body.ts";
import { httpStatusOf } from "../http/status.ts";
import { jsonType, type WrittenMessage } from "./message-writer.ts";
import { type Coding, chooseCoding, compress } from "./response-coding.ts";

type Response = ServerResponse | Http2ServerResponse;

/** What every answer of a handler has in common. */
export type ResponseFrame = {
  readonly response: Response;
  /** Headers of the handler itself, such as those of CORS. */
  readonly headers: Readonly<Record<string, string>>;
  /** Request headers that the answer depends on, for Vary (RFC 9110 12.5.5). */
  readonly vary: string;
  /** Codings that the caller takes, as its header has them. */
  readonly acceptEncoding: string | undefined;
  /** Contents from this size on are compressed, in bytes. */
  readonly compressMinBytes: number;
};

/** Answers 200 with a whole content. */
export async function respondContent(
  frame: ResponseFrame,
  { contentType, content }: WrittenMessage,
  headers: Headers | undefined,
): Promise<void> {
  // The size first: most answers are too short for the caller's wishes to matter.
  const isShort = Buffer.byteLength(content) < frame.compressMinBytes;
  const coding = isShort ? undefined : chooseCoding(frame.acceptEncoding);
  if (coding === undefined) {
    respond(frame, 200, contentType, content, { headers });
    return;
  }
  respond(frame, 200, contentType, await compress(coding, content), { headers, coding });
}

/** Answers without a content. */
export function respondEmpty(
  frame: ResponseFrame,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  (frame.response as ServerResponse)
    .writeHead(status, { ...frame.headers, ...headers, vary: frame.vary })
    .end();
}

/** How an error leaves, where its code alone does not say it. */
export type ErrorResponseInit = Omit<ErrorBodyOptions, "httpStatus"> & {
  /** Instead of the status that belongs to the code: 405, 413, 415 and the like have no code of their own. */
  httpStatus?: number;
  headers?: Readonly<Record<string, string>>;
  /** Close the connection afterwards, for the rest of the request is not going to be read. */
  close?: boolean;
};

/** Answers with an error in Google's JSON form. */
export function respondError(frame: ResponseFrame, error: ConnectError, init: ErrorResponseInit): void {
  const httpStatus = init.httpStatus ?? httpStatusOf[error.code];
  const headers = new Headers(error.metadata);
  for (const [name, value] of Object.entries(init.headers ?? {})) {
    headers.set(name, value);
  }
  const wait = retryAfterSeconds(error);
  if (wait !== undefined) {
    headers.set("retry-after", String(wait));
  }
  const body = writeErrorBody(error, { ...init, httpStatus });
  respond(frame, httpStatus, jsonType, body, { headers, close: init.close ?? false });
}

/** What this file says itself, or only the connection may: a handler that passes headers on cannot break these. */
const ownHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "keep-alive",
  "proxy-connection",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "vary",
]);

/** Returns the header fields of an answer, as writeHead takes them. */
export function headerFields(
  frame: ResponseFrame,
  contentType: string,
  headers: Headers | undefined,
): (string | string[])[] {
  const vary = headers?.get("vary");
  const fields: (string | string[])[] = [
    "content-type",
    contentType,
    "x-content-type-options",
    "nosniff",
    "vary",
    vary ? `${frame.vary}, ${vary}` : frame.vary,
  ];
  for (const name in frame.headers) {
    fields.push(name, frame.headers[name] as string);
  }
  headers?.forEach((value, name) => {
    if (!ownHeaders.has(name)) {
      fields.push(name, value);
    }
  });
  const cookies = headers?.getSetCookie() ?? [];
  if (cookies.length > 0) {
    fields.push("set-cookie", cookies);
  }
  return fields;
}

type RespondInit = { headers: Headers | undefined; coding?: Coding; close?: boolean };

function respond(
  frame: ResponseFrame,
  status: number,
  contentType: string,
  content: string | Uint8Array,
  { headers, coding, close = false }: RespondInit,
): void {
  const { response } = frame;
  if (response.headersSent || response.destroyed) {
    return;
  }
  const fields = headerFields(frame, contentType, headers);
  const length = Buffer.byteLength(content);
  fields.push("content-length", String(length));
  if (coding !== undefined) {
    fields.push("content-encoding", coding);
  }
  if (close && response.req.httpVersionMajor === 1) {
    fields.push("connection", "close");
  }
  // As a string the content leaves in one write with the header, and as ASCII it needs no encoding.
  const encoding = length === content.length ? "latin1" : "utf8";
  (response as ServerResponse).writeHead(status, fields).end(content, encoding);
  if (close && "stream" in response) {
    // RFC 9113 8.1: after the answer, the rest of the request is asked not to come.
    response.stream.close();
    // What had come by then would otherwise wait for a reader, and the stream with it.
    response.stream.resume();
  }
}
