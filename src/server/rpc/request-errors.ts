import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, invalidFields } from "../../contract/api-error.ts";
import { summarizeViolations } from "../../contract/field-violation.ts";
import type { Rejection } from "../../transcoding/index.ts";

/** Returns the error of a message that a reader rejected. */
export function rejected({ violations, reason }: Rejection): ConnectError {
  if (reason === "FIELD_INVALID") {
    return invalidFields(violations);
  }
  const message = summarizeViolations(violations, " ");
  return apiError(ErrorReason.REQUEST_MALFORMED, { message, violations });
}

/** Returns the error of a body from which no message can be taken. `description` follows the word "body". */
export function malformedBody(description: string): ConnectError {
  return rejected({ violations: [{ field: "body", description }] });
}

/** `limit`: most bytes of a decompressed message. */
export function tooLarge(limit: number): ConnectError {
  return apiError(ErrorReason.REQUEST_TOO_LARGE, {
    message: `the request body must not be larger than ${limit} bytes`,
    metadata: { maxBytes: String(limit) },
  });
}

/** The client disconnected, or was disconnected for being slow: not an error of the server. */
export function endedEarly(cause: unknown): ConnectError {
  return new ConnectError("the request ended early", Code.Canceled, undefined, undefined, cause);
}

/** Returns the error of a request that the protocol of the caller answers with UNIMPLEMENTED. */
export function unsupported(message: string): ConnectError {
  return apiError(ErrorReason.REQUEST_UNSUPPORTED, { message });
}
