import type { Command } from "commander";
import { openStore, rejectMemoryStore } from "../../store/open-store.ts";
import type { PlanStore } from "../../store/plan-store.ts";
import { addDataOption, requireDirectory } from "./data-directory.ts";

export type StoreOptions = { store?: string; data?: string };

/** Adds `--store` and `--data` to a command. */
export function withStoreOptions(command: Command): Command {
  return addDataOption(
    command.option(
      "--store <url>",
      "sqlite:DIRECTORY, postgres://… or cql://…; by default SQLite in the data directory",
    ),
  );
}

export function storeUrlOf({ store, data }: StoreOptions): string {
  return store ?? `sqlite:${requireDirectory(data)}`;
}

/** Opens the store, passes it to `use` and closes it. */
export async function withStore<Result>(
  options: StoreOptions,
  use: (store: PlanStore) => Promise<Result>,
): Promise<Result> {
  const url = storeUrlOf(options);
  rejectMemoryStore(url);
  const store = await openStore(url);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
