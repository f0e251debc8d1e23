/**
 * Arrays in the binary format of PostgreSQL: the number of dimensions, whether there are nulls, the element type; the
 * length and the first index of the one dimension; then per element its size in bytes, -1 for null, and its bytes. All
 * integers are big-endian. (`array_recv` in src/backend/utils/adt/arrayfuncs.c; the documentation does not cover it.)
 *
 * With one array per column, a whole batch is one statement. `pg` sends arrays as text, where bytes are hexadecimal and
 * numbers decimal, which costs time on both sides.
 */

/** Object ids of element types, fixed in src/include/catalog/pg_type.dat. */
const oid = { bytea: 17, int8: 20, int2: 21, int4: 23 } as const;

const headerBytes = 20;
const twoTo32 = 2 ** 32;

/** Returns an `int8[]`. Numbers are safe integers. */
export function int8Array(values: readonly (number | null)[]): Buffer {
  const array = allocate(values.length, 12, oid.int8);
  let end = headerBytes;
  for (const value of values) {
    if (value === null) {
      end = array.writeInt32BE(-1, end);
      continue;
    }
    const high = Math.floor(value / twoTo32);
    end = array.writeInt32BE(8, end);
    end = array.writeInt32BE(high, end);
    end = array.writeUInt32BE(value - high * twoTo32, end);
  }
  return array.subarray(0, end);
}

/** Returns an `int4[]`. */
export function int4Array(values: readonly (number | null)[]): Buffer {
  const array = allocate(values.length, 8, oid.int4);
  let end = headerBytes;
  for (const value of values) {
    end = array.writeInt32BE(value === null ? -1 : 4, end);
    if (value !== null) {
      end = array.writeInt32BE(value, end);
    }
  }
  return array.subarray(0, end);
}

/** Returns an `int2[]`. */
export function int2Array(values: readonly number[]): Buffer {
  const array = allocate(values.length, 6, oid.int2);
  let end = headerBytes;
  for (const value of values) {
    end = array.writeInt32BE(2, end);
    end = array.writeInt16BE(value, end);
  }
  return array;
}

/** Returns a `bytea[]`. */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  let size = 0;
  for (const value of values) {
    size += 4 + (value === null ? 0 : value.length);
  }
  const array = allocate(1, size, oid.bytea, values.length);
  let end = headerBytes;
  for (const value of values) {
    end = array.writeInt32BE(value === null ? -1 : value.length, end);
    if (value === null) {
      continue;
    }
    array.set(value, end);
    end += value.length;
  }
  return array;
}

function allocate(slots: number, slotBytes: number, elementType: number, length = slots): Buffer {
  const array = Buffer.allocUnsafe(headerBytes + slots * slotBytes);
  array.writeInt32BE(1, 0);
  // Whether there are nulls. The server ignores this flag when it reads.
  array.writeInt32BE(0, 4);
  array.writeInt32BE(elementType, 8);
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16);
  return array;
}
