import type { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { NotificationTypeSchema } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";

/** What became of the records so far. All but `repeated` and the maps add up to the records that are done. */
export type Tally = {
  /** Taken by the server. */
  pushed: number;
  /** Not taken, now or ever: in rejected.ndjson. */
  rejected: number;
  /** Not taken because a later status of the same user is stored already. */
  superseded: number;
  /** Lines with nothing on them. */
  blank: number;
  /** Attempts beyond the first of a record. */
  repeated: number;
  /** Rejected records by reason. */
  readonly reasons: Record<string, number>;
  /** Notifications that went out with the pushed records, by type. */
  readonly notifications: Record<string, number>;
};

export function createTally(init: Partial<Tally> = {}): Tally {
  return {
    pushed: 0,
    rejected: 0,
    superseded: 0,
    blank: 0,
    repeated: 0,
    ...init,
    reasons: { ...init.reasons },
    notifications: { ...init.notifications },
  };
}

/** Returns how many records are done, blank lines aside. */
export function doneOf({ pushed, rejected, superseded }: Tally): number {
  return pushed + rejected + superseded;
}

/** Names of the notification types, by number. */
const names = new Map<number, string>(
  NotificationTypeSchema.values.map(({ number, name }) => [number, name]),
);

/** Counts notifications by the name of their type. */
export function countNotifications(counts: Record<string, number>, types: readonly NotificationType[]): void {
  for (const type of types) {
    count(counts, names.get(type) ?? String(type));
  }
}

/** How many reasons are counted each by itself; a server that makes them up shall not fill the memory. */
const mostNames = 100;

/** Adds one to a count by name. */
export function count(counts: Record<string, number>, name: string): void {
  const known = Object.hasOwn(counts, name) || Object.keys(counts).length < mostNames;
  const key = known ? name : "OTHER";
  counts[key] = (counts[key] ?? 0) + 1;
}
