import { createEmulatorClock, type EmulatorClock } from "./clock/emulator-clock.ts";
import { createDevices, type Devices } from "./devices/devices.ts";
import { createFaults, type Faults } from "./faults/faults.ts";

/** What the emulator holds besides the store. */
export type EmulatorState = {
  readonly clock: EmulatorClock;
  readonly devices: Devices;
  readonly faults: Faults;
};

/** Creates the state of a new emulator. */
export function createEmulatorState(): EmulatorState {
  return { clock: createEmulatorClock(), devices: createDevices(), faults: createFaults() };
}
