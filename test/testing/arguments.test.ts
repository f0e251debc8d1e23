import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CallFilter,
  controlEmulator,
  type Failure,
  startTestServer,
  type TestServer,
  type TestServerOptions,
  type TokenOptions,
} from "../../src/testing/index.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ now: "2026-12-01T12:00:00Z" });
});
afterAll(() => server.close());

const reason = "SERVER_OVERLOADED";

/** What JavaScript can pass. */
const unchecked = <Argument>(value: unknown) => value as Argument;

describe("failNext", () => {
  it.each<readonly [unknown, RegExp]>([
    [undefined, /^a failure: must be an object/],
    [reason, /^a failure: must be an object/],
    [{ reasn: reason }, /^reasn: is unknown: .*; did you mean reason\?$/],
    [{ reason: "OVERLOADED" }, /^reason: is "OVERLOADED": must be one of FIELD_INVALID, /],
    [{ reason: "ERROR_REASON_UNSPECIFIED" }, /^reason: is .*: must be one of /],
    [{ reason: "toString" }, /^reason: is "toString": /],
    [{ code: "UNAVAILABL" }, /^code: is "UNAVAILABL": .*; did you mean UNAVAILABLE\?$/],
    [{ code: "OK" }, /^code: is "OK": must be one of CANCELLED, /],
    [{ code: 503 }, /^code: is 503: must be one of /],
    [{ code: 14 }, /^code: is 14: must be one of /],
    [{ cut: "later" }, /^cut: is "later": must be one of beforeProcessing, beforeAnswer, withinAnswer$/],
    [{ cut: "beforeAnswer", reason }, /^cut: .* must not be combined with reason/],
    [{ cut: "beforeAnswer", message: "x" }, /^cut: .* must not be combined with message/],
    [{ message: "x" }, /^reason: value is required, or a code, because message /],
    [{ retryAfterMs: 5, delayMs: 5 }, /^reason: value is required, or a code, because retryAfterMs /],
    [{ reason, retryAfterMs: Number.NaN }, /^retryAfterMs: is NaN: must be a number of milliseconds$/],
    [{ reason, retryAfterMs: -1 }, /fault\.error\.retryDelay: must be from 0s to 86400s/],
    [{ delayMs: Number.POSITIVE_INFINITY }, /^delayMs: is Infinity: /],
    [{ delayMs: "5" }, /^delayMs: is "5": /],
    [{ delayMs: 600_001 }, /fault\.delay: must be from 0s to 600s/],
    [{ reason, count: 0 }, /^count: is 0: must be a whole number from 1 to /],
    [{ reason, count: 1.5 }, /^count: is 1\.5: /],
    [{ reason, count: Number.NaN }, /^count: is NaN: /],
    [{ reason, count: 2 ** 31 }, /^count: is 2147483648: /],
    [{ reason, operator: 0 }, /^operator: is 0: must be an ASN/],
    [{ reason, operator: "65001" }, /^operator: is "65001": must be an ASN/],
    [{ reason, method: "CreatePlanStatu" }, /fault\.match\.method: .*; did you mean CreatePlanStatus\?/],
    [{ reason, clientId: "nobody" }, /fault\.match\.clientId: must be one of /],
    [{}, /fault: must have a delay of more than 0s, an error or a cut/],
  ])("rejects %o with an error that names the field", async (failure, message) => {
    await expect(server.failNext(unchecked<Failure>(failure))).rejects.toThrow(message);
    expect((await server.service.listFaults({})).faults).toEqual([]);
  });
});

