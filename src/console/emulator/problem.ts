import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "#deps/google/rpc/error_details_pb.js";

/** Why a call of the console failed. */
export type Problem = {
  readonly message: string;
  /** What is wrong with which field. */
  readonly violations: readonly { readonly field: string; readonly description: string }[];
};

/** Returns what a person needs to know of an error. */
export function problemOf(cause: unknown): Problem {
  const error = ConnectError.from(cause);
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  return {
    message: error.rawMessage,
    violations: violations.map(({ field, description }) => ({ field, description })),
  };
}
