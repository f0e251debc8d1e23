import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString, endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { readError } from "../../src/client/read-error.ts";
import { errorOfResponse } from "../support/http/raw-call.ts";
import type { Answer } from "./exchange.ts";

export type WireProtocol = "rest" | "connect" | "connect-stream" | "grpc" | "grpc-web" | "plain";

/**
 * Describes an answer: the HTTP status, and the code and the reason of its error, such as
 * `413 resource_exhausted REQUEST_TOO_LARGE`. Plain answers have no error of the API.
 */
export function outcomeOf(protocol: WireProtocol, answer: Answer): string {
  const error = protocol === "plain" ? undefined : errorOf(protocol, answer);
  const parts = error === undefined ? [] : [codeToString(error.code), readError(error).reason];
  return [answer.status, ...parts].filter((part) => part !== undefined).join(" ");
}

/** Returns the error of an answer by the rules of its protocol; undefined for a success. */
export function errorOf(
  protocol: WireProtocol,
  { status, headers, trailers, body }: Answer,
): ConnectError | undefined {
  if (protocol === "connect-stream" && status === 200) {
    return endStreamError(body);
  }
  const merged = new Headers([...headers, ...trailers]);
  const response = new Response(null, { status, headers: merged });
  const name = protocol === "plain" || protocol === "connect-stream" ? "connect" : protocol;
  return errorOfResponse(name, response, body);
}

function endStreamError(body: Buffer): ConnectError | undefined {
  for (let at = 0; at + 5 <= body.length; at += 5 + body.readUInt32BE(at + 1)) {
    if (((body[at] ?? 0) & 2) !== 0) {
      return endStreamFromJson(body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1))).error;
    }
  }
  return new ConnectError("the stream has no end", Code.Unknown);
}
