import type { Command } from "commander";
import { openStore, rejectMemoryStore, sqliteDirectory } from "../../store/open-store.ts";
import type { PlanStore } from "../../store/plan-store.ts";
import { UsageError } from "../usage-error.ts";
import { addDataOption, isInstallation, requireDirectory } from "./data-directory.ts";

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

/** Throws UsageError if a store is a directory without a database, which opening it would create. */
export function requireRecords(options: StoreOptions): void {
  const url = storeUrlOf(options);
  const directory = url.startsWith("sqlite:") ? sqliteDirectory(url) : undefined;
  if (directory !== undefined && !isInstallation(directory, ["plans.sqlite"])) {
    throw new UsageError(
      `${directory} has no records: there is no plans.sqlite. Pass the data directory of the server with --data or MDPS_DATA, or the URL of its store with --store`,
    );
  }
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
