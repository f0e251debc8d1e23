import { expect, it } from "vitest";
import { createEmulatorClock, latestMs } from "../../../src/emulator/clock/emulator-clock.ts";
import { createTestClock, testTime } from "../../support/test-clock.ts";

it("a shifted clock stands still at the latest time, and its offset stays consistent with it", () => {
  const machine = createTestClock();
  const clock = createEmulatorClock(machine);
  clock.shiftTo(latestMs - 10);
  machine.set(testTime + 9);
  expect(clock.now()).toBe(latestMs - 1);
  machine.set(testTime + 1_000);
  expect(clock.now()).toBe(latestMs);
  expect(machine.now() + clock.offsetMs()).toBe(latestMs);
});

it("a shifted clock is never before 1970, even if the clock of the machine is set back", () => {
  const machine = createTestClock();
  const clock = createEmulatorClock(machine);
  clock.shiftTo(5);
  machine.set(testTime - 1_000);
  expect(clock.now()).toBe(0);
});

it("a frozen clock does not follow the machine", () => {
  const machine = createTestClock();
  const clock = createEmulatorClock(machine);
  clock.freezeAt(1_234);
  machine.set(testTime + 5_000);
  expect(clock.now()).toBe(1_234);
  expect(clock.offsetMs()).toBe(1_234 - testTime - 5_000);
});

it("a real clock follows the machine without an offset", () => {
  const machine = createTestClock();
  const clock = createEmulatorClock(machine);
  clock.freezeAt(1);
  clock.setReal();
  machine.set(testTime + 5);
  expect([clock.mode, clock.now(), clock.offsetMs()]).toEqual(["real", testTime + 5, 0]);
});

it("advance moves a frozen and a shifted clock exactly, and makes a real one shifted", () => {
  const machine = createTestClock();
  const clock = createEmulatorClock(machine);
  clock.advance(7);
  expect([clock.mode, clock.offsetMs()]).toEqual(["shifted", 7]);
  machine.set(testTime + 3);
  clock.advance(2);
  expect(clock.now()).toBe(testTime + 12);
  clock.freezeAt(5);
  clock.advance(1);
  expect([clock.mode, clock.now()]).toEqual(["frozen", 6]);
});
