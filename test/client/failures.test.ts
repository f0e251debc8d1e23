import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { mayPass, unifyFailure } from "../../src/client/failures.ts";
import { apiError } from "../../src/contract/api-error.ts";

const fault = (code: string) => Object.assign(new Error(`says ${code}`), { code });
const answered = { "content-type": "application/json" };

/** What the four transports raise, as it was seen with Node 24, and what callers get to see. */
const failures: readonly [string, unknown, Code, boolean][] = [
  [
    "a refused connection",
    new ConnectError("x", Code.Unavailable, undefined, undefined, fault("ECONNREFUSED")),
    Code.Unavailable,
    true,
  ],
  [
    "a reset of HTTP/1.1",
    new ConnectError("x", Code.Aborted, undefined, undefined, fault("ECONNRESET")),
    Code.Unavailable,
    true,
  ],
  [
    "a reset below others",
    new ConnectError(
      "x",
      Code.Unavailable,
      undefined,
      undefined,
      new TypeError("fetch failed", { cause: fault("ECONNRESET") }),
    ),
    Code.Unavailable,
    true,
  ],
  [
    "no route",
    new ConnectError("x", Code.Internal, undefined, undefined, fault("EHOSTUNREACH")),
    Code.Unavailable,
    true,
  ],
  [
    "GOAWAY with an error",
    new ConnectError("x", Code.Internal, undefined, undefined, fault("ERR_HTTP2_SESSION_ERROR")),
    Code.Unavailable,
    true,
  ],
  [
    "a refused stream",
    new ConnectError("x", Code.Internal, undefined, undefined, fault("ERR_HTTP2_STREAM_ERROR")),
    Code.Unavailable,
    true,
  ],
  [
    "a stream that went down",
    new ConnectError("http/2 stream closed with error code CANCEL (0x8)", Code.Canceled),
    Code.Unavailable,
    true,
  ],
  ["a socket's own error", fault("EPIPE"), Code.Unavailable, true],
  [
    "a certificate that nobody trusts, over REST",
    new ConnectError("x", Code.Unavailable, undefined, undefined, fault("DEPTH_ZERO_SELF_SIGNED_CERT")),
    Code.Unavailable,
    false,
  ],
  [
    "a certificate that nobody trusts",
    new ConnectError("x", Code.Internal, undefined, undefined, fault("CERT_HAS_EXPIRED")),
    Code.Internal,
    false,
  ],
  [
    "what is no HTTP",
    new ConnectError("x", Code.Internal, undefined, undefined, fault("HPE_INVALID_CONSTANT")),
    Code.Internal,
    false,
  ],
  ["a server that cancels", new ConnectError("x", Code.Canceled, answered), Code.Canceled, false],
  [
    "a response beyond the client's own limit",
    new ConnectError("too large", Code.ResourceExhausted),
    Code.ResourceExhausted,
    false,
  ],
  [
    "a request beyond the server's limit",
    withHeaders(apiError(ErrorReason.REQUEST_TOO_LARGE, { message: "x" })),
    Code.ResourceExhausted,
    false,
  ],
  ["a quota", new ConnectError("x", Code.ResourceExhausted, answered), Code.ResourceExhausted, true],
  [
    "a store that is busy",
    withHeaders(apiError(ErrorReason.STORE_UNAVAILABLE, { message: "x" })),
    Code.Unavailable,
    true,
  ],
  ["a page 502 over REST", new ConnectError("HTTP 502", Code.Internal, answered), Code.Unavailable, true],
  [
    "a page 429 over gRPC",
    new ConnectError("HTTP 429", Code.Unavailable, answered),
    Code.ResourceExhausted,
    true,
  ],
  ["a page 500", new ConnectError("HTTP 500", Code.Internal, answered), Code.Internal, false],
  [
    "a deadline of the server's",
    new ConnectError("x", Code.DeadlineExceeded, answered),
    Code.DeadlineExceeded,
    false,
  ],
  ["a program's mistake", new TypeError("x is undefined"), Code.Unknown, false],
  ["what is no error", "oh", Code.Unknown, false],
];

function withHeaders(error: ConnectError): ConnectError {
  error.metadata.set("content-type", "application/json");
  return error;
}

describe("a failure", () => {
  it.each(failures)("that is %s", (_, reason, code, passes) => {
    const error = unifyFailure(reason);
    expect([Code[error.code], mayPass(error)]).toEqual([Code[code], passes]);
  });

  it("keeps its message, details, headers and cause under another code", () => {
    const reset = new ConnectError(
      "socket hang up",
      Code.Aborted,
      { a: "b" },
      undefined,
      fault("ECONNRESET"),
    );
    const error = unifyFailure(reset);
    expect(error).toMatchObject({ rawMessage: "socket hang up", details: [], cause: reset.cause });
    expect(error.metadata.get("a")).toBe("b");
  });

  it("may be its own cause without harm", () => {
    const circle = new Error("round");
    circle.cause = circle;
    expect(unifyFailure(circle).code).toBe(Code.Unknown);
  });
});
