import type { Message, Registry } from "@bufbuild/protobuf";
import type { ViolationList } from "./violations.ts";

/** Deepest nesting of messages that is read. */
export const maxDepth = 100;

export type ReadingState = {
  readonly violations: ViolationList;
  /** Skip unknown fields instead of rejecting them. */
  readonly ignoreUnknownFields: boolean;
  /** Types that an Any may hold. */
  readonly registry: Registry | undefined;
  /** Number of keys of JSON objects read so far, to detect duplicate keys. */
  keys: number;
  depth: number;
};

export function createReadingState(
  violations: ViolationList,
  ignoreUnknownFields: boolean,
  registry?: Registry,
): ReadingState {
  return { violations, ignoreUnknownFields, registry, keys: 0, depth: 0 };
}

/** Reads a JSON value as a message. Adds a violation and returns undefined if it cannot. */
export type MessageReader = (json: unknown, path: string, state: ReadingState) => Message | undefined;
