import { Code, type ConnectError } from "@connectrpc/connect";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { malformedRequest, type TranscodingErrorInit, transcodingError } from "../http/error-body.ts";
import { acceptedEncodings } from "./read-body.ts";
import type { ErrorResponseInit } from "./response.ts";

/** An error that this library raises, and what its response has besides the code. */
export class RestError extends Error {
  readonly error: ConnectError;
  readonly response: Partial<ErrorResponseInit>;

  constructor(error: ConnectError, response: Partial<ErrorResponseInit>) {
    super(error.rawMessage);
    this.error = error;
    this.response = response;
  }
}

/** All errors that this library raises while it serves requests. */
export type RestErrors = ReturnType<typeof createRestErrors>;

/** Creates the errors; `domain` is their `ErrorInfo.domain`. */
export function createRestErrors(domain: string) {
  function create(
    code: Code,
    message: string,
    info: Omit<TranscodingErrorInit, "domain">,
    response: Partial<ErrorResponseInit> = {},
  ): RestError {
    return new RestError(transcodingError(code, message, { ...info, domain }), response);
  }

  return {
    targetTooLong: (maxLength: number) =>
      create(
        Code.InvalidArgument,
        `the request target must not be longer than ${maxLength} characters`,
        { reason: "REQUEST_MALFORMED" },
        { httpStatus: 414, close: true },
      ),
    routeNotFound: () => create(Code.NotFound, "no method has this path", { reason: "ROUTE_NOT_FOUND" }),
    methodNotAllowed(method: string, allowed: readonly string[]) {
      const allow = allowed.join(", ");
      return create(
        Code.Unimplemented,
        `this path allows ${allow}, not ${method}`,
        { reason: "METHOD_NOT_ALLOWED" },
        { httpStatus: 405, headers: { allow } },
      );
    },
    notAcceptable: (types: string) =>
      create(
        Code.InvalidArgument,
        `the response can only be ${types}`,
        { reason: "RESPONSE_NOT_ACCEPTABLE" },
        { httpStatus: 406 },
      ),
    contentType: (types: string) =>
      create(
        Code.InvalidArgument,
        `the content type must be ${types}`,
        { reason: "CONTENT_TYPE_UNSUPPORTED" },
        { httpStatus: 415 },
      ),
    contentEncoding: () =>
      create(
        Code.InvalidArgument,
        `the content encoding must be one of ${acceptedEncodings}`,
        { reason: "CONTENT_TYPE_UNSUPPORTED" },
        { httpStatus: 415, headers: { "accept-encoding": acceptedEncodings }, close: true },
      ),
    tooLarge: (maxBytes: number) =>
      create(
        Code.ResourceExhausted,
        `the request body must not be larger than ${maxBytes} bytes`,
        { reason: "REQUEST_TOO_LARGE", metadata: { maxBytes: String(maxBytes) } },
        { httpStatus: 413, close: true },
      ),
    tooSlow: (timeoutMs: number) =>
      create(
        Code.DeadlineExceeded,
        `the request body must arrive within ${timeoutMs} ms`,
        { reason: "DEADLINE_PASSED" },
        { httpStatus: 408, close: true },
      ),
    // Without a body path, because these violations already name fields as the caller wrote them.
    malformed: (violations: readonly FieldViolation[]) =>
      new RestError(malformedRequest(domain, violations), { bodyPath: undefined }),
    deadlinePassed: () =>
      create(Code.DeadlineExceeded, "the deadline of the request passed", { reason: "DEADLINE_PASSED" }),
    serverFailure: () => create(Code.Internal, "the server failed", { reason: "SERVER_FAILURE" }),
  };
}
