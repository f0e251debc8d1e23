import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { type DescMessage, type Message, toJsonString } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { type ErrorBodyOptions, retryAfterSeconds, writeErrorBody } from "./error-body.ts";
import { httpStatusOf } from "./http-status.ts";

type Response = ServerResponse | Http2ServerResponse;

/** Answers 200 with a message as proto3 JSON. */
export function respondMessage(
  response: Response,
  desc: DescMessage,
  message: Message,
  headers: Headers | undefined,
): void {
  respond(response, 200, toJsonString(desc, message), headers);
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
export function respondError(response: Response, error: ConnectError, init: ErrorResponseInit): void {
  const httpStatus = init.httpStatus ?? httpStatusOf[error.code];
  const headers = new Headers(error.metadata);
  for (const [name, value] of Object.entries(init.headers ?? {})) {
    headers.set(name, value);
  }
  const wait = retryAfterSeconds(error);
  if (wait !== undefined) {
    headers.set("retry-after", String(wait));
  }
  respond(response, httpStatus, writeErrorBody(error, { ...init, httpStatus }), headers, init.close);
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

function respond(
  response: Response,
  status: number,
  body: string,
  headers: Headers | undefined,
  close = false,
): void {
  if (response.headersSent || response.destroyed) {
    return;
  }
  const vary = headers?.get("vary");
  const fields: (string | string[])[] = [
    "content-type",
    "application/json; charset=utf-8",
    "content-length",
    String(Buffer.byteLength(body)),
    "x-content-type-options",
    "nosniff",
    "vary",
    vary ? `accept, ${vary}` : "accept",
  ];
  headers?.forEach((value, name) => {
    if (!ownHeaders.has(name)) {
      fields.push(name, value);
    }
  });
  const cookies = headers?.getSetCookie() ?? [];
  if (cookies.length > 0) {
    fields.push("set-cookie", cookies);
  }
  if (close && response.req.httpVersionMajor === 1) {
    fields.push("connection", "close");
  }
  // As a string the body leaves in one write with the header.
  (response as ServerResponse).writeHead(status, fields).end(body);
  if (close && "stream" in response) {
    // RFC 9113 8.1: after the answer, the rest of the request is asked not to come.
    response.stream.close();
  }
}
