import { Code, type ConnectError } from "@connectrpc/connect";
import { malformedRequest, type TranscodingReason, transcodingError } from "../../http/error-body.ts";
import type { Rejection } from "../../json/violations.ts";
import { acceptedEncodings } from "../read-body.ts";
import type { ErrorResponseInit } from "../response.ts";

/** An error that is sent as it is, also if its code is that of a failure, and what its response has besides the code. */
export class CallError extends Error {
  readonly error: ConnectError;
  readonly response: Partial<ErrorResponseInit>;

  constructor(error: ConnectError, response: Partial<ErrorResponseInit>) {
    super(error.rawMessage);
    this.error = error;
    this.response = response;
  }
}

export type CallErrors = ReturnType<typeof createCallErrors>;

/** Creates the errors; `domain` is their `ErrorInfo.domain`. */
export function createCallErrors(domain: string) {
  function create(
    code: Code,
    message: string,
    reason: TranscodingReason,
    response: Partial<ErrorResponseInit> = {},
    metadata: Readonly<Record<string, string>> = {},
  ): CallError {
    return new CallError(transcodingError(code, message, { reason, domain, metadata }), response);
  }

  return {
    targetTooLong: (maxLength: number) =>
      create(
        Code.InvalidArgument,
        `the request target must not be longer than ${maxLength} characters`,
        "REQUEST_MALFORMED",
        { httpStatus: 414 },
      ),
    routeNotFound: (hint: string | undefined) =>
      create(
        Code.NotFound,
        `no method has this path${hint === undefined ? "" : `: ${hint}`}`,
        "ROUTE_NOT_FOUND",
      ),
    methodNotAllowed(method: string, allowed: readonly string[]) {
      const allow = allowed.join(", ");
      return create(Code.Unimplemented, `this path allows ${allow}, not ${method}`, "METHOD_NOT_ALLOWED", {
        httpStatus: 405,
        headers: { allow },
      });
    },
    notAcceptable: (types: string) =>
      create(
        Code.InvalidArgument,
        `the response can only be ${types}, which the header Accept must allow`,
        "RESPONSE_NOT_ACCEPTABLE",
        {
          httpStatus: 406,
        },
      ),
    contentType: (types: string) =>
      create(Code.InvalidArgument, `the content type must be ${types}`, "CONTENT_TYPE_UNSUPPORTED", {
        httpStatus: 415,
      }),
    contentEncoding: () =>
      create(
        Code.InvalidArgument,
        `the content encoding must be one of ${acceptedEncodings}`,
        "CONTENT_TYPE_UNSUPPORTED",
        { httpStatus: 415, headers: { "accept-encoding": acceptedEncodings } },
      ),
    tooLarge: (maxBytes: number) =>
      create(
        Code.ResourceExhausted,
        `the request body must not be larger than ${maxBytes} bytes`,
        "REQUEST_TOO_LARGE",
        { httpStatus: 413 },
        { maxBytes: String(maxBytes) },
      ),
    tooSlow: (timeoutMs: number) =>
      create(
        Code.DeadlineExceeded,
        `the request body must arrive within ${timeoutMs} ms`,
        "DEADLINE_PASSED",
        { httpStatus: 408 },
      ),
    // Without a body path, because these violations already name fields as the caller wrote them.
    rejected: ({ violations, reason }: Rejection) =>
      new CallError(malformedRequest(domain, violations, reason), { bodyPath: undefined }),
    deadlinePassed: () =>
      create(Code.DeadlineExceeded, "the deadline of the request passed", "DEADLINE_PASSED"),
    serverFailure: () => create(Code.Internal, "the server failed", "SERVER_FAILURE"),
  };
}
