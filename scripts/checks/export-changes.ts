import type { ExportedNames } from "./exported-names.ts";

/** How the exported names differ from the snapshot. */
export type ExportChanges = {
  /** Entry points and names that users may rely on and that no longer exist. */
  readonly removed: readonly string[];
  /** Entry points and names that the snapshot does not have yet. */
  readonly added: readonly string[];
};

/** Compares names with the snapshot. */
export function exportChanges(snapshot: ExportedNames, now: ExportedNames): ExportChanges {
  return { removed: lost(snapshot, now), added: lost(now, snapshot) };
}

function lost(from: ExportedNames, to: ExportedNames): string[] {
  return Object.entries(from).flatMap(([entry, names]) => {
    const others = to[entry];
    if (others === undefined) {
      return [`${entry} as a whole`];
    }
    return names.filter((name) => !others.includes(name)).map((name) => `${entry}: ${name}`);
  });
}
