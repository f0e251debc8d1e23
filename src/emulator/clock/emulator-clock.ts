import { type Clock, systemClock } from "../../contract/clock.ts";

export type ClockMode = "real" | "shifted" | "frozen";

/** A clock that can be set. All times are whole milliseconds since 1970-01-01T00:00:00Z, from 0 to `latestMs`. */
export type EmulatorClock = Clock & {
  readonly mode: ClockMode;
  /** How far it is ahead of the machine, in ms. */
  offsetMs(): number;
  /** Lets it be the clock of the machine. */
  setReal(): void;
  /** Sets the time, from which it runs on. */
  shiftTo(ms: number): void;
  /** Sets the time, at which it stands still. */
  freezeAt(ms: number): void;
  /** Moves it by some ms, at least 0. A frozen one stays frozen; a real one becomes shifted. */
  advance(ms: number): void;
};

/** The latest time of the clock: 9999-12-31T23:59:59.999Z, the end of the Timestamps that JSON can express. */
export const latestMs = 253_402_300_799_999;

/**
 * Creates a clock that is real until it is set. A shifted one stands still at the latest time, and at the earliest if the
 * clock of the machine is set back.
 */
export function createEmulatorClock(machine: Clock = systemClock): EmulatorClock {
  let mode: ClockMode = "real";
  let offset = 0;
  let frozenAt = 0;

  function timeAt(machineMs: number): number {
    return mode === "frozen" ? frozenAt : Math.max(0, Math.min(machineMs + offset, latestMs));
  }

  return {
    get mode() {
      return mode;
    },
    now: () => timeAt(machine.now()),
    offsetMs() {
      const machineMs = machine.now();
      return timeAt(machineMs) - machineMs;
    },
    setReal() {
      mode = "real";
      offset = 0;
    },
    shiftTo(ms) {
      mode = "shifted";
      offset = ms - machine.now();
    },
    freezeAt(ms) {
      mode = "frozen";
      frozenAt = ms;
    },
    advance(ms) {
      if (mode === "frozen") {
        frozenAt += ms;
      } else {
        mode = "shifted";
        offset += ms;
      }
    },
  };
}
