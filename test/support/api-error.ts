import { getOption } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { ErrorReasonSchema, refusal } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";

/** A refusal as a caller sees it, the same on every protocol. */
export type Refusal = {
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

/** Returns how a call is refused. Fails if it is not, or not in the way that the contract gives to the reason. */
export async function apiErrorOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => expect.fail("the call was not refused"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return readApiError(error as ConnectError);
}

/** Reads an error, which must be one of the contract's. */
export function readApiError(error: ConnectError): Refusal {
  const infos = error.findDetails(ErrorInfoSchema);
  expect(infos, `an ErrorInfo with: ${error.message}`).toHaveLength(1);
  const { reason = "", domain, metadata = {} } = infos[0] ?? {};
  expect(domain).toBe("mobile-data-plan-sharing");
  const contract = ErrorReasonSchema.values.find(({ name }) => name === reason);
  expect(contract, `${reason} in the contract`).toBeDefined();
  if (contract !== undefined) {
    const promised = getOption(contract, refusal);
    expect(Code[error.code]).toBe(Code[promised.code]);
    expect(Object.keys(metadata).toSorted()).toEqual(promised.metadata.toSorted());
  }
  expectNoInsides(error.message);
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

/** Fails on text that shows the inside of the server: stack traces, paths of files, the words of parsers. */
export function expectNoInsides(text: string): void {
  expect(text).not.toMatch(
    /\bat .+:\d+:\d+|\.[cm]?[tj]s\b|node_modules|node:|SyntaxError|TypeError|RangeError/,
  );
}
