/** A place in an input: behind one of its records. */
export type Position = {
  /** Number of the record, from 1: its line, or in a JSON array its place. 0 is before the first. */
  readonly index: number;
  /** Bytes of the decompressed input up to the end of the record, its separator included. */
  readonly end: number;
  /** CRC-32 of those bytes. */
  readonly crc: number;
};

/** One record of an input, not parsed yet. */
export type RawRecord = Position & {
  /** The text without its separator. Empty for a blank line. May be a view of a larger buffer. */
  readonly bytes: Uint8Array;
  /** What the reader found wrong already; such a record is not parsed. */
  readonly fault?: string;
  /** The input ended here without a line break, or in the middle of an array. */
  readonly last?: true;
};

/** Before the first record. */
export const start: Position = { index: 0, end: 0, crc: 0 };

/**
 * Longest record that is kept, in bytes: what is longer is counted and measured but not held in memory. The API takes
 * far less; this much is for showing what was wrong.
 */
export const longestKept = 16 * 1024 * 1024;

/** Longest record that is sent, in bytes: what servers take as the body of a request. */
export const longestSent = 1024 * 1024;
