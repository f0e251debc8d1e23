import type { Message, Registry } from "@bufbuild/protobuf";
import type { ViolationList } from "./violations.ts";

/** What one reading of a document keeps track of. */
export type ReadingState = {
  readonly violations: ViolationList;
  /** Skip what the message does not know, instead of refusing it. */
  readonly ignoreUnknownFields: boolean;
  /** Types that an Any may hold. */
  readonly registry: Registry | undefined;
  /** Keys of JSON objects seen so far; tells whether the text had a key twice. */
  keys: number;
  depth: number;
};

/** Returns the state for a new document. */
export function createReadingState(
  violations: ViolationList,
  ignoreUnknownFields: boolean,
  registry?: Registry,
): ReadingState {
  return { violations, ignoreUnknownFields, registry, keys: 0, depth: 0 };
}

/** Reads a JSON value into a message; returns undefined after having reported why it cannot. */
export type MessageReader = (json: unknown, path: string, state: ReadingState) => Message | undefined;
