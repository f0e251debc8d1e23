import type { PlanStore } from "../../../src/store/plan-store.ts";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";

/** The PostgreSQL store of a URL, for the kill tests. */
export function openStore(url: string): Promise<PlanStore> {
  return openPostgresStore({ url });
}
