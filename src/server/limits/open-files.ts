import { readFileSync } from "node:fs";

/**
 * Open files that are not connections of clients: the store, the admin port, the log, connections to identity providers
 * and what Node itself needs, with room to spare.
 */
const reserved = 128;

/** Returns how many files this process may have open; undefined if that is unlimited or the system does not tell. */
export function openFilesLimit(path = "/proc/self/limits"): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync(path, "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    // Not Linux.
    return undefined;
  }
}

/** Returns how many connections a process can have: those it is configured for, or as many as its open files allow. */
export function connectionsWithin(openFiles: number | undefined, maxConnections: number): number {
  // At least half, because a small limit must still leave some.
  return openFiles === undefined
    ? maxConnections
    : Math.min(maxConnections, Math.max(openFiles - reserved, Math.ceil(openFiles / 2)));
}
