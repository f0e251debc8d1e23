import type { Message, Registry } from "@bufbuild/protobuf";
import type { ListLimits } from "../../contract/field-violation.ts";
import type { ViolationList } from "./violations.ts";

/** Deepest nesting of messages that is read. */
export const maxDepth = 100;

export type ReadingState = {
  readonly violations: ViolationList;
  /** Skip unknown fields and unknown names of enum values instead of rejecting them. */
  readonly ignoreUnknownFields: boolean;
  /** Types that an Any may hold. */
  readonly registry: Registry | undefined;
  /** Limits of lists and maps. */
  readonly listLimits: ListLimits | undefined;
  /** Number of keys of JSON objects read so far, to detect duplicate keys. */
  keys: number;
  depth: number;
};

export function createReadingState(
  violations: ViolationList,
  ignoreUnknownFields: boolean,
  { registry, listLimits }: { registry?: Registry | undefined; listLimits?: ListLimits | undefined } = {},
): ReadingState {
  return { violations, ignoreUnknownFields, registry, listLimits, keys: 0, depth: 0 };
}

/** Reads a JSON value as a message. Adds a violation and returns undefined if it cannot. */
export type MessageReader = (json: unknown, path: string, state: ReadingState) => Message | undefined;
