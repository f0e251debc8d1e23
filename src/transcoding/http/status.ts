import { Code } from "@connectrpc/connect";

/** HTTP status of each canonical code (google/rpc/code.proto). */
export const httpStatusOf: Readonly<Record<Code, number>> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

/** Name of each canonical code in error bodies. */
export const statusNameOf: Readonly<Record<Code, string>> = {
  [Code.Canceled]: "CANCELLED",
  [Code.Unknown]: "UNKNOWN",
  [Code.InvalidArgument]: "INVALID_ARGUMENT",
  [Code.DeadlineExceeded]: "DEADLINE_EXCEEDED",
  [Code.NotFound]: "NOT_FOUND",
  [Code.AlreadyExists]: "ALREADY_EXISTS",
  [Code.PermissionDenied]: "PERMISSION_DENIED",
  [Code.ResourceExhausted]: "RESOURCE_EXHAUSTED",
  [Code.FailedPrecondition]: "FAILED_PRECONDITION",
  [Code.Aborted]: "ABORTED",
  [Code.OutOfRange]: "OUT_OF_RANGE",
  [Code.Unimplemented]: "UNIMPLEMENTED",
  [Code.Internal]: "INTERNAL",
  [Code.Unavailable]: "UNAVAILABLE",
  [Code.DataLoss]: "DATA_LOSS",
  [Code.Unauthenticated]: "UNAUTHENTICATED",
};

const codeOfName: ReadonlyMap<string, Code> = new Map(
  Object.entries(statusNameOf).map(([code, name]) => [name, Number(code) as Code]),
);

/** Returns the canonical code of a status name such as `NOT_FOUND`. */
export function codeOfStatusName(name: string): Code | undefined {
  return codeOfName.get(name);
}

const codeOfStatus: ReadonlyMap<number, Code> = new Map([
  [400, Code.InvalidArgument],
  [401, Code.Unauthenticated],
  [403, Code.PermissionDenied],
  [404, Code.NotFound],
  [409, Code.Aborted],
  [416, Code.OutOfRange],
  [429, Code.ResourceExhausted],
  [499, Code.Canceled],
  [501, Code.Unimplemented],
  [503, Code.Unavailable],
  [504, Code.DeadlineExceeded],
]);

/**
 * Returns the canonical code of an HTTP status, for responses whose body has no status name. Connect's own table differs
 * (400 is INTERNAL, for example) because it is for servers of the Connect protocol.
 */
export function codeOfHttpStatus(status: number): Code {
  const isServerError = status >= 500 && status < 600;
  const byClass = status >= 400 && status < 500 ? Code.FailedPrecondition : Code.Unknown;
  return codeOfStatus.get(status) ?? (isServerError ? Code.Internal : byClass);
}
