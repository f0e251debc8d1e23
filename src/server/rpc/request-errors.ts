import { Code, ConnectError } from "@connectrpc/connect";
import { errorDomain } from "../../contract/api-error.ts";
import { createCallErrors, type Rejection } from "../../transcoding/index.ts";

/** The errors that calls of all protocols have. */
export const callErrors = createCallErrors(errorDomain);

/** Returns the error of a message that a reader rejected. */
export function rejected(rejection: Rejection): ConnectError {
  return callErrors.rejected(rejection).error;
}

/** Returns the error of a body from which no message can be taken. `description` follows the word "body". */
export function malformedBody(description: string): ConnectError {
  return rejected({ violations: [{ field: "body", description }] });
}

/**
 * Returns the error of a message that is too large. `limit`: most bytes of a decompressed message. `inStream`: whether the
 * method takes several messages.
 */
export function tooLarge(limit: number, inStream = false): ConnectError {
  return inStream
    ? protocolError(Code.ResourceExhausted, `a message must not be larger than ${limit} bytes`)
    : callErrors.tooLarge(limit).error;
}

/** Returns the error of a body that ends within a frame. */
export function cutOff(inStream: boolean): ConnectError {
  const problem = "must be complete frames, but ends within one";
  return inStream ? protocolError(Code.InvalidArgument, `body ${problem}`) : malformedBody(problem);
}

/** The client disconnected, or was disconnected for being slow: not an error of the server. */
export function endedEarly(cause: unknown): ConnectError {
  return new ConnectError("the request ended early", Code.Canceled, undefined, undefined, cause);
}

/**
 * Returns the error of a request that breaks the rules of its protocol. It has no details, because Connect's conformance
 * suite allows none.
 */
export function protocolError(code: Code, message: string): ConnectError {
  return new ConnectError(message, code);
}

/** Returns the error of a body with several messages, of a method that takes one. */
export function severalMessages(): ConnectError {
  return protocolError(Code.Unimplemented, "the request has several messages, but the method takes one");
}

/** Throws the error of a body without a message, of a method that takes one. */
export function missingMessage(): never {
  throw protocolError(Code.Unimplemented, "the request has no message, but the method takes one");
}
