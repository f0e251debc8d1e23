import { type ContextValues, createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { grpcTimeout } from "../../../contract/grpc-timeout.ts";
import { type ParsedTimeout, parseTimeoutHeader } from "../../../transcoding/index.ts";
import type { HttpRequest } from "../../http-handler.ts";
import { rejected } from "../request-errors.ts";

const timeoutKey = createContextKey<ParsedTimeout>(
  { timeoutMs: undefined },
  { description: "timeout of the request" },
);

/**
 * Makes the timeout of a request that of its headers on every protocol. connect-node reads only the header of the
 * protocol, and a timeout that is too long for a timer ends the call at once.
 */
export function setTimeoutOf(
  request: HttpRequest,
  { header }: UniversalServerRequest,
  values: ContextValues,
  isGrpc: boolean,
): void {
  const timeout = parseTimeoutHeader(request.headers);
  values.set(timeoutKey, timeout);
  if ("problem" in timeout || timeout.timeoutMs === undefined) {
    return;
  }
  const ms = timeout.timeoutMs;
  if (isGrpc) {
    header.set("grpc-timeout", grpcTimeout(ms));
  } else {
    header.set("connect-timeout-ms", String(ms));
  }
}

/** Throws INVALID_ARGUMENT if a timeout header of the call is invalid. */
export function requireValidTimeout({ values }: HandlerContext): void {
  const timeout = values.get(timeoutKey);
  if ("problem" in timeout) {
    throw rejected({ violations: [{ field: "header", description: timeout.problem }] });
  }
}
