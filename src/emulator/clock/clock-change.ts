import { Clock_Mode as Mode } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { UpdateClockRequest } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { floorToMs, instantOf } from "../../contract/instant.ts";
import { readUpdateMask } from "../update-mask.ts";
import { latestMs } from "./emulator-clock.ts";

/** What an update asks of the clock: a mode, a time or both. */
export type ClockChange = {
  readonly mode: Mode;
  readonly timeMs: number | undefined;
  /** What is wrong with the request, except the violations of the contract's rules. */
  readonly violations: readonly FieldViolation[];
};

const fields = { settable: ["mode", "time"], outputOnly: ["offset"] };

/** Reads an update of the clock. Fields that its mask does not name are ignored. */
export function readClockChange({ clock, updateMask }: UpdateClockRequest): ClockChange {
  const mask = readUpdateMask(updateMask, fields);
  const mode = (mask.allows("mode") && clock?.mode) || Mode.MODE_UNSPECIFIED;
  const time = mask.allows("time") ? clock?.time : undefined;
  const timeMs = time && floorToMs(instantOf(time));
  const violations = [...mask.violations];
  const add = (field: string, description: string) => violations.push({ field, description });
  if (timeMs !== undefined && mode === Mode.REAL) {
    add(
      "clock.time",
      "must not be set with the mode REAL, which has the time of the machine: use SHIFTED or FROZEN",
    );
  } else if (timeMs !== undefined && !(timeMs >= 0 && timeMs <= latestMs)) {
    add("clock.time", "must be from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z");
  } else if (timeMs === undefined && mask.names("time") && mode !== Mode.REAL) {
    add("clock.time", "value is required, because updateMask names it");
  } else if (timeMs === undefined && mode === Mode.MODE_UNSPECIFIED) {
    if (mask.names("mode")) {
      add("clock.mode", "must be REAL, SHIFTED or FROZEN, because updateMask names only the mode");
    } else if (violations.length === 0) {
      add("clock", "must have a mode, a time or both");
    }
  }
  return { mode, timeMs, violations };
}
