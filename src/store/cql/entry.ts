import type { Instant } from "../../contract/instant.ts";
import { type PutRecord, StoreUnavailable } from "../plan-store.ts";

/** What one cell holds: a record without its key. */
export type CqlEntry = Omit<PutRecord, "key">;

/** First byte of an entry. Another layout gets another number. */
const layout = 1;

/** Bytes before the value: the layout, seconds and nanos of the update time, and the expiry. */
const headBytes = 1 + 8 + 4 + 8;

/**
 * Writes a record as the bytes of a single cell.
 *
 * One cell, because a replica settles conflicts cell by cell: of a row with several cells it could keep the value of
 * one record and the expiry of another. Numbers are float64, with NaN for what is not there.
 */
export function encodeEntry({ updateTime, expiresAtMs, value }: CqlEntry): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + value.length);
  bytes.writeUInt8(layout, 0);
  bytes.writeDoubleBE(updateTime?.seconds ?? Number.NaN, 1);
  bytes.writeUInt32BE(updateTime?.nanos ?? 0, 9);
  bytes.writeDoubleBE(expiresAtMs ?? Number.NaN, 13);
  bytes.set(value, headBytes);
  return bytes;
}

/** Reads what `encodeEntry` wrote; the value is a view of the bytes. Raises StoreUnavailable for anything else. */
export function decodeEntry(bytes: Buffer): CqlEntry {
  if (bytes.length < headBytes || bytes[0] !== layout) {
    throw new StoreUnavailable(`a stored record of ${bytes.length} bytes has the unknown layout ${bytes[0]}`);
  }
  const seconds = bytes.readDoubleBE(1);
  const expiresAtMs = bytes.readDoubleBE(13);
  return {
    updateTime: Number.isNaN(seconds) ? undefined : { seconds, nanos: bytes.readUInt32BE(9) },
    expiresAtMs: Number.isNaN(expiresAtMs) ? undefined : expiresAtMs,
    value: bytes.subarray(headBytes),
  };
}

/** Says whether a record can be read at this millisecond. */
export function isAlive({ expiresAtMs }: CqlEntry, now: number): boolean {
  return expiresAtMs === undefined || now < expiresAtMs;
}

/** Returns the update time that refuses a record, or undefined if it may replace what is stored. */
export function refusalBy(stored: CqlEntry | undefined, next: CqlEntry, now: number): Instant | undefined {
  if (!stored?.updateTime || !next.updateTime || !isAlive(stored, now)) {
    return undefined;
  }
  const { seconds, nanos } = stored.updateTime;
  const earlier =
    next.updateTime.seconds === seconds ? next.updateTime.nanos < nanos : next.updateTime.seconds < seconds;
  return earlier ? stored.updateTime : undefined;
}
