import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";

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
    message: isAnswered(error) ? error.rawMessage : `the emulator does not answer: ${error.rawMessage}`,
    violations: violations.map(({ field, description }) => ({ field, description })),
  };
}

/** Returns whether an error is an answer of the emulator, whose errors all have a reason. */
export function isAnswered(error: ConnectError): boolean {
  return error.findDetails(ErrorInfoSchema).length > 0;
}

/** Ignores that what was to be deleted is gone already: another program was faster. Throws any other error. */
export function gone(cause: unknown): void {
  if (ConnectError.from(cause).code !== Code.NotFound) {
    throw cause;
  }
}
