import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Returns the error of a call whose handler stopped because `signal`, that of the call, was aborted: DEADLINE_EXCEEDED or
 * UNAVAILABLE if that is the reason of the signal, else CANCELLED. Returns undefined for any other error.
 *
 * What waits for a signal throws its reason or an AbortError, such as `setTimeout` of `node:timers/promises`. After a
 * reset of an HTTP/2 stream, the reason has a code that the client chose.
 */
export function cancellationOf(error: unknown, signal: AbortSignal): ConnectError | undefined {
  if (!signal.aborted || (error !== signal.reason && !isAbortError(error))) {
    return undefined;
  }
  const { reason } = signal;
  return reason instanceof ConnectError && serverReasons.has(reason.code)
    ? reason
    : new ConnectError("the call was cancelled", Code.Canceled);
}

/** Of a deadline, and of a shutdown. */
const serverReasons: ReadonlySet<Code> = new Set([Code.DeadlineExceeded, Code.Unavailable]);

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
