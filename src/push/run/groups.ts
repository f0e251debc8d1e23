/**
 * Creates the function that finds the group of a member, or adds it to `groups` with a count of 0. It returns undefined for a
 * new group if there are `max` already, so that memory is bounded.
 */
export function createGroups<Group extends { count: number }>(
  groups: Group[],
  max: number,
  keyOf: (member: Omit<Group, "count">) => string,
) {
  const byKey = new Map(groups.map((group) => [keyOf(group), group]));
  return function groupOf(member: Omit<Group, "count">): Group | undefined {
    const key = keyOf(member);
    const known = byKey.get(key);
    if (known !== undefined || byKey.size >= max) {
      return known;
    }
    const group = { ...member, count: 0 } as Group;
    byKey.set(key, group);
    groups.push(group);
    return group;
  };
}

/** Returns the key of a group. Texts in quotes and numbers, which differ from record to record, do not distinguish groups. */
export function groupKey(name: string, text: string): string {
  return `${name} ${text.replaceAll(/"(?:[^"\\]|\\.)*"|\d[\d.,:TZ-]*/g, "#")}`;
}
