import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Clock_Mode as Mode } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { AdvanceClockRequestSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { protocols } from "../../support/test-server.ts";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});

afterEach(() => {
  emulator.state.clock.setReal();
});

const christmas = "2026-12-24T18:00:00Z";
const latest = "9999-12-31T23:59:59.999Z";
const range = `must be from 1970-01-01T00:00:00Z to ${latest}`;

const patch = async (body: object, mask?: string) =>
  (await emulator.rest("PATCH", `clock${mask === undefined ? "" : `?updateMask=${mask}`}`, body)).body;
const advance = async (duration?: string) =>
  (await emulator.rest("POST", "clock:advance", { duration })).body;

/** The error answer with one violation. */
const violation = (field: string, description: string | RegExp) => ({
  error: {
    code: 400,
    details: expect.arrayContaining([
      expect.objectContaining({
        fieldViolations: [{ field, description: expect.stringMatching(description) }],
      }),
    ]),
  },
});

describe("GetClock", () => {
  it("is the time of the machine, with no offset, until the clock is set", async () => {
    const before = Date.now();
    const { mode, time, offset } = await emulator.control("grpc").getClock({});
    expect(mode).toBe(Mode.REAL);
    expect(timestampMs(time ?? timestampFromMs(0))).toBeGreaterThanOrEqual(before);
    expect(timestampMs(time ?? timestampFromMs(0))).toBeLessThanOrEqual(Date.now());
    expect(offset).toMatchObject({ seconds: 0n, nanos: 0 });
  });
});

describe.each(protocols)("The clock over %s", (protocol) => {
  it("is set, read and advanced", async () => {
    const control = emulator.control(protocol);
    const set = await control.updateClock({ clock: { mode: Mode.FROZEN, time: timestampFromMs(1_000) } });
    expect(set.time).toEqual(timestampFromMs(1_000));
    expect(Number(set.offset?.seconds)).toBeLessThan(-1_700_000_000);
    const advanced = await control.advanceClock({ duration: durationFromMs(1_500) });
    expect(advanced).toMatchObject({ mode: Mode.FROZEN, time: timestampFromMs(2_500) });
    expect((await control.getClock({})).time).toEqual(timestampFromMs(2_500));
  });

  it("rejects a time before 1970 and stays as it was", async () => {
    const control = emulator.control(protocol);
    await control.updateClock({ clock: { mode: Mode.FROZEN, time: timestampFromMs(1_000) } });
    const error = await apiErrorOf(control.updateClock({ clock: { time: timestampFromMs(-1) } }));
    expect(error).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
    expect(error.violations).toEqual([`${protocol === "rest" ? "" : "clock."}time: ${range}`]);
    expect(await control.getClock({})).toMatchObject({ mode: Mode.FROZEN, time: timestampFromMs(1_000) });
  });
});

