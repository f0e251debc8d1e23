import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { noAnswer, outcomeOfError } from "../../../src/push/send/outcome.ts";

function retryAfterOf(header: string) {
  return outcomeOfError(new ConnectError("busy", Code.Unavailable, { "retry-after": header }));
}

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["10", 10_000],
    // RFC 9110 5.5: white space around a field value is not part of it.
    [" 10 ", 10_000],
    ["120", 120_000],
  ])("of %j is a number of seconds", (header, retryAfterMs) => {
    expect(retryAfterOf(header)).toMatchObject({ kind: "retry", retryAfterMs });
  });

  it.each(["10abc", "-1", "+1", "1.5", "0x10", "1e3", "1,2", "10 s", "soon", "", "2030-01-01", "٣"])(
    "of %j is ignored, because it is neither seconds nor a date as in RFC 9110",
    (header) => {
      // A header cannot hold characters beyond Latin-1; servers send their bytes.
      const text = Buffer.from(header).toString("latin1");
      expect(retryAfterOf(text)).toMatchObject({ kind: "retry", retryAfterMs: undefined });
    },
  );

  it("that is a date in the future is the time until then", () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const outcome = retryAfterOf(date);
    expect(outcome).toMatchObject({ kind: "retry", retryAfterMs: expect.any(Number) });
    expect("retryAfterMs" in outcome && Math.round((outcome.retryAfterMs ?? 0) / 60_000)).toBe(60);
  });

  it("that is a date in the past allows a retry at once", () => {
    expect(retryAfterOf("Wed, 21 Oct 2015 07:28:00 GMT")).toMatchObject({ kind: "retry", retryAfterMs: 0 });
  });
});

describe("outcomeOfError", () => {
  it.each([
    [Code.Unavailable, undefined, "retry"],
    [Code.ResourceExhausted, 429, "retry"],
    [Code.ResourceExhausted, 413, "rejected"],
    [Code.DeadlineExceeded, undefined, "retry"],
    [Code.Unknown, 502, "retry"],
    [Code.Unknown, 408, "retry"],
    [Code.Unknown, 500, "rejected"],
    [Code.Aborted, 409, "superseded"],
    [Code.Unauthenticated, 401, "unauthenticated"],
    [Code.PermissionDenied, 403, "rejected"],
  ])("maps code %s with HTTP status %s to %s", (code, httpStatus, kind) => {
    expect(outcomeOfError(new ConnectError("m", code), httpStatus).kind).toBe(kind);
  });
});

describe("noAnswer", () => {
  it.each([
    "ENOTFOUND",
    "EPROTO",
    "proxy",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "CERT_HAS_EXPIRED",
    "CERT_NOT_YET_VALID",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "HPE_INVALID_CONSTANT",
    "ERR_HTTP2_ERROR",
  ])("says that %s does not pass by itself", (code) => {
    expect(noAnswer({ problem: "p", isTimeout: false, isSent: false, code })).toMatchObject({
      kind: "retry",
      trouble: { kind: "unreachable", isLasting: true },
    });
  });

  it.each(["ECONNREFUSED", "ECONNRESET", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", undefined])(
    "says that %s may pass",
    (code) => {
      expect(
        noAnswer({ problem: "p", isTimeout: false, isSent: false, ...(code && { code }) }),
      ).toMatchObject({
        kind: "retry",
        trouble: { kind: "unreachable", isLasting: false },
      });
    },
  );

  it("says whether the request was sent, so that the trouble can be about it", () => {
    const problem = { problem: "p", isTimeout: true };
    expect(noAnswer({ ...problem, isSent: true })).toMatchObject({ trouble: { kind: "silent" } });
    expect(noAnswer({ ...problem, isSent: false })).toMatchObject({ trouble: { kind: "unreachable" } });
  });
});
