import { createEmulatorClock, type EmulatorClock } from "./clock/emulator-clock.ts";

/** What the emulator holds besides the store. */
export type EmulatorState = {
  readonly clock: EmulatorClock;
};

/** Creates the state of a new emulator. */
export function createEmulatorState(): EmulatorState {
  return { clock: createEmulatorClock() };
}
