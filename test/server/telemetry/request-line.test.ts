import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import pino from "pino";
import { describe, expect, it } from "vitest";
import { type CallSummary, statusOf } from "../../../src/server/telemetry/call-summary.ts";
import { createRequestLine } from "../../../src/server/telemetry/request-line.ts";

const pid = 4711;
const hashUserKey = (userKey: string) => `hash of ${userKey.length}`;
const requestLine = createRequestLine(pid, hashUserKey);

/** Returns the line that pino writes of the same fields. */
function lineOfPino(
  level: "debug" | "info" | "warn" | "error",
  timeMs: number,
  summary: CallSummary,
): string {
  const { call, outcome, method, httpMethod, httpStatus, durationMs, requestBytes, responseBytes } = summary;
  let line = "";
  const logger = pino(
    {
      level: "debug",
      base: { pid },
      timestamp: () => `,"time":"${new Date(timeMs).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (written) => (line = written) },
  );
  logger[level](
    {
      requestId: call.id,
      traceId: call.traceId,
      peer: call.clientAddress,
      protocol: call.protocol ?? "http",
      httpMethod,
      method,
      code: statusOf(outcome),
      reason: outcome.reason,
      cause: outcome.cause,
      httpStatus,
      asn: call.asn,
      userKeyHash: call.userKey && hashUserKey(call.userKey),
      durationMs: Math.round(durationMs * 1000) / 1000,
      requestBytes,
      responseBytes,
    },
    "request",
  );
  return line;
}

// Without halves of surrogate pairs, which UTF-8 cannot have: pino leaves them to the output, here they are escaped.
const strings = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
  fc.string({
    unit: fc.constantFrom('"', "\\", "\n", "\u0000", "\u001f", "\u007f", "\u2028", "a", "é", "😀"),
    maxLength: 150,
  }),
);
const optional = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined });

const summaries: fc.Arbitrary<CallSummary> = fc.record({
  call: fc.record({
    id: strings,
    traceId: optional(strings),
    clientAddress: optional(strings),
    protocol: optional(fc.constantFrom("connect" as const, "grpc", "grpc-web", "rest")),
    method: fc.constant(undefined),
    asn: optional(fc.nat({ max: 4_294_967_295 })),
    userKey: optional(strings),
    outcome: fc.constant(undefined),
    release: fc.constant(undefined),
  }),
  outcome: fc.record({
    code: optional(fc.constantFrom(...Object.values(Code).filter((code) => typeof code === "number"))),
    reason: optional(strings),
    cause: optional(strings),
  }),
  method: fc.constantFrom("_OTHER", "mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus"),
  httpMethod: strings,
  httpStatus: fc.integer({ min: 100, max: 599 }),
  durationMs: fc.oneof(fc.double({ min: 0, max: 1e7, noNaN: true }), fc.nat()),
  requestBytes: fc.nat(),
  responseBytes: fc.nat(),
});

describe("the line of a request", () => {
  it("has the bytes that pino writes of the same fields, whatever their values, the level and the time", () => {
    const levels = fc.constantFrom("debug" as const, "info", "warn", "error");
    const times = fc.nat({ max: 8.64e15 });
    fc.assert(
      fc.property(levels, times, fc.nat({ max: 2_000 }), summaries, (level, timeMs, laterMs, summary) => {
        // Two, because the text of a second is kept.
        for (const time of [timeMs, Math.min(timeMs + laterMs, 8.64e15), timeMs]) {
          expect(requestLine(level, time, summary)).toBe(lineOfPino(level, time, summary));
        }
      }),
      { numRuns: 500 },
    );
  });
});
