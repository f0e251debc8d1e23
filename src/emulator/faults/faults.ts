import { clone } from "@bufbuild/protobuf";
import {
  type Fault_Cut as Cut,
  type Fault,
  FaultSchema,
  type InjectedError,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, invalidFields } from "../../contract/api-error.ts";
import { durationMsOf } from "../duration-ms.ts";
import { compileMatcher, type MatchedCall } from "./call-matcher.ts";
import { checkFault } from "./fault-check.ts";

/** The faults of an emulator: which calls go wrong, how and how often. */
export type Faults = {
  /**
   * Adds a fault behind the others and returns it with its name. The name and the counters of the argument are ignored.
   * Throws INVALID_ARGUMENT with all violations, their paths relative to the fault, or RESOURCE_EXHAUSTED if there are as
   * many faults as may be.
   *
   * ```ts
   * const error = create(InjectedErrorSchema, { reason: ErrorReason.SERVER_OVERLOADED });
   * faults.add(
   *   create(FaultSchema, {
   *     effect: { case: "error", value: error },
   *     frequency: { case: "nextCalls", value: 1 },
   *   }),
   * );
   * ```
   */
  add(fault: Fault): Fault;
  /** Returns copies of the faults, the oldest first. */
  list(): Fault[];
  /** Deletes a fault. Returns false if there is none of this name. */
  delete(name: string): boolean;
  /** Deletes all of them, and ends the delays of calls. Their names are not used again. */
  clear(): void;
  readonly size: number;
  /** Returns what happens to a call, and counts it; undefined if no fault applies. */
  take(call: MatchedCall): AppliedFault | undefined;
};

/** What happens to a call. */
export type AppliedFault = {
  /** Name of the fault with the effect; without one, of the oldest fault that delays the call. */
  readonly name: string;
  /** The delays of all faults that apply, in ms. */
  readonly delayMs: number;
  readonly error: InjectedError | undefined;
  readonly cut: Cut | undefined;
  /** Aborts when the faults are cleared. */
  readonly cleared: AbortSignal;
};

/** Most faults at a time: each call is compared with all of them. */
export const maxFaults = 1_000;

type Entry = {
  readonly fault: Fault;
  readonly matches: (call: MatchedCall) => boolean;
  /** Returns whether the fault applies to a call that matches and has been counted. */
  readonly applies: () => boolean;
};

/** Creates an empty set of faults. */
export function createFaults(): Faults {
  const entries = new Map<string, Entry>();
  let lastId = 0;
  let clearing = new AbortController();

  return {
    add(given) {
      const violations = checkFault(given);
      if (violations.length > 0) {
        throw invalidFields(violations);
      }
      if (entries.size >= maxFaults) {
        throw apiError(ErrorReason.EMULATOR_LIMIT_REACHED, {
          message: `the emulator has ${maxFaults} faults, the most that it may have; delete some of them`,
        });
      }
      const fault = clone(FaultSchema, given);
      lastId += 1;
      fault.name = `faults/${lastId}`;
      fault.matchedCalls = 0n;
      fault.affectedCalls = 0n;
      entries.set(fault.name, {
        fault,
        matches: compileMatcher(fault.match),
        applies: compileFrequency(fault),
      });
      return clone(FaultSchema, fault);
    },
    list: () => Array.from(entries.values(), ({ fault }) => clone(FaultSchema, fault)),
    delete: (name) => entries.delete(name),
    clear() {
      entries.clear();
      clearing.abort();
      clearing = new AbortController();
    },
    get size() {
      return entries.size;
    },
    take(call) {
      const applied: Fault[] = [];
      let effective: Fault | undefined;
      for (const { fault, matches, applies } of entries.values()) {
        // A call that has an effect does not count for later ones, so that faults queue up.
        const isTaken = effective !== undefined && fault.effect.case !== undefined;
        if (isTaken || !matches(call)) {
          continue;
        }
        fault.matchedCalls += 1n;
        if (applies()) {
          fault.affectedCalls += 1n;
          applied.push(fault);
          effective ??= fault.effect.case === undefined ? undefined : fault;
          if (fault.frequency.case === "nextCalls" && fault.affectedCalls >= fault.frequency.value) {
            entries.delete(fault.name);
          }
        }
      }
      return merge(applied, clearing.signal, effective);
    },
  };
}

function merge(
  applied: readonly Fault[],
  cleared: AbortSignal,
  effective = applied[0],
): AppliedFault | undefined {
  if (effective === undefined) {
    return undefined;
  }
  const { name, effect } = effective;
  return {
    name,
    delayMs: applied.reduce(
      (sum, { delay }) => sum + (delay === undefined ? 0 : Math.ceil(durationMsOf(delay))),
      0,
    ),
    error: effect.case === "error" ? effect.value : undefined,
    cut: effect.case === "cut" ? effect.value : undefined,
    cleared,
  };
}

function compileFrequency(fault: Fault): () => boolean {
  const { frequency } = fault;
  switch (frequency.case) {
    case "everyNth": {
      const nth = BigInt(frequency.value);
      return () => fault.matchedCalls % nth === 0n;
    }
    case "share": {
      const random = createRandom();
      return () => random() < frequency.value;
    }
    default:
      return () => true;
  }
}

/**
 * Creates a generator of numbers from 0 up to but not including 1, the same ones each time: a counter whose bits are mixed
 * (splitmix32).
 */
function createRandom(): () => number {
  let state = 0;
  return function next() {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
