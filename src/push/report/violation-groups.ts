import type { FieldViolation } from "../../contract/field-violation.ts";
import { withoutIndexes } from "../run/counts.ts";
import { createGroups, groupKey } from "../run/groups.ts";

/** Equal violations of an input: those of one field, without the indexes of lists, and of one rule. */
export type ViolationGroup = {
  count: number;
  /** Number of the first record: its line, or its place in a JSON array. */
  readonly line: number;
  /** User key of the first record, masked unless revealed; absent if it has none. */
  readonly userKey?: string;
  /** Without the indexes of lists: `plans[].planId`. */
  readonly field: string;
  /** Of the first violation. Quoted texts and numbers differ within a group. */
  readonly description: string;
};

type FirstRecord = Pick<ViolationGroup, "line" | "userKey">;

/** Longest violation that is recognized as it is, in characters. */
const maxExact = 500;

/** Groups that are kept, so that memory is bounded; violations of further ones are only counted. */
const maxKept = 1_000;

/** Groups that are listed: the largest ones. */
export const maxGroupsListed = 50;

/** Creates the groups of the violations of an input. */
export function createViolationGroups() {
  const groups: ViolationGroup[] = [];
  const groupOf = createGroups(groups, maxKept, ({ field, description }) => groupKey(field, description));
  // Most violations are equal to one before, character by character: finding them takes a fraction of the time.
  const exact = new Map<string, ViolationGroup>();

  function groupOfShown({ field, description }: FieldViolation, first: FirstRecord) {
    return groupOf({ ...first, field: withoutIndexes(field), description });
  }

  return {
    /** Counts a violation of a record. `shown` returns it as it is listed, if it is the first of its group. */
    add(violation: FieldViolation, first: FirstRecord, shown: () => FieldViolation): void {
      const text = `${violation.field} ${violation.description}`;
      const isShort = text.length <= maxExact;
      const group = (isShort ? exact.get(text) : undefined) ?? groupOfShown(shown(), first);
      if (group === undefined) {
        return;
      }
      group.count += 1;
      if (isShort && exact.size < maxKept) {
        exact.set(text, group);
      }
    },
    /** Returns the largest groups, the largest first, and of equal ones the first. */
    largest(): readonly ViolationGroup[] {
      return groups.toSorted((a, b) => b.count - a.count).slice(0, maxGroupsListed);
    },
  };
}
