import type { Instant } from "../../../src/contract/instant.ts";
import type { RecordKey } from "../../../src/store/plan-store.ts";

/** Number of users: few enough that most puts replace a record. */
export const killUsers = 500;

/** Returns the key of the n-th user. */
export function killKey(user: number): RecordKey {
  return { kind: "planStatus", asn: 64_500, clientId: "client", id: `user${user}` };
}

/** Returns the only correct value of a user's record with an update time, which reveals torn and mixed up records. */
export function killValue(user: number, { seconds, nanos }: Instant): Uint8Array<ArrayBuffer> {
  const text = `${user} at ${seconds}.${nanos};`;
  // From a few bytes to several pages of any engine.
  return new Uint8Array(Buffer.from(text.repeat(1 + ((user * 31 + nanos) % 200))));
}
