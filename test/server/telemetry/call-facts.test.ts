import type { ServerResponse } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../../src/contract/api-error.ts";
import { type CallFacts, type Evidence, settleOutcome } from "../../../src/server/telemetry/call-facts.ts";

/** Returns the outcome of a call that is settled by each of these in turn. */
function outcomeBy(...evidence: Evidence[]) {
  const call = { outcome: undefined } as CallFacts;
  for (const each of evidence) {
    settleOutcome(call, each);
  }
  return call.outcome;
}

const closed = (statusCode: number, writableEnded = true) => ({
  response: { statusCode, writableEnded } as ServerResponse,
});

describe("the outcome of a call", () => {
  it("is decided by the first evidence", () => {
    const error = apiError(ErrorReason.PLAN_STATUS_STALE, { message: "stale" });
    const stale = { code: error.code, reason: "PLAN_STATUS_STALE" };
    expect(outcomeBy({ error }, { grpcStatus: Code.Canceled }, closed(500))).toMatchObject(stale);
    expect(outcomeBy({ grpcStatus: Code.DeadlineExceeded }, { error })).toEqual({
      code: Code.DeadlineExceeded,
      reason: undefined,
    });
  });

  it.each([
    new Error("secret"),
    new ConnectError("x", Code.Internal),
    new ConnectError("x", Code.Unknown),
    "text",
  ])("is SERVER_FAILURE for the unexpected error %s", (error) => {
    expect(outcomeBy({ error })).toEqual({ code: Code.Internal, reason: "SERVER_FAILURE" });
  });

  it.each([0, 17, -1, Number.NaN])("is left to the response by the gRPC status %s", (grpcStatus) => {
    expect(outcomeBy({ grpcStatus })).toBeUndefined();
    expect(outcomeBy({ grpcStatus }, closed(200))).toEqual({ code: undefined, reason: undefined });
  });

  it("is CANCELLED for a response that was not finished, else that of the HTTP status", () => {
    expect(outcomeBy(closed(200, false))?.code).toBe(Code.Canceled);
    expect(outcomeBy(closed(399))?.code).toBeUndefined();
    expect(outcomeBy(closed(404))?.code).toBe(Code.NotFound);
  });
});
