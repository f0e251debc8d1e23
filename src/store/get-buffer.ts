import type { RecordKey } from "./plan-store.ts";
import { kindCodes } from "./record.ts";

/**
 * Carries one batch of gets to the worker, and the values back, in shared memory like a PutBuffer.
 *
 *     numbers   4 uint32 per get: asn, kind, two lengths in bytes
 *               …the first overwritten by its answer: the length of the value, or a marker
 *     values    the values, in order
 *     keys      per get, in order: client id, id
 */
export type GetBuffer = { readonly numbers: Uint32Array; readonly values: Buffer; readonly keys: Buffer };

/** Largest number of gets in one batch. */
export const batchGets = 64;

/** Largest sum of `sizeOfKey` in a batch of several gets. */
export const batchKeyBytes = 256 * 1024;

/** Largest `sizeOfKey` of a single get, which then is a batch alone. */
export const keyBytes = 16 * 1024 * 1024;

/** Largest sum of the values in the buffer. Others are posted, which costs less than a copy if they are large. */
const valueBytes = 1024 * 1024;

const fields = 4;
const numbersLength = batchGets * fields;
const valuesStart = numbersLength * Uint32Array.BYTES_PER_ELEMENT;

/** Allocates the memory of a batch; the kernel only provides the pages that are written. */
export function allocateGetMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(valuesStart + valueBytes + keyBytes);
}

export function getBufferOn(memory: SharedArrayBuffer): GetBuffer {
  return {
    numbers: new Uint32Array(memory, 0, numbersLength),
    values: Buffer.from(memory, valuesStart, valueBytes),
    keys: Buffer.from(memory, valuesStart + valueBytes),
  };
}

/** Writes one batch into the buffer: at most `batchGets` keys with `batchKeyBytes`, or one key with `keyBytes`. */
export function writeKeys({ numbers, keys }: GetBuffer, wanted: readonly RecordKey[]): void {
  let at = 0;
  let end = 0;
  for (const { asn, kind, clientId, id } of wanted) {
    const clientIdLength = clientId === "" ? 0 : keys.write(clientId, end);
    end += clientIdLength;
    const idLength = keys.write(id, end);
    end += idLength;
    numbers[at] = asn;
    numbers[at + 1] = kindCodes[kind];
    numbers[at + 2] = clientIdLength;
    numbers[at + 3] = idLength;
    at += fields;
  }
}

/** A key as the worker reads it: columns, with byte arrays that are views of the buffer. */
export type KeyColumns = [asn: number, kind: number, clientId: Uint8Array, id: Uint8Array];

/** What is posted because it does not fit the buffer: a large value, or the reason why a record cannot be read. */
export type PostedAnswer = Uint8Array<ArrayBuffer> | string;

// Markers in place of a length; lengths are always smaller.
const missingMark = 0xffff_ffff;
const postedMark = 0xffff_fffe;

/** Writes the answer to each key into the buffer: undefined if there is no record. Returns those to post, in order. */
export function writeAnswers(
  { numbers, values, keys }: GetBuffer,
  count: number,
  answer: (key: KeyColumns) => PostedAnswer | undefined,
): PostedAnswer[] {
  const posted: PostedAnswer[] = [];
  let keyEnd = 0;
  let end = 0;
  for (let at = 0; at < count * fields; at += fields) {
    const [asn, kind] = [numbers[at] as number, numbers[at + 1] as number];
    const idStart = keyEnd + (numbers[at + 2] as number);
    const idEnd = idStart + (numbers[at + 3] as number);
    const found = answer([asn, kind, keys.subarray(keyEnd, idStart), keys.subarray(idStart, idEnd)]);
    keyEnd = idEnd;
    if (found === undefined) {
      numbers[at] = missingMark;
    } else if (typeof found === "string" || end + found.length > valueBytes) {
      numbers[at] = postedMark;
      posted.push(found);
    } else {
      values.set(found, end);
      end += found.length;
      numbers[at] = found.length;
    }
  }
  return posted;
}

/** Returns the answers of a batch, in order. The values share one copy of the buffer. */
export function readAnswers<Posted>(
  { numbers, values }: GetBuffer,
  count: number,
  posted: readonly Posted[],
): (Uint8Array | Posted | undefined)[] {
  const lengths = Array.from({ length: count }, (_, index) => numbers[index * fields] as number);
  const size = lengths.reduce((sum, length) => (length < postedMark ? sum + length : sum), 0);
  const copy = new Uint8Array(values.subarray(0, size));
  let end = 0;
  let taken = 0;
  return lengths.map((length) => {
    switch (length) {
      case missingMark:
        return undefined;
      case postedMark:
        return posted[taken++];
      default:
        end += length;
        return copy.subarray(end - length, end);
    }
  });
}
