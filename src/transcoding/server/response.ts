import type { ServerResponse } from "node:http";
import type { Registry } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { type ErrorBodyOptions, retryAfterSeconds, writeErrorBody } from "../http/error-body.ts";
import { httpStatusOf } from "../http/status.ts";
import { jsonType, type WrittenMessage } from "./message-writer.ts";
import type { NodeResponse } from "./node-http.ts";
import { type Coding, chooseCoding, compress, type StaticContent } from "./response-coding.ts";

/** The response to one request, and what the handler adds to it. */
export type ResponseFrame = {
  readonly response: NodeResponse;
  /** Headers that the handler adds, such as those of CORS. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of request headers that the response depends on (RFC 9110 12.5.5). */
  readonly vary: string;
  /** `Accept-Encoding` of the request. */
  readonly acceptEncoding: string | undefined;
  /** Smallest content that is compressed, in bytes. */
  readonly compressMinBytes: number;
  /** Types of the details of errors; see {@link ErrorBodyOptions}. */
  readonly registry?: Registry | undefined;
};

/** Responds with 200 and the given content, compressed if the caller accepts it. */
export async function respondContent(
  frame: ResponseFrame,
  { contentType, content }: WrittenMessage,
  headers: Headers | undefined,
): Promise<void> {
  // The size first, because most responses are too short to compress.
  const isShort = Buffer.byteLength(content) < frame.compressMinBytes;
  const coding = isShort ? undefined : chooseCoding(frame.acceptEncoding);
  const body = coding === undefined ? content : await compress(coding, content);
  respond(frame, 200, contentType, body, { headers, coding });
}

/** Responds with 200 and a static content, in the coding that the caller prefers. */
export async function respondStatic(
  frame: ResponseFrame,
  contentType: string,
  content: StaticContent,
  headers: Headers,
): Promise<void> {
  const coding = chooseCoding(frame.acceptEncoding);
  respond(frame, 200, contentType, await content.in(coding), { headers, coding });
}

export function respondEmpty(
  frame: ResponseFrame,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  (frame.response as ServerResponse)
    .writeHead(status, { ...frame.headers, ...headers, vary: frame.vary })
    .end();
}

/** Properties of an error response that do not follow from its code. */
export type ErrorResponseInit = Omit<ErrorBodyOptions, "httpStatus"> & {
  /** Replaces the status of the code, because statuses such as 405, 413 and 415 have no code of their own. */
  httpStatus?: number;
  headers?: Readonly<Record<string, string>>;
};

/** Responds with an error in Google's JSON form. */
export function respondError(frame: ResponseFrame, error: ConnectError, init: ErrorResponseInit): void {
  const httpStatus = init.httpStatus ?? httpStatusOf[error.code];
  // As in Connect, the headers of another server are not relayed.
  const headers = new Headers(error.isWireError ? undefined : error.metadata);
  for (const [name, value] of Object.entries(init.headers ?? {})) {
    headers.set(name, value);
  }
  const wait = retryAfterSeconds(error);
  if (wait !== undefined) {
    headers.set("retry-after", String(wait));
  }
  const body = writeErrorBody(error, { registry: frame.registry, ...init, httpStatus });
  respond(frame, httpStatus, jsonType, body, { headers });
}

/** Headers that method implementations cannot set: set here or by the connection. */
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

/** Header fields in the form that `writeHead` accepts: names and values in turn. */
export type HeaderFields = (string | string[])[];

/**
 * Adds the headers that an implementation has set to fields, without those that are not its own to set. `prefix` comes before
 * their names.
 */
export function addHeaders(fields: HeaderFields, headers: Headers | undefined, prefix = ""): void {
  headers?.forEach((value, name) => {
    if (!ownHeaders.has(name)) {
      // Text that is joined with an empty value ends with a space, which HTTP/2 does not allow.
      fields.push(prefix + name, value.trimEnd());
    }
  });
  const cookies = headers?.getSetCookie() ?? [];
  if (cookies.length > 0) {
    fields.push(`${prefix}set-cookie`, cookies);
  }
}

/** Returns the header fields of a response. */
export function headerFields(
  frame: ResponseFrame,
  contentType: string,
  headers: Headers | undefined,
): HeaderFields {
  const vary = headers?.get("vary");
  const fields: HeaderFields = [
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
  addHeaders(fields, headers);
  return fields;
}

function respond(
  frame: ResponseFrame,
  status: number,
  contentType: string,
  content: string | Uint8Array,
  init: { headers: Headers | undefined; coding?: Coding | undefined },
): void {
  const { headers, coding } = init;
  const { response } = frame;
  const fields = headerFields(frame, contentType, headers);
  if (coding !== undefined) {
    fields.push("content-encoding", coding);
  }
  sendWhole(response, status, fields, content);
}

/** Sends a whole response, unless one has begun or its client is gone. */
export function sendWhole(
  response: NodeResponse,
  status: number,
  fields: HeaderFields,
  content: string | Uint8Array,
): void {
  if (response.headersSent || response.destroyed) {
    return;
  }
  const length = Buffer.byteLength(content);
  fields.push("content-length", String(length));
  const isAscii = length === content.length;
  // A string is sent in one write with the header, which has the same encoding then, and must be latin1.
  const body =
    isAscii || !fields.some((field) => notAscii.test(String(field))) ? content : Buffer.from(content);
  (response as ServerResponse).writeHead(status, fields).end(body, isAscii ? "latin1" : "utf8");
}

const notAscii = /[^\0-\x7f]/;
