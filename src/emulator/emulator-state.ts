import { createEmulatorClock, type EmulatorClock } from "./clock/emulator-clock.ts";
import { createDevices, type Devices } from "./devices/devices.ts";
import { createFaults, type Faults } from "./faults/faults.ts";
import { createJournal, type Journal, type JournalLimits } from "./journal/journal.ts";

/** What the emulator holds besides the store. */
export type EmulatorState = {
  readonly clock: EmulatorClock;
  readonly devices: Devices;
  readonly faults: Faults;
  readonly journal: Journal;
};

/** Options of the state. */
export type StateOptions = {
  /** Bounds of the journal. */
  journal?: Partial<JournalLimits> | undefined;
};

/** Creates the state of a new emulator. */
export function createEmulatorState({ journal }: StateOptions = {}): EmulatorState {
  return {
    clock: createEmulatorClock(),
    devices: createDevices(),
    faults: createFaults(),
    journal: createJournal(journal),
  };
}
