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
  if (init.close && response.req.httpVersionMajor === 1) {
    headers.set("connection", "close");
  }
  respond(response, httpStatus, writeErrorBody(error, { ...init, httpStatus }), headers);
}

function respond(response: Response, status: number, body: string, headers: Headers | undefined): void {
  if (response.headersSent || response.destroyed) {
    return;
  }
  const bytes = Buffer.from(body);
  response.statusCode = status;
  headers?.forEach((value, name) => {
    response.setHeader(name, value);
  });
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.setHeader("content-length", bytes.length);
  response.setHeader("x-content-type-options", "nosniff");
  response.end(bytes);
}