describe("the clock", () => {
  it.each([
    [0, /duration: must be at least a millisecond/],
    [-1, /duration: must be at least a millisecond/],
    [0.5, /duration: must be at least a millisecond/],
    [Number.NaN, /^ms: is NaN: must be a number of milliseconds$/],
    [Number.POSITIVE_INFINITY, /^ms: is Infinity: /],
    [1e15, /duration: must be at most .*: the clock cannot pass the end of the year 9999/],
  ])("is not advanced by %d ms", async (ms, message) => {
    const before = await server.clock.now();
    await expect(server.clock.advance(ms)).rejects.toThrow(message);
    expect(await server.clock.now()).toEqual(before);
  });

  it.each([
    "garbage",
    "",
    new Date(Number.NaN),
    "1969-12-31T23:59:59Z",
    "+010000-01-01T00:00:00Z",
    null,
    undefined,
  ])("is not set to %s, at its start or later", async (time) => {
    const expected = "must be a time from 1970 to 9999, such as 2026-12-01T12:00:00Z";
    await expect(server.clock.set(unchecked<string>(time))).rejects.toThrow(/^time: is /);
    await expect(server.clock.set(unchecked<string>(time))).rejects.toThrow(expected);
    if (time !== undefined) {
      await expect(startTestServer({ now: unchecked<string>(time) })).rejects.toThrow(/^now: is /);
    }
  });
});

describe("filters and options", () => {
  it.each<readonly [unknown, RegExp]>([
    [{ mehod: "CreatePlanStatus" }, /^mehod: is unknown: .*; did you mean method\?$/],
    [{ method: "CreatePlanStatu" }, /method: must be one of .*; did you mean CreatePlanStatus\?/],
    [{ reason: "PLAN_STATUS_STAL" }, /^reason: is .*; did you mean PLAN_STATUS_STALE\?$/],
    [{ operator: Number.NaN }, /^operator: is NaN: must be an ASN/],
  ])("the filter %o of calls is rejected with an error that names the field", async (filter, message) => {
    await expect(server.calls(unchecked<CallFilter>(filter))).rejects.toThrow(message);
  });

  it("a filter of records or notifications that is for calls only is rejected", async () => {
    const filter: CallFilter = { method: "CreatePlanStatus" };
    await expect(server.records(filter)).rejects.toThrow(/^method: is unknown/);
    await expect(server.notifications(filter)).rejects.toThrow(/^method: is unknown/);
  });

  it.each<readonly [unknown, RegExp]>([
    [{ operator: 0 }, /^operator: is 0: /],
    [{ scope: ["push"] }, /^scope: is unknown: .*; did you mean scopes\?$/],
    [{ scopes: ["all"] }, /scopes\[0\]: must be push, read, /],
    [{ lifetimeMs: 0 }, /lifetime: must be more than 0s/],
    [{ lifetimeMs: Number.NaN }, /^lifetimeMs: is NaN: /],
  ])("no token is created with the options %o", async (options, message) => {
    await expect(server.token(unchecked<TokenOptions>(options))).rejects.toThrow(message);
  });

  it.each<readonly [unknown, RegExp]>([
    [null, /^the options of a test server: must be an object/],
    [{ time: "2026-12-01T12:00:00Z" }, /^time: is unknown: .* may have now, /],
    [{ operator: 0 }, /^operator: is 0: must be an ASN/],
    [{ operator: "65001" }, /^operator: is "65001": must be an ASN/],
    [{ scenario: {} }, /^scenario: must be the id of a built-in scenario, or \{ text \}/],
    [{ scenario: 5 }, /^scenario: must be the id of a built-in scenario/],
  ])("no server starts with the options %o", async (options, message) => {
    await expect(startTestServer(unchecked<TestServerOptions>(options))).rejects.toThrow(message);
  });

  it("an operator that is none, a device and a scenario without a name are rejected", async () => {
    expect(() => controlEmulator(server.url, { operator: 0 })).toThrow(/^operator: is 0: /);
    await expect(server.devices.register("a", Number.NaN)).rejects.toThrow(/^operator: is NaN: /);
    await expect(server.devices.unregister("a", 0)).rejects.toThrow(/^operator: is 0: /);
    await expect(server.devices.register("")).rejects.toThrow(/device\.userKey: value is required/);
    await expect(server.load(unchecked<string>(undefined))).rejects.toThrow(/^scenario: must be the id/);
  });
});
