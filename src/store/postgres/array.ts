/**
 * Arrays in the binary format of PostgreSQL: the number of dimensions, whether there are nulls, the element type; the
 * length and the first index of the one dimension; then per element its size in bytes, -1 for null, and its bytes. All
 * integers are big-endian. (`array_recv` in src/backend/utils/adt/arrayfuncs.c; the documentation does not cover it.)
 * With one array per column, a whole batch is one statement. `pg` would send arrays as text, which is slower.
 */

/** Object ids of element types, fixed in src/include/catalog/pg_type.dat. */
const oid = { bytea: 17, int8: 20, int2: 21, int4: 23 } as const;

const headerBytes = 20;
const twoTo32 = 2 ** 32;

/** Returns an `int8[]`. Numbers are safe integers. */
export function int8Array(values: readonly (number | null)[]): Buffer {
  return integerArray(values, oid.int8, 8, (array, value, at) => {
    const high = Math.floor(value / twoTo32);
    array.writeInt32BE(high, at);
    array.writeUInt32BE(value - high * twoTo32, at + 4);
  });
}

/** Returns an `int4[]`. */
export function int4Array(values: readonly (number | null)[]): Buffer {
  return integerArray(values, oid.int4, 4, (array, value, at) => array.writeInt32BE(value, at));
}

/** Returns an `int2[]`. */
export function int2Array(values: readonly number[]): Buffer {
  return integerArray(values, oid.int2, 2, (array, value, at) => array.writeInt16BE(value, at));
}

function integerArray(
  values: readonly (number | null)[],
  elementType: number,
  bytes: number,
  write: (array: Buffer, value: number, at: number) => void,
): Buffer {
  const array = allocate(values.length, values.length * (4 + bytes), elementType);
  let end = headerBytes;
  for (const value of values) {
    end = array.writeInt32BE(value === null ? -1 : bytes, end);
    if (value !== null) {
      write(array, value, end);
      end += bytes;
    }
  }
  return array.subarray(0, end);
}

/** Returns a `bytea[]`. */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  const bytes = values.reduce((sum, value) => sum + 4 + (value?.length ?? 0), 0);
  const array = allocate(values.length, bytes, oid.bytea);
  let end = headerBytes;
  for (const value of values) {
    end = array.writeInt32BE(value?.length ?? -1, end);
    if (value !== null) {
      array.set(value, end);
      end += value.length;
    }
  }
  return array;
}

function allocate(length: number, bytes: number, elementType: number): Buffer {
  const array = Buffer.allocUnsafe(headerBytes + bytes);
  array.writeInt32BE(1, 0);
  // Whether there are nulls. The server ignores this flag when it reads.
  array.writeInt32BE(0, 4);
  array.writeInt32BE(elementType, 8);
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16);
  return array;
}
