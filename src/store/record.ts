import type { Clock } from "../contract/clock.ts";
import { type Instant, isLater } from "../contract/instant.ts";
import type { PutRecord, RecordKey, RecordKind } from "./plan-store.ts";

/** The number that every engine stores for a kind. These numbers are on disk: never change or reuse one. */
export const kindCodes: Readonly<Record<RecordKind, number>> = { planStatus: 1, planGroup: 2 };

const kinds = new Map(Object.entries(kindCodes).map(([kind, code]) => [code, kind as RecordKind]));

/** Returns the kind that a number is stored for, or undefined for a number that this program does not know. */
export function kindOf(code: number): RecordKind | undefined {
  return kinds.get(code);
}

/** Returns an upper bound of the bytes of a key: a UTF-16 unit becomes at most three bytes of UTF-8. */
export function sizeOfKey({ clientId, id }: RecordKey): number {
  return 3 * (clientId.length + id.length);
}

/** Returns a text that differs for different keys: the length makes the border between the two ids unambiguous. */
export function keyText({ asn, kind, clientId, id }: RecordKey): string {
  return `${asn}/${kind}/${clientId.length}/${clientId}${id}`;
}

/** Returns the key of a text that `keyText` has returned. */
export function keyOfText(text: string): RecordKey {
  const [head = "", asn, kind, length] = /^(\d+)\/(\w+)\/(\d+)\//.exec(text) ?? [];
  const border = head.length + Number(length);
  return {
    kind: kind as RecordKind,
    asn: Number(asn),
    clientId: text.slice(head.length, border),
    id: text.slice(border),
  };
}

/** Returns whether a record has expired at a time, in ms. */
export function isExpired({ expiresAtMs }: Pick<PutRecord, "expiresAtMs">, now: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= now;
}

/**
 * Returns the time by which records count as expired, in ms. With `onlyRemoved` it is 1970 at the latest, when only removed
 * records have expired.
 */
export function expiryTime(clock: Clock, onlyRemoved = false): number {
  const now = clock.now();
  return onlyRemoved ? Math.min(now, 0) : now;
}

type Order = Pick<PutRecord, "updateTime" | "expiresAtMs">;

/** Returns the stored update time that makes a put stale, or undefined if it may replace the stored record. */
export function staleBy(stored: Order | undefined, next: Order, now: number): Instant | undefined {
  if (!stored?.updateTime || !next.updateTime || isExpired(stored, now)) {
    return undefined;
  }
  return isLater(stored.updateTime, next.updateTime) ? stored.updateTime : undefined;
}
