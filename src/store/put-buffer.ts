import type { PutOutcome, PutRecord } from "./plan-store.ts";
import { kindCodes, sizeOfKey } from "./record.ts";

/**
 * Carries one batch of puts to the worker, and its outcomes back, in shared memory.
 *
 * Messages with objects would clone every property and byte array, several µs per put on each side. The sender fills the
 * memory and posts a message of a few numbers; the memory then belongs to the receiver until the reply.
 *
 *     numbers   8 float64 per put: asn, kind, seconds | NaN, nanos, expiresAtMs | NaN, three lengths in bytes
 *               …overwritten by its outcome: code, and the stored seconds and nanos if stale
 *     bytes     per put, in order: client id, id, value
 */
export type PutBuffer = {
  readonly memory: SharedArrayBuffer;
  readonly numbers: Float64Array;
  readonly bytes: Buffer;
};

/** Largest number of puts in one batch. */
export const batchPuts = 1024;

/** Largest sum of `sizeOfPut` in a batch of several puts. */
export const batchBytes = 4 * 1024 * 1024;

/** Largest `sizeOfPut` of a single put, which then is a batch alone. */
export const putBytes = 16 * 1024 * 1024;

const fields = 8;
const numbersLength = batchPuts * fields;

/** Allocates the memory of a batch; the kernel only provides the pages that are written. */
export function allocatePutMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(numbersLength * Float64Array.BYTES_PER_ELEMENT + putBytes);
}

export function putBufferOn(memory: SharedArrayBuffer): PutBuffer {
  const numbers = new Float64Array(memory, 0, numbersLength);
  return { memory, numbers, bytes: Buffer.from(memory, numbers.byteLength) };
}

/** Returns an upper bound of the bytes of a put. */
export function sizeOfPut({ key, value }: PutRecord): number {
  return sizeOfKey(key) + value.length;
}

/** Writes one batch into the buffer: at most `batchPuts` puts with `batchBytes`, or one put with `putBytes`. */
export function writePuts({ numbers, bytes }: PutBuffer, puts: readonly PutRecord[]): void {
  let at = 0;
  let end = 0;
  for (const { key, updateTime, expiresAtMs, value } of puts) {
    const clientIdLength = key.clientId === "" ? 0 : bytes.write(key.clientId, end);
    end += clientIdLength;
    const idLength = bytes.write(key.id, end);
    end += idLength;
    bytes.set(value, end);
    end += value.length;
    numbers[at] = key.asn;
    numbers[at + 1] = kindCodes[key.kind];
    numbers[at + 2] = updateTime ? updateTime.seconds : Number.NaN;
    numbers[at + 3] = updateTime ? updateTime.nanos : Number.NaN;
    numbers[at + 4] = expiresAtMs ?? Number.NaN;
    numbers[at + 5] = clientIdLength;
    numbers[at + 6] = idLength;
    numbers[at + 7] = value.length;
    at += fields;
  }
}

/** A put as the worker reads it: columns, with byte arrays that are views of the buffer. */
export type PutRow = {
  key: [asn: number, kind: number, clientId: Uint8Array, id: Uint8Array];
  updateSeconds: number | null;
  updateNanos: number | null;
  expiresAtMs: number | null;
  value: Uint8Array;
};

/** Returns the puts of a batch. Outcomes may be written from then on. */
export function readPuts({ numbers, bytes }: PutBuffer, count: number): PutRow[] {
  const number = (index: number) => numbers[index] as number;
  const numberOrNull = (index: number) => (Number.isNaN(number(index)) ? null : number(index));
  const rows: PutRow[] = [];
  let end = 0;
  for (let at = 0; at < count * fields; at += fields) {
    const id = end + number(at + 5);
    const value = id + number(at + 6);
    const start = end;
    end = value + number(at + 7);
    rows.push({
      key: [number(at), number(at + 1), bytes.subarray(start, id), bytes.subarray(id, value)],
      updateSeconds: numberOrNull(at + 2),
      updateNanos: numberOrNull(at + 3),
      expiresAtMs: numberOrNull(at + 4),
      value: bytes.subarray(value, end),
    });
  }
  return rows;
}

const stored = 0;
const stale = 1;
const failed = 2;

export const writeOutcome = {
  stored({ numbers }: PutBuffer, index: number): void {
    numbers[index * fields] = stored;
  },
  stale({ numbers }: PutBuffer, index: number, seconds: number, nanos: number): void {
    numbers[index * fields] = stale;
    numbers[index * fields + 1] = seconds;
    numbers[index * fields + 2] = nanos;
  },
  /** The reason is sent in the reply, because it does not fit into numbers. */
  failed({ numbers }: PutBuffer, index: number): void {
    numbers[index * fields] = failed;
  },
};

const storedOutcome: PutOutcome = { outcome: "stored" };

/** Returns the outcome of one put, or undefined if it failed. */
export function readOutcome({ numbers }: PutBuffer, index: number): PutOutcome | undefined {
  const at = index * fields;
  switch (numbers[at]) {
    case stored:
      return storedOutcome;
    case stale:
      return {
        outcome: "stale",
        storedUpdateTime: { seconds: numbers[at + 1] as number, nanos: numbers[at + 2] as number },
      };
    default:
      return undefined;
  }
}
