import { getOption } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { ErrorReasonSchema, reason_spec } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";

/** An API error as a caller receives it, the same over every protocol. */
export type ReceivedError = {
  /** Name of the canonical code, such as `InvalidArgument`. */
  readonly code: string | undefined;
  /** Name of the ErrorReason. */
  readonly reason: string;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Path of each violation. */
  readonly fields: readonly string[];
  /** Each violation as `path: description`. */
  readonly violations: readonly string[];
  readonly headers: Headers;
};

/** Returns the error of a call. Fails if the call succeeds or if the error violates the contract of its reason. */
export async function apiErrorOf(call: Promise<unknown>): Promise<ReceivedError> {
  const error = await call.then(
    () => expect.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return readApiError(error as ConnectError);
}

/** Reads an error and checks it against the contract. */
export function readApiError(error: ConnectError): ReceivedError {
  const infos = error.findDetails(ErrorInfoSchema);
  expect(infos, `an ErrorInfo with: ${error.message}`).toHaveLength(1);
  const { reason = "", domain, metadata = {} } = infos[0] ?? {};
  expect(domain).toBe("mobile-data-plan-sharing");
  const contract = ErrorReasonSchema.values.find(({ name }) => name === reason);
  expect(contract, `${reason} in the contract`).toBeDefined();
  if (contract !== undefined) {
    const spec = getOption(contract, reason_spec);
    expect(Code[error.code]).toBe(Code[spec.code]);
    expect(Object.keys(metadata).toSorted()).toEqual(spec.metadata.toSorted());
  }
  expectNoInternals(error.message);
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  return {
    code: Code[error.code],
    reason,
    message: error.rawMessage,
    metadata,
    fields: violations.map(({ field }) => field),
    violations: violations.map(({ field, description }) => `${field}: ${description}`),
    headers: error.metadata,
  };
}

/** Fails on text that reveals server internals: stack traces, file paths or parser messages. */
export function expectNoInternals(text: string): void {
  expect(text).not.toMatch(
    /\bat .+:\d+:\d+|\.[cm]?[tj]s\b|node_modules|node:|SyntaxError|TypeError|RangeError/,
  );
}
