import type { Message, Registry } from "@bufbuild/protobuf";
import type { Codecs } from "../../codec/index.ts";
import { type FieldViolation, type ListLimits, maxViolations } from "../../contract/field-violation.ts";
import { isObject } from "./scalar.ts";
import type { ViolationList } from "./violations.ts";

/** Deepest nesting of messages that is read. */
export const maxDepth = 100;

/** How JSON is read as a message. */
export type ReadingOptions = {
  /**
   * Skips unknown fields and unknown names of enum values in JSON instead of rejecting them. A skipped value is not set,
   * and a skipped item of a list is left out. Unknown query parameters are always rejected. Defaults to false.
   */
  readonly ignoreUnknownFields?: boolean | undefined;
  /** Called for each field and name that is skipped, at most a hundred times for one message. */
  readonly onUnknownField?: ((skipped: FieldViolation) => void) | undefined;
  /** Types that an Any may contain. */
  readonly registry?: Registry | undefined;
  /**
   * Limits of lists and maps. A longer one is rejected before its items are read, so that a small body does not cost
   * much. Defaults to none.
   */
  readonly listLimits?: ListLimits | undefined;
  /** Generated codecs of messages. They are used where the result is the same. */
  readonly codecs?: Codecs | undefined;
};

export type ReadingState = ReadingOptions & {
  readonly violations: ViolationList;
  /** Number of keys of JSON objects read so far, to detect duplicate keys. */
  keys: number;
  depth: number;
  /** Number of unknown fields and names that were skipped. */
  skipped: number;
  /** Ends the description of an unknown field of the outermost message whose name belongs elsewhere in the request. */
  placeOf: ((name: string) => string | undefined) | undefined;
};

export function createReadingState(violations: ViolationList, options: ReadingOptions = {}): ReadingState {
  const { ignoreUnknownFields, onUnknownField, registry, listLimits } = options;
  return {
    violations,
    ignoreUnknownFields,
    onUnknownField,
    registry,
    listLimits,
    keys: 0,
    depth: 0,
    skipped: 0,
    placeOf: undefined,
  };
}

/**
 * Rejects or skips an unknown field or name with its value. It is described only if anybody asks: a body can have 100,000
 * of them.
 */
export function addUnknown(state: ReadingState, value: unknown, describe: () => FieldViolation): void {
  if (!state.ignoreUnknownFields) {
    const { field, description } = describe();
    state.violations.add(field, description);
    return;
  }
  state.skipped += 1;
  state.keys += countKeys(value);
  if (state.skipped <= maxViolations) {
    state.onUnknownField?.(describe());
  }
}

/** Returns the number of keys in a JSON value at all depths. Not recursive, because what is skipped may be nested deep. */
function countKeys(value: unknown): number {
  let count = 0;
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    const isList = Array.isArray(next);
    if (isList || isObject(next)) {
      const values = isList ? next : Object.values(next);
      count += isList ? 0 : values.length;
      for (const each of values) {
        if (typeof each === "object") {
          open.push(each);
        }
      }
    }
  }
  return count;
}

/** Reads a JSON value as a message. Adds a violation and returns undefined if it cannot. */
export type MessageReader = (json: unknown, path: string, state: ReadingState) => Message | undefined;
