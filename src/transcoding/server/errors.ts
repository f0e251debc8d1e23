import { Code, type ConnectError } from "@connectrpc/connect";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { malformedRequest, type TranscodingErrorInit, transcodingError } from "../http/error-body.ts";
import { acceptedEncodings } from "./read-body.ts";
import type { ErrorResponseInit } from "./response.ts";

/** An error of the library itself, and what its HTTP answer says beside the code. */
export type Refusal = { readonly error: ConnectError; readonly init: Partial<ErrorResponseInit> };

/** Every refusal that the library gives, each in one place. */
export type Refusals = {
  targetTooLong(most: number): Refusal;
  routeNotFound(): Refusal;
  methodNotAllowed(method: string, allowed: readonly string[]): Refusal;
  notAcceptable(types: string): Refusal;
  contentType(types: string): Refusal;
  contentEncoding(): Refusal;
  tooLarge(most: number): Refusal;
  tooSlow(timeoutMs: number): Refusal;
  malformed(violations: readonly FieldViolation[]): Refusal;
  deadlinePassed(): Refusal;
  serverFailure(): Refusal;
};

/** Creates the refusals with the `ErrorInfo.domain` that they carry. */
export function createRefusals(domain: string): Refusals {
  const refuse = (
    code: Code,
    message: string,
    info: Omit<TranscodingErrorInit, "domain">,
    init: Partial<ErrorResponseInit> = {},
  ): Refusal => ({ error: transcodingError(code, message, { ...info, domain }), init });

  return {
    targetTooLong: (most) =>
      refuse(
        Code.InvalidArgument,
        `the request target must not be longer than ${most} characters`,
        { reason: "REQUEST_MALFORMED" },
        { httpStatus: 414, close: true },
      ),
    routeNotFound: () => refuse(Code.NotFound, "no method has this path", { reason: "ROUTE_NOT_FOUND" }),
    methodNotAllowed(method, allowed) {
      const allow = allowed.join(", ");
      return refuse(
        Code.Unimplemented,
        `this path takes ${allow}, not ${method}`,
        { reason: "METHOD_NOT_ALLOWED" },
        { httpStatus: 405, headers: { allow } },
      );
    },
    notAcceptable: (types) =>
      refuse(
        Code.InvalidArgument,
        `only ${types} can be answered`,
        { reason: "RESPONSE_NOT_ACCEPTABLE" },
        { httpStatus: 406 },
      ),
    contentType: (types) =>
      refuse(
        Code.InvalidArgument,
        `the content type must be ${types}`,
        { reason: "CONTENT_TYPE_UNSUPPORTED" },
        { httpStatus: 415 },
      ),
    contentEncoding: () =>
      refuse(
        Code.InvalidArgument,
        `the content encoding must be one of ${acceptedEncodings}`,
        { reason: "CONTENT_TYPE_UNSUPPORTED" },
        { httpStatus: 415, headers: { "accept-encoding": acceptedEncodings }, close: true },
      ),
    tooLarge: (most) =>
      refuse(
        Code.ResourceExhausted,
        `the request body must not be larger than ${most} bytes`,
        { reason: "REQUEST_TOO_LARGE", metadata: { maxBytes: String(most) } },
        { httpStatus: 413, close: true },
      ),
    tooSlow: (timeoutMs) =>
      refuse(
        Code.DeadlineExceeded,
        `the request body must arrive within ${timeoutMs} ms`,
        { reason: "DEADLINE_PASSED" },
        { httpStatus: 408, close: true },
      ),
    // Without a body path: what cannot be read is named as the caller wrote it.
    malformed: (violations) => ({
      error: malformedRequest(domain, violations),
      init: { bodyPath: undefined },
    }),
    deadlinePassed: () =>
      refuse(Code.DeadlineExceeded, "the deadline of the request passed", { reason: "DEADLINE_PASSED" }),
    serverFailure: () => refuse(Code.Internal, "the server failed", { reason: "SERVER_FAILURE" }),
  };
}
