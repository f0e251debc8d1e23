import type { ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import type { PlanStore, PutRecord } from "../../store/plan-store.ts";
import { removeRecord } from "../../store/remove-record.ts";
import type { EmulatorClock } from "../clock/emulator-clock.ts";
import { type Devices, maxDevices } from "../devices/devices.ts";
import type { EmulatorState } from "../emulator-state.ts";
import { maxFaults } from "../faults/faults.ts";
import type { Scenario, ScenarioDevice } from "./scenario.ts";

/** Records that are stored at a time. */
const concurrency = 256;

/**
 * Applies a scenario: first its clock, because the store compares with it. Rejects with RESOURCE_EXHAUSTED, before it changes
 * anything, and with StoreUnavailable.
 */
export async function applyScenario(
  scenario: Scenario,
  target: EmulatorState,
  store: PlanStore,
): Promise<void> {
  const { clock, enforced, devices, faults, records } = scenario;
  if (target.faults.size + faults.length > maxFaults) {
    throw noRoom(`${maxFaults} faults`);
  }
  registerDevices(target.devices, devices, clock?.ms ?? target.clock.now());
  if (clock !== undefined) {
    setClock(target.clock, clock);
  }
  target.devices.enforced = enforced ?? target.devices.enforced;
  for (const fault of faults) {
    target.faults.add(fault);
  }
  for (let at = 0; at < records.length; at += concurrency) {
    await Promise.all(records.slice(at, at + concurrency).map((record) => replaceRecord(store, record)));
  }
}

/** Registers all devices, or none if there is no room for all of them. */
function registerDevices(to: Devices, devices: readonly ScenarioDevice[], nowMs: number): void {
  const added: ScenarioDevice[] = [];
  for (const device of devices) {
    const { asn, userKey } = device;
    const isNew = !to.isRegistered(asn, userKey);
    if (to.register(asn, userKey, nowMs) === undefined) {
      for (const each of added) {
        to.unregister(each.asn, each.userKey);
      }
      throw noRoom(`${maxDevices} devices with short keys`);
    }
    if (isNew) {
      added.push(device);
    }
  }
}

function noRoom(most: string): ConnectError {
  return apiError(ErrorReason.EMULATOR_LIMIT_REACHED, {
    message: `the scenario was not loaded: with it, the emulator would have more than ${most}; delete some of them, or reset it`,
  });
}

/** Sets a clock as a scenario says. */
export function setClock(clock: EmulatorClock, { mode, ms }: NonNullable<Scenario["clock"]>): void {
  if (mode === "real") {
    clock.setReal();
  } else if (mode === "shifted") {
    clock.shiftTo(ms);
  } else {
    clock.freezeAt(ms);
  }
}

/** Stores a record, also if a newer one is stored: a scenario is not a push. */
async function replaceRecord(store: PlanStore, record: PutRecord): Promise<void> {
  const { outcome } = await store.put(record);
  if (outcome === "stale") {
    await removeRecord(store, record.key);
    await store.put(record);
  }
}

/**
 * Deletes everything that the emulator holds, and sets the clock to that of the machine. Rejects with StoreUnavailable.
 */
export async function clearAll(target: EmulatorState, store: PlanStore): Promise<void> {
  target.devices.clear();
  target.faults.clear();
  target.journal.clear();
  target.clock.setReal();
  // Expired ones as well, because an earlier clock would make them readable again.
  for await (const { records } of store.scan({ includeExpired: true })) {
    await Promise.all(records.map(({ key }) => removeRecord(store, key)));
  }
}
