import { Option } from "commander";
import { openStore } from "../../store/open-store.ts";
import type { PlanStore } from "../../store/plan-store.ts";

/** `--store`, with the environment as a place for passwords that no list of processes shows. */
export function storeOption(): Option {
  return new Option(
    "--store <url>",
    "sqlite:DIRECTORY, postgres://… or cql://…; by default SQLite in the data directory",
  ).env("MDPS_STORE");
}

/** Returns the URL of the store that the options mean. */
export function storeUrlOf({ store, data }: { store?: string; data: string }): string {
  return store ?? `sqlite:${data}`;
}

/** Runs with the store that the options mean, and closes it in the end. */
export async function withStore<Result>(
  options: { store?: string; data: string },
  use: (store: PlanStore) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(storeUrlOf(options));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
