import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { httpStatusOf, statusNameOf } from "../../../src/transcoding/client/index.ts";
import { descriptionOf } from "./description.ts";

/** The reasons of one canonical code, such as NOT_FOUND. */
export type ListedErrors = { readonly code: string; readonly reasons: readonly string[] };

/** Returns the errors that the comment of an RPC lists, such as `- NOT_FOUND: A, B`. */
export function errorListOf(rpc: DescMethod): ListedErrors[] {
  const lines = (descriptionOf(rpc) ?? "").matchAll(/^- ([A-Z_]+): ((?:[A-Z_]+(?:,\s+)?)+)$/gm);
  return [...lines].map(([, code = "", list = ""]) => ({ code, reasons: list.split(/,\s+/) }));
}

/** Returns the methods whose comments list a reason. */
export function sendersOf(reason: string, methods: readonly DescMethod[]): DescMethod[] {
  return methods.filter((rpc) => errorListOf(rpc).some(({ reasons }) => reasons.includes(reason)));
}

/** Returns listed errors with their HTTP status and in its order. */
export function byStatus(errors: readonly ListedErrors[]): (ListedErrors & { readonly status: number })[] {
  return errors
    .flatMap(({ code, reasons }) =>
      [...Map.groupBy(reasons, (reason) => statusOfError(code, reason))].map(([status, group]) => ({
        status,
        code,
        reasons: group,
      })),
    )
    .toSorted((a, b) => a.status - b.status);
}

/** Reasons whose HTTP status is more precise than that of their code. */
const statusOfReason: ReadonlyMap<string, number> = new Map([
  ["METHOD_NOT_ALLOWED", 405],
  ["RESPONSE_NOT_ACCEPTABLE", 406],
  ["REQUEST_TOO_LARGE", 413],
  ["CONTENT_TYPE_UNSUPPORTED", 415],
]);

const statusOfCode: ReadonlyMap<string, number> = new Map(
  Object.entries(statusNameOf).map(([code, name]) => [name, httpStatusOf[Number(code) as Code]]),
);

/** Returns the HTTP status of errors with a canonical code and a reason; 0 for an unknown code. */
export function statusOfError(code: string, reason: string): number {
  return statusOfReason.get(reason) ?? statusOfCode.get(code) ?? 0;
}
