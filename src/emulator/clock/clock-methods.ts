import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Clock as ClockMessage,
  ClockSchema,
  Clock_Mode as Mode,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  AdvanceClockRequestSchema,
  UpdateClockRequestSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { ContractRules } from "../../plans/contract-rules.ts";
import { durationMsOf } from "../duration-ms.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { requireValid } from "../require-valid.ts";
import { readClockChange } from "./clock-change.ts";
import { type ClockMode, type EmulatorClock, latestMs } from "./emulator-clock.ts";

const modes: Readonly<Record<ClockMode, Mode>> = {
  real: Mode.REAL,
  shifted: Mode.SHIFTED,
  frozen: Mode.FROZEN,
};

/** Implements the methods of the clock. */
export function createClockMethods(
  clock: EmulatorClock,
  rules: ContractRules,
): EmulatorMethods<"getClock" | "updateClock" | "advanceClock"> {
  return {
    getClock: () => clockMessage(clock),

    updateClock(request) {
      const { mode, timeMs, violations } = readClockChange(request);
      requireValid(rules, UpdateClockRequestSchema, request, violations);
      if (mode === Mode.REAL) {
        clock.setReal();
      } else if (mode === Mode.FROZEN || (mode === Mode.MODE_UNSPECIFIED && clock.mode === "frozen")) {
        clock.freezeAt(timeMs ?? clock.now());
      } else if (timeMs !== undefined || clock.mode === "frozen") {
        clock.shiftTo(timeMs ?? clock.now());
      } else {
        // It runs already, and loses no part of a millisecond.
        clock.advance(0);
      }
      return clockMessage(clock);
    },

    advanceClock(request) {
      const ms = request.duration ? durationMsOf(request.duration, Math.floor) : 0;
      requireValid(rules, AdvanceClockRequestSchema, request, problemsOfAdvance(ms, latestMs - clock.now()));
      clock.advance(ms);
      return clockMessage(clock);
    },
  };
}

/** Returns the clock as callers see it. */
export function clockMessage(clock: EmulatorClock): ClockMessage {
  return create(ClockSchema, {
    mode: modes[clock.mode],
    time: timestampFromMs(clock.now()),
    offset: durationFromMs(clock.offsetMs()),
  });
}

function problemsOfAdvance(ms: number, most: number): FieldViolation[] {
  if (!(ms >= 1)) {
    return [{ field: "duration", description: "must be at least a millisecond: 0.001s" }];
  }
  return ms <= most
    ? []
    : [
        {
          field: "duration",
          description: `must be at most ${most / 1000}s: the clock cannot pass the end of the year 9999`,
        },
      ];
}
