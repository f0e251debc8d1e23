import {
  type NotificationType,
  NotificationTypeSchema,
} from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { createGroups, groupKey } from "./groups.ts";

/** Rejected records with the same reason and the same rule. */
export type RejectionGroup = {
  readonly reason: string;
  /** The first violation of an example, without the indexes of lists; its message if it has no violations. */
  readonly rule: string;
  /** Number of the example: its line, or its place in a JSON array. */
  readonly line: number;
  count: number;
};

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
  /** Rejected records by reason and rule: the first hundred groups. */
  readonly rejections: RejectionGroup[];
  /** Notifications that the pushed records trigger, by type. */
  readonly notifications: Record<string, number>;
  /** Pushed records with a warning, by path and description. */
  readonly warnings: Record<string, number>;
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
    // Checkpoints of older versions have none.
    rejections: (init.rejections ?? []).map((group) => ({ ...group })),
    notifications: { ...init.notifications },
    warnings: { ...init.warnings },
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

/** Counts the records that have a warning. */
export function countWarnings(
  byName: Record<string, number>,
  warnings: readonly FieldViolation[] = [],
): void {
  for (const name of new Set(warnings.map(warningName))) {
    countName(byName, name);
  }
}

/** Returns the name by which a warning is counted: `plans[].cpid: is not a field of Plan`. */
export function warningName({ field, description }: FieldViolation): string {
  return `${withoutIndexes(field)}: ${description}`;
}

/** Returns a path without the indexes of lists, which differ from record to record. */
export function withoutIndexes(field: string): string {
  return field.replaceAll(/\[\d+\]/g, "[]");
}

/** Maximum number of names that are counted separately, because a server may invent reasons without end. */
export const maxNames = 100;

/** Adds one to the count of a name, or of `OTHER` if there are too many names. */
export function countName(byName: Record<string, number>, name: string): void {
  const isSeparate = Object.hasOwn(byName, name) || Object.keys(byName).length < maxNames;
  // Assigning `__proto__` would not add a property.
  const key = isSeparate && name !== "__proto__" ? name : "OTHER";
  byName[key] = (Object.hasOwn(byName, key) ? (byName[key] ?? 0) : 0) + 1;
}

/** Creates the function that counts a rejected record in its group. */
export function createGrouping(groups: RejectionGroup[]) {
  const groupOf = createGroups(groups, maxNames, ({ reason, rule }) => groupKey(reason, rule));
  return function countGroup(rejection: Omit<RejectionGroup, "count">): void {
    const group = groupOf(rejection);
    if (group !== undefined) {
      group.count += 1;
    }
  };
}
