import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readError } from "../../src/client/index.ts";
import { readErrorBody } from "../../src/transcoding/client/index.ts";
import { fromNow, minute, planStatus } from "../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const raised = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("the call succeeded"),
    (reason: unknown) => readError(reason),
  );

describe.each(protocols)("an error over %s", (protocol) => {
  it("readError returns the reason and its metadata", async () => {
    const userKey = freshKey();
    const push = (updateTime = fromNow(-minute)) =>
      server.client(protocol).createPlanStatus({ parent, userKey, planStatus: planStatus({ updateTime }) });
    await push();
    expect(await raised(push(fromNow(-2 * minute)))).toEqual({
      code: Code.Aborted,
      status: "ABORTED",
      message: expect.stringMatching(/^a newer status is already stored/),
      reason: "PLAN_STATUS_STALE",
      metadata: { updateTime: "2026-03-01T11:58:00Z", storedUpdateTime: "2026-03-01T11:59:00Z" },
      violations: [],
      retryAfterMs: undefined,
    });
  });

  it("readError returns every violation with its path in the document that was sent", async () => {
    const push = server.client(protocol).createPlanStatus({
      parent,
      userKey: freshKey(),
      planStatus: planStatus({ languageCode: "", plans: [{}] }),
    });
    const at = protocol === "rest" ? "" : "planStatus.";
    expect(await raised(push)).toMatchObject({
      status: "INVALID_ARGUMENT",
      reason: "FIELD_INVALID",
      violations: [
        { field: `${at}plans[0].planId`, description: "value is required" },
        { field: `${at}languageCode`, description: "value is required" },
      ],
    });
  });
});

describe("readError", () => {
  it("readError reads errors of Google's hosts", () => {
    const body = {
      error: {
        code: 403,
        message: "Request had insufficient authentication scopes.",
        status: "PERMISSION_DENIED",
        details: [
          {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            domain: "googleapis.com",
            metadata: { service: "mobiledataplansharing.googleapis.com" },
          },
          { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.5s" },
          { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ subject: "project" }] },
          { "@type": "type.googleapis.com/com.google.Unknown", x: 1 },
        ],
      },
    };
    expect(readError(readErrorBody(JSON.stringify(body), 403, new Headers()))).toEqual({
      code: Code.PermissionDenied,
      status: "PERMISSION_DENIED",
      message: "Request had insufficient authentication scopes.",
      reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
      metadata: { service: "mobiledataplansharing.googleapis.com" },
      violations: [],
      retryAfterMs: 1_500,
    });
  });

  it.each([
    ["7", 7_000],
    ["Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["Sun, 01 Mar 2026 11:00:00 GMT", 0],
    ["2026-03-01T12:00:30Z", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["10abc", undefined],
    ["", undefined],
  ])("readError reads the header Retry-After: %j as %j ms", (value, expected) => {
    const error = new ConnectError("later", Code.Unavailable, { "retry-after": value });
    expect(readError(error, Date.UTC(2026, 2, 1, 12)).retryAfterMs).toBe(expected);
  });

  it.each([new Error("broken"), "broken"])(
    "readError reads %s, which is not a ConnectError, as UNKNOWN",
    (thrown) => {
      expect(readError(thrown)).toEqual({
        code: Code.Unknown,
        status: "UNKNOWN",
        message: "broken",
        reason: undefined,
        metadata: {},
        violations: [],
        retryAfterMs: undefined,
      });
    },
  );
});
