import { grpcTimeout } from "../contract/grpc-timeout.ts";
import { parseTimeoutHeader } from "../transcoding/client/index.ts";

/** Writes milliseconds as each protocol's timeout header has them. */
const timeoutHeaders: Readonly<Record<string, (ms: number) => string>> = {
  "connect-timeout-ms": String,
  "grpc-timeout": grpcTimeout,
  "x-server-timeout": (ms) => String(ms / 1000),
};

/**
 * Writes the timeout of a request in a form that servers accept. connect-es writes the number of the caller, also with a
 * fraction, which no protocol allows, or with more than eight digits, which gRPC does not.
 */
export function setWholeTimeout(header: Headers): void {
  for (const name of ["connect-timeout-ms", "grpc-timeout"]) {
    const ms = /^([\d.]+)m?$/.exec(header.get(name) ?? "")?.[1];
    if (ms !== undefined) {
      header.set(name, timeoutHeaders[name]?.(Math.ceil(Number(ms))) ?? ms);
    }
  }
}

/** Returns the timeout of a request in milliseconds, or undefined if it has none. */
export function timeoutOf(header: Headers): number | undefined {
  const parsed = parseTimeoutHeader(Object.fromEntries(header));
  return "timeoutMs" in parsed ? parsed.timeoutMs : undefined;
}

/** Sets the timeout header of a retried request, if it has one, to the remaining milliseconds; at least 1. */
export function setRemainingTime(header: Headers, remainingMs: number): void {
  for (const [name, write] of Object.entries(timeoutHeaders)) {
    if (header.has(name)) {
      header.set(name, write(Math.max(1, Math.floor(remainingMs))));
    }
  }
}
