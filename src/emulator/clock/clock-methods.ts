import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Clock as ClockMessage,
  ClockSchema,
  Clock_Mode as Mode,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import type { ClockMode, EmulatorClock } from "./emulator-clock.ts";

const modes: Readonly<Record<ClockMode, Mode>> = {
  real: Mode.REAL,
  shifted: Mode.SHIFTED,
  frozen: Mode.FROZEN,
};

/** Implements the methods of the clock. */
export function createClockMethods(clock: EmulatorClock): EmulatorMethods<"getClock"> {
  return {
    getClock: () => clockMessage(clock),
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
