import type { ServiceImpl } from "@connectrpc/connect";
import type { EmulatorService } from "../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { ServerParts } from "../server/server-extension.ts";
import { createClockMethods } from "./clock/clock-methods.ts";
import { createDeviceMethods } from "./devices/device-methods.ts";
import type { EmulatorState } from "./emulator-state.ts";
import { createFaultMethods } from "./faults/fault-methods.ts";
import { createJournalMethods } from "./journal/journal-methods.ts";
import { createRecordMethods } from "./records/record-methods.ts";
import type { ScenarioLoader } from "./scenarios/scenario-loader.ts";
import { createScenarioMethods } from "./scenarios/scenario-methods.ts";
import { createTokenMethods } from "./tokens/token-methods.ts";

/** Implements EmulatorService. */
export function createEmulatorService(
  state: EmulatorState,
  parts: ServerParts,
  scenarios: ScenarioLoader,
): Partial<ServiceImpl<typeof EmulatorService>> {
  const { rules } = parts;
  const { clock, devices, faults, journal } = state;
  return {
    ...createClockMethods(clock, rules),
    ...createDeviceMethods({ devices, clock, rules }),
    ...createFaultMethods(faults, rules),
    ...createJournalMethods(journal, parts),
    ...createScenarioMethods(scenarios, rules),
    ...createRecordMethods(parts),
    ...createTokenMethods(parts),
  };
}
