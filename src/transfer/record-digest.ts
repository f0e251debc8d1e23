import { createHash } from "node:crypto";
import type { PutRecord } from "../store/plan-store.ts";

/**
 * Count and digest of a set of records. Two sets with equal count and digest are equal. The digest is the sum of the
 * SHA-256 of each record modulo 2^256, in hexadecimal: a sum, because engines list records in different orders.
 */
export type RecordSum = {
  add(record: PutRecord): void;
  readonly count: number;
  readonly digest: string;
};

const modulus = 1n << 256n;

/** Creates the sum of no records, or continues from a saved count and digest. */
export function createRecordSum({ count, digest } = { count: 0, digest: "0" }): RecordSum {
  let sum = BigInt(`0x${digest}`);
  return {
    add({ key, value }) {
      const head = JSON.stringify([key.kind, key.asn, key.clientId, key.id]);
      const hash = createHash("sha256").update(head).update("\n").update(value).digest("hex");
      sum = (sum + BigInt(`0x${hash}`)) % modulus;
      count += 1;
    },
    get count() {
      return count;
    },
    get digest() {
      return sum.toString(16).padStart(64, "0");
    },
  };
}
