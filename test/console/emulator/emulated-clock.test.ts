import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  ClockSchema,
  Clock_Mode as Mode,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  betterReading,
  emulatedMsAt,
  emulatedNow,
  emulatedOffset,
  emulatedSecond,
  noteReading,
  offsetMsAt,
  readingOf,
} from "../../../src/console/emulator/emulated-clock.ts";

const noon = Date.parse("2026-12-24T12:00:00.250Z");

function answer(mode: Mode, timeMs: number, offsetMs = 0) {
  return create(ClockSchema, { mode, time: timestampFromMs(timeMs), offset: durationFromMs(offsetMs) });
}

describe("the emulated time of the console", () => {
  it("runs on from the middle between question and answer", () => {
    const reading = readingOf(answer(Mode.SHIFTED, noon, 5_000), 1_000, 1_020);
    expect(emulatedMsAt(reading, 1_010)).toBe(noon);
    expect(emulatedMsAt(reading, 61_010)).toBe(noon + 60_000);
    expect(offsetMsAt(reading, 61_010)).toBe(5_000);
  });

  it("stands still if the clock is frozen, and falls behind the machine", () => {
    const reading = readingOf(answer(Mode.FROZEN, noon, -1_000), 1_000, 1_000);
    expect(emulatedMsAt(reading, 61_000)).toBe(noon);
    expect(offsetMsAt(reading, 61_000)).toBe(-61_000);
  });

  it("stands still at the end of the year 9999, as the clock of the emulator does", () => {
    const latest = Date.parse("9999-12-31T23:59:59.999Z");
    const reading = readingOf(answer(Mode.SHIFTED, latest - 500), 0, 0);
    expect(emulatedMsAt(reading, 10_000)).toBe(latest);
  });

  it("keeps the most exact answer as long as later ones agree with it", () => {
    const exact = readingOf(answer(Mode.REAL, noon), 0, 2);
    // The answer took 40 ms of 42 in one direction.
    const slow = readingOf(answer(Mode.REAL, noon + 2_001), 2_000, 2_042);
    expect(betterReading(exact, slow)).toBe(exact);
    const fast = readingOf(answer(Mode.REAL, noon + 4_000), 4_000, 4_001);
    expect(betterReading(exact, fast)).toBe(fast);
  });

  it("follows every change of the clock, also one of a millisecond", () => {
    const exact = readingOf(answer(Mode.SHIFTED, noon, 5_000), 0, 0);
    const advanced = readingOf(answer(Mode.SHIFTED, noon + 2_001, 5_001), 2_000, 2_040);
    expect(betterReading(exact, advanced)).toBe(advanced);
    const frozen = readingOf(answer(Mode.FROZEN, noon + 2_000, 5_000), 2_000, 2_040);
    expect(betterReading(exact, frozen)).toBe(frozen);
    const moved = readingOf(answer(Mode.FROZEN, noon + 2_001, 5_001), 4_000, 4_040);
    expect(betterReading(frozen, moved)).toBe(moved);
  });

  it("follows the machine of the emulator when its clock is set", () => {
    const exact = readingOf(answer(Mode.REAL, noon), 0, 0);
    const later = readingOf(answer(Mode.REAL, noon + 62_000), 2_000, 2_040);
    expect(betterReading(exact, later)).toBe(later);
  });

  it("is that of the machine until the emulator's is known, and in whole seconds for what ticks", () => {
    const before = Date.now();
    const unknown = emulatedNow();
    expect([before <= unknown, unknown <= Date.now()]).toEqual([true, true]);
    noteReading(readingOf(answer(Mode.FROZEN, noon, -7_000), performance.now(), performance.now()));
    expect(emulatedNow()).toBe(noon);
    expect(emulatedSecond.value).toBe(noon - 250);
    expect(emulatedOffset()).toBeLessThanOrEqual(-7_000);
  });
});
