import {
  type DescMessage,
  equals,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  toJsonString,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";

/** The expected error of a call. */
export type ExpectedError = {
  /** Name in google.rpc.Code. */
  readonly code: string;
  /** Reason of the google.rpc.ErrorInfo. Not checked if absent. */
  readonly reason?: string;
  /** Fields of the google.rpc.BadRequest, in order. None if absent. */
  readonly violations?: readonly string[];
};

/** Returns how an answer differs from the expected message, if it does. */
export function differenceOf(
  desc: DescMessage,
  json: JsonValue,
  answer: Message | ConnectError,
): string | undefined {
  if (answer instanceof ConnectError) {
    return `expected a response, got ${answer}`;
  }
  const expected = fromJson(desc, json);
  return equals(desc, expected, answer)
    ? undefined
    : `expected response ${toJsonString(desc, expected)}, got ${toJsonString(desc, answer)}`;
}

/** Returns how an answer differs from the expected error, if it does. */
export function errorDifferenceOf(
  expected: ExpectedError,
  answer: Message | ConnectError,
): string | undefined {
  if (!(answer instanceof ConnectError)) {
    return `expected code ${expected.code}, got OK`;
  }
  // InvalidArgument is INVALID_ARGUMENT in google.rpc.Code.
  const code = (Code[answer.code] ?? "").replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  if (code !== expected.code) {
    return `expected code ${expected.code}, got ${code}: ${answer.rawMessage}`;
  }
  const reason = answer.findDetails(ErrorInfoSchema)[0]?.reason;
  if (expected.reason !== undefined && reason !== expected.reason) {
    return `expected reason ${expected.reason}, got ${reason}`;
  }
  const violations = answer.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field) ?? [];
  const [wanted, got] = [expected.violations?.join(", ") ?? "", violations.join(", ")];
  return wanted === got ? undefined : `expected violations [${wanted}], got [${got}]`;
}

/**
 * Returns the error expected over REST. Field paths begin in the body, which is the status. A parent that is not an
 * operator has no URL: the client rejects it with the same code, but without details.
 */
export function overRest(
  { code, reason, violations = [] }: ExpectedError,
  request: JsonObject,
): ExpectedError {
  if (!/^operators\/[^/]+$/.test(String(request.parent ?? ""))) {
    return { code };
  }
  return {
    code,
    ...(reason !== undefined && { reason }),
    violations: violations.map((field) => field.replace(/^planStatus\./, "")),
  };
}
