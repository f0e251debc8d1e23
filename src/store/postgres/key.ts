import { createHash } from "node:crypto";
import type { RecordKey, RecordKind } from "../plan-store.ts";
import { kindCodes, kindOf } from "../record.ts";
import { byteaArray, int2Array, int8Array } from "./array.ts";

/** A key in the columns of the table. */
export type PostgresKey = {
  readonly asn: number;
  readonly kind: number;
  readonly clientId: Buffer;
  readonly id: Buffer;
  /** If one of the ids is a digest, both ids in full: the client id's length as uint32, the client id, the id. */
  readonly longKey: Buffer | null;
};

// An index entry has at most 2,704 bytes of a page of 8 KiB (BTMaxItemSize in access/nbtree.h). The contract has no
// longer ids, so digests only serve users of the store with other limits.
const longestId = 1024;

/** Returns the columns of a key. */
export function postgresKeyOf({ asn, kind, clientId, id }: RecordKey): PostgresKey {
  const client = Buffer.from(clientId);
  const record = Buffer.from(id);
  const isLong = client.length > longestId || record.length > longestId;
  return {
    asn,
    kind: kindCodes[kind],
    clientId: indexable(client),
    id: indexable(record),
    longKey: isLong ? packIds(client, record) : null,
  };
}

/** Returns the key of columns. */
export function recordKeyOf({ asn, kind, clientId, id, longKey }: PostgresKey): RecordKey {
  const [client, record] = longKey ? unpackIds(longKey) : [clientId, id];
  return { kind: kindOf(kind) as RecordKind, asn, clientId: String(client), id: String(record) };
}

/** Returns parameters for `unnest($1::int8[], $2::int2[], $3::bytea[], $4::bytea[])`. */
export function keyArrays(keys: readonly PostgresKey[]): Buffer[] {
  return [
    int8Array(keys.map(({ asn }) => asn)),
    int2Array(keys.map(({ kind }) => kind)),
    byteaArray(keys.map(({ clientId }) => clientId)),
    byteaArray(keys.map(({ id }) => id)),
  ];
}

/** Returns the ids of a key as the bytes of `longKey`. */
export function packIds(clientId: Buffer, id: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(clientId.length);
  return Buffer.concat([length, clientId, id]);
}

/** Returns the ids that `packIds` has packed. Raises RangeError for other bytes. */
export function unpackIds(packed: Buffer): [clientId: Buffer, id: Buffer] {
  const end = 4 + packed.readUInt32BE();
  if (end > packed.length) {
    throw new RangeError("the length of the client id is too large");
  }
  return [packed.subarray(4, end), packed.subarray(end)];
}

function indexable(id: Buffer): Buffer {
  if (id.length <= longestId) {
    return id;
  }
  // UTF-8 has no byte 0xff, so no digest equals an id.
  return Buffer.concat([Buffer.of(0xff), createHash("sha256").update(id).digest()]);
}
