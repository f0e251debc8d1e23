import { Code } from "@connectrpc/connect";

/** HTTP status and name of each canonical code (google/rpc/code.proto). */
const statuses: Readonly<Record<Code, readonly [httpStatus: number, name: string]>> = {
  [Code.Canceled]: [499, "CANCELLED"],
  [Code.Unknown]: [500, "UNKNOWN"],
  [Code.InvalidArgument]: [400, "INVALID_ARGUMENT"],
  [Code.DeadlineExceeded]: [504, "DEADLINE_EXCEEDED"],
  [Code.NotFound]: [404, "NOT_FOUND"],
  [Code.AlreadyExists]: [409, "ALREADY_EXISTS"],
  [Code.PermissionDenied]: [403, "PERMISSION_DENIED"],
  [Code.ResourceExhausted]: [429, "RESOURCE_EXHAUSTED"],
  [Code.FailedPrecondition]: [400, "FAILED_PRECONDITION"],
  [Code.Aborted]: [409, "ABORTED"],
  [Code.OutOfRange]: [400, "OUT_OF_RANGE"],
  [Code.Unimplemented]: [501, "UNIMPLEMENTED"],
  [Code.Internal]: [500, "INTERNAL"],
  [Code.Unavailable]: [503, "UNAVAILABLE"],
  [Code.DataLoss]: [500, "DATA_LOSS"],
  [Code.Unauthenticated]: [401, "UNAUTHENTICATED"],
};

const entries = Object.entries(statuses);

/** HTTP status of each canonical code. */
export const httpStatusOf = Object.fromEntries(
  entries.map(([code, [httpStatus]]) => [code, httpStatus]),
) as Readonly<Record<Code, number>>;

/** Name of each canonical code in error bodies. */
export const statusNameOf = Object.fromEntries(entries.map(([code, [, name]]) => [code, name])) as Readonly<
  Record<Code, string>
>;

const codeOfName: ReadonlyMap<string, Code> = new Map(
  entries.map(([code, [, name]]) => [name, Number(code)]),
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

const codeOfClass: ReadonlyMap<number, Code> = new Map([
  [4, Code.FailedPrecondition],
  [5, Code.Internal],
]);

/**
 * Returns the canonical code of an HTTP status, for responses whose body has no status name. Connect's own table is for
 * the Connect protocol and differs (400 is INTERNAL, for example).
 */
export function codeOfHttpStatus(status: number): Code {
  return codeOfStatus.get(status) ?? codeOfClass.get(Math.floor(status / 100)) ?? Code.Unknown;
}
