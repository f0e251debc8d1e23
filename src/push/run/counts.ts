import {
  type NotificationType,
  NotificationTypeSchema,
} from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";

/** Counts of a run so far. Records that are done are `pushed`, `rejected` or `superseded`. */
export type Counts = {
  /** Accepted by the server. */
  pushed: number;
  /** Not accepted, and a retry would not help: in rejected.ndjson. */
  rejected: number;
  /** Not accepted because a newer status of the same user is already stored. */
  superseded: number;
  /** Blank lines. */
  blank: number;
  /** Retries: attempts after the first one of a record. */
  repeated: number;
  /** Rejected records by reason. */
  readonly reasons: Record<string, number>;
  /** Notifications that the pushed records trigger, by type. */
  readonly notifications: Record<string, number>;
};

/** Creates counts of zero, or copies those given. */
export function createCounts(init: Partial<Counts> = {}): Counts {
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

/** Returns how many records are done, without blank lines. */
export function doneOf({ pushed, rejected, superseded }: Counts): number {
  return pushed + rejected + superseded;
}

/** Counts notifications by the name of their type. */
export function countNotifications(byType: Record<string, number>, types: readonly NotificationType[]): void {
  for (const type of types) {
    countName(byType, NotificationTypeSchema.value[type]?.name ?? String(type));
  }
}

/** Maximum number of names that are counted separately, because a server may invent reasons without end. */
const maxNames = 100;

/** Adds one to the count of a name, or of `OTHER` if there are too many names. */
export function countName(byName: Record<string, number>, name: string): void {
  const isSeparate = Object.hasOwn(byName, name) || Object.keys(byName).length < maxNames;
  const key = isSeparate ? name : "OTHER";
  byName[key] = (byName[key] ?? 0) + 1;
}
