import { type PutRecord, StoreUnavailable } from "../plan-store.ts";

/** The content of a cell: a record without its key. */
export type CqlEntry = Omit<PutRecord, "key">;

/** First byte of an entry: the version of its layout. */
const layout = 1;

/** Bytes before the value: the layout, seconds and nanos of the update time, and the expiry. */
const headBytes = 1 + 8 + 4 + 8;

/**
 * Returns a record as the bytes of a single cell.
 *
 * One cell, because a replica resolves conflicts cell by cell: a row with several cells could end with the value of one
 * record and the expiry of another. Numbers are float64, and NaN if missing.
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

/** Decodes an entry; the value is a view of the bytes. Raises StoreUnavailable for an unknown layout. */
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
