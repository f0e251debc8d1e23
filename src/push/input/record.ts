import type { FieldViolation } from "../../contract/field-violation.ts";

/** A position in an input: after one of its records. */
export type Position = {
  /** Number of the record, from 1: its line, or its place in a JSON array. 0 is before the first record. */
  readonly index: number;
  /** Bytes of the decompressed input up to the end of the record, its separator included. */
  readonly end: number;
  /** CRC-32 of those bytes. */
  readonly crc: number;
};

/** One record of an input, before parsing. */
export type RawRecord = Position & {
  /** The text without its separator. Empty for the last line if that is blank. May be a view of a larger buffer. */
  readonly bytes: Uint8Array;
  /** Number of blank lines between the record before and this one. They are done when this record is. */
  readonly blankLines?: number;
  /** Number of other lines between the record before and this one: of a CSV header, or of a row with line breaks. */
  readonly otherLines?: number;
  /** Of a row of CSV: what is wrong with its cells, and the columns of fields. */
  readonly row?: RecordRow;
  /** A problem that the reader has found. Such a record is not parsed. */
  readonly problem?: string;
  /** The input ended here without a line break, or in the middle of an array. */
  readonly last?: true;
};

/** What the reader of CSV knows about a record. */
export type RecordRow = {
  readonly violations: readonly FieldViolation[];
  /** Returns the column of a field, such as `planStatus.title`, as it is shown in messages. */
  columnOf(path: string): string | undefined;
};

/** The position before the first record. */
export const start: Position = { index: 0, end: 0, crc: 0 };

/**
 * Maximum size of a record that is stored, in bytes. Longer ones are counted but not held in memory. This is more than
 * the API accepts, so that rejected records can be shown.
 */
export const maxStoredSize = 16 * 1024 * 1024;

/** Maximum size of a record that is sent, in bytes: servers accept request bodies of this size. */
export const maxSentSize = 1024 * 1024;