describe("UpdateClock", () => {
  it("runs on from a time that is given without a mode", async () => {
    expect(await patch({ time: christmas })).toMatchObject({ mode: "SHIFTED" });
    const { clock } = emulator.state;
    expect(clock.now()).toBeGreaterThanOrEqual(Date.parse(christmas));
    expect(clock.now()).toBeLessThan(Date.parse(christmas) + 60_000);
  });

  it("leaves a frozen clock frozen if only a time is given", async () => {
    await patch({ mode: "FROZEN" });
    expect(await patch({ time: christmas })).toMatchObject({ mode: "FROZEN", time: christmas });
  });

  it("stops at the emulated time, and runs on from it, if only a mode is given", async () => {
    await patch({ time: "1999-12-31T23:00:00Z" });
    const frozen = await patch({ mode: "FROZEN" });
    expect(frozen).toMatchObject({ mode: "FROZEN", time: expect.stringMatching(/^1999-12-31T23:0/) });
    expect(await patch({ mode: "SHIFTED" })).toMatchObject({
      mode: "SHIFTED",
      time: expect.stringMatching(/^1999-12-31T23:0/),
    });
  });

  it("keeps the time of the machine if a real clock becomes shifted", async () => {
    expect(await patch({ mode: "SHIFTED" })).toMatchObject({ mode: "SHIFTED", offset: "0s" });
  });

  it("returns to the clock of the machine with the mode REAL", async () => {
    await patch({ mode: "FROZEN", time: christmas });
    expect(await patch({ mode: "REAL" })).toMatchObject({ mode: "REAL", offset: "0s" });
  });

  it("drops the parts of a millisecond", async () => {
    const { body } = await emulator.rest("PATCH", "clock", {
      mode: "FROZEN",
      time: "2026-12-24T18:00:00.123999999Z",
    });
    expect(body).toMatchObject({ time: "2026-12-24T18:00:00.123Z" });
  });

  it.each(["1970-01-01T00:00:00Z", latest, "9999-12-31T23:59:59.999999999Z"])(
    "accepts the time %s",
    async (time) => {
      const set = await patch({ mode: "FROZEN", time });
      expect(set).toMatchObject({ time: time.replace(/999999999Z$/, "999Z") });
    },
  );

  it.each([
    ["1969-12-31T23:59:59.999999999Z", range],
    ["0001-01-01T00:00:00Z", range],
    ["10000-01-01T00:00:00Z", /./],
    ["2026-02-30T00:00:00Z", /./],
    ["tomorrow", /./],
  ])("rejects the time %s", async (time, description) => {
    expect(await patch({ time })).toMatchObject(violation("time", description));
  });

  it.each([
    ["9999-12-31 and a second", 253_402_300_800n, 0],
    ["year 1 minus a second", -62_135_596_801n, 0],
    ["too many nanoseconds", 1n, 1_000_000_000],
    ["negative nanoseconds", 1n, -1],
  ])("rejects a binary time of %s once", async (_, seconds, nanos) => {
    const call = emulator.control("connect").updateClock({ clock: { time: { seconds, nanos } } });
    expect((await apiErrorOf(call)).fields).toEqual(["clock.time"]);
  });

  it("rejects a time with the mode REAL", async () => {
    expect(await patch({ mode: "REAL", time: christmas })).toMatchObject(
      violation("time", /must not be set with the mode REAL.*: use SHIFTED or FROZEN/),
    );
  });

  it.each([{}, { offset: "3600s" }, { mode: "MODE_UNSPECIFIED" }])(
    "rejects %j, which sets nothing",
    async (body) => {
      expect(await patch(body)).toMatchObject(violation("clock", "must have a mode, a time or both"));
    },
  );

  it("rejects a request without a clock", async () => {
    expect((await apiErrorOf(emulator.control("grpc").updateClock({}))).fields).toEqual(["clock"]);
  });

  it.each([["PAUSED"], [7], ["frozen"]])("rejects the mode %s with those that exist", async (mode) => {
    expect(await patch({ mode })).toMatchObject(violation("mode", /REAL, SHIFTED, FROZEN/));
  });

  it("ignores the offset, which is output only", async () => {
    expect(await patch({ mode: "FROZEN", time: christmas, offset: "5s" })).toMatchObject({ time: christmas });
    expect(await patch({ time: "2027-01-01T00:00:00Z" }, "time,offset")).toMatchObject({
      time: "2027-01-01T00:00:00Z",
    });
  });

  it.each([
    ["mode", { mode: "FROZEN", time: "2027-01-01T00:00:00Z" }, { mode: "FROZEN", time: christmas }],
    [
      "time",
      { mode: "SHIFTED", time: "2027-01-01T00:00:00Z" },
      { mode: "FROZEN", time: "2027-01-01T00:00:00Z" },
    ],
    ["mode,time", { time: "2027-01-01T00:00:00Z" }, { mode: "FROZEN", time: "2027-01-01T00:00:00Z" }],
    ["mode,time", { mode: "REAL" }, { mode: "REAL" }],
    ["mode", { mode: "REAL", time: "1900-01-01T00:00:00Z" }, { mode: "REAL" }],
    ["*", { mode: "FROZEN" }, { mode: "FROZEN", time: christmas }],
  ])("sets what the mask %s names of %j", async (mask, body, expected) => {
    await patch({ mode: "FROZEN", time: christmas });
    expect(await patch(body, mask)).toMatchObject(expected);
  });

  it.each([
    ["offset", { mode: "FROZEN" }, "updateMask", "must name mode or time: nothing else can be set"],
    ["clock.mode", { mode: "FROZEN" }, "updateMask", /"clock.mode" is none of its fields/],
    ["mode,speed", { mode: "FROZEN" }, "updateMask", /"speed" is none of its fields/],
    ["time.seconds", { time: christmas }, "updateMask", /"time.seconds" is none of its fields/],
    ["time", { mode: "FROZEN" }, "time", "value is required, because updateMask names it"],
    ["mode", { time: christmas }, "mode", /must be REAL, SHIFTED or FROZEN/],
    ["mode,time", { mode: "FROZEN" }, "time", "value is required, because updateMask names it"],
  ])("rejects the mask %s for %j", async (mask, body, field, description) => {
    expect(await patch(body, mask)).toMatchObject(violation(field, description));
  });
});

describe("AdvanceClock", () => {
  it("lets a real clock run ahead", async () => {
    expect(await advance("86400s")).toMatchObject({
      mode: "SHIFTED",
      offset: "86400s",
    });
  });

  it("leaves a frozen clock frozen, and drops the parts of a millisecond", async () => {
    await patch({ mode: "FROZEN", time: christmas });
    expect(await advance("1.0019s")).toMatchObject({ mode: "FROZEN", time: "2026-12-24T18:00:01.001Z" });
  });

  it("can reach the latest time and not pass it", async () => {
    await patch({ mode: "FROZEN", time: "9999-12-31T23:59:59Z" });
    expect(await advance("1s")).toMatchObject(
      violation("duration", "^must be at most 0.999s: the clock cannot pass the end of the year 9999"),
    );
    expect(await advance("0.999s")).toMatchObject({ time: latest });
    expect(await advance("0.001s")).toMatchObject(violation("duration", "^must be at most 0s"));
  });

  it.each(["0s", "-1s", "-0.001s", "0.0009s"])("rejects %s", async (duration) => {
    expect(await advance(duration)).toMatchObject(
      violation("duration", "must be at least a millisecond: 0.001s"),
    );
  });

  it("rejects a missing duration", async () => {
    expect(await advance()).toMatchObject(violation("duration", "value is required"));
  });

  it.each([
    ["seconds and nanos of different signs", 1n, -1],
    ["too many nanos", 1n, 1_000_000_000],
    ["more seconds than a Duration may have", 2n ** 62n, 0],
    ["fewer seconds than a Duration may have", -(2n ** 62n), 0],
  ])("rejects %s in binary", async (_, seconds, nanos) => {
    const request = create(AdvanceClockRequestSchema, { duration: { seconds, nanos } });
    expect((await apiErrorOf(emulator.control("grpc").advanceClock(request))).fields).toEqual(["duration"]);
  });
});
