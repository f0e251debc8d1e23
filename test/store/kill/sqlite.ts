import type { PlanStore } from "../../../src/store/plan-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";

/** The SQLite store of a directory, for the kill tests. */
export function openStore(directory: string): Promise<PlanStore> {
  // A small log, so that many kills occur during a checkpoint.
  return openSqliteStore({ directory, checkpointPages: 100 });
}
