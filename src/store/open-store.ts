import { basename, dirname } from "node:path";
import { type EngineOptions, type PlanStore, StoreOpenError } from "./plan-store.ts";

export type StoreOptions = EngineOptions & {
  /** Memory for all records of a memory store, in bytes; ignored by other engines. */
  maxBytes?: number | undefined;
  /** Memory for pages of a SQLite database, in bytes; ignored by other engines. */
  cacheBytes?: number | undefined;
};

/**
 * Opens the store of a URL, and loads only its engine:
 *
 * - `sqlite:DIRECTORY`, or `sqlite:DIRECTORY/plans.sqlite`: embedded, on a local disk.
 * - `postgres://user:password@host:port/database`: PostgreSQL 15 or later.
 * - `cql://user:password@host1,host2/keyspace?dc=…`: Apache Cassandra, or a database with its protocol.
 * - `memory:`: the memory of this process, which loses the records; see `rejectMemoryStore`.
 *
 * Rejects with StoreOpenError, whose message never contains a password.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<PlanStore> {
  switch (/^([a-z]+):/.exec(url)?.[1]) {
    case "sqlite": {
      const { openSqliteStore } = await import("./sqlite/store.ts");
      return openSqliteStore({ ...options, directory: sqliteDirectory(url) });
    }
    case "postgres":
    case "postgresql": {
      const { openPostgresStore } = await import("./postgres/store.ts");
      return openPostgresStore({ ...options, url });
    }
    case "cql": {
      const { openCqlStore } = await import("./cql/store.ts");
      return openCqlStore({ ...options, url });
    }
    case "memory": {
      if (url !== "memory:") {
        throw new StoreOpenError(
          "memory: takes nothing after the colon: its records have no place, and end with the process",
        );
      }
      const { openMemoryStore } = await import("./memory/store.ts");
      return openMemoryStore(options);
    }
    default:
      // The message does not quote the URL, which may contain a password.
      throw new StoreOpenError(
        "a store must be sqlite:DIRECTORY, postgres://host/database or cql://host1,host2/keyspace?dc=NAME, or memory: for mdps dev",
      );
  }
}

/** Why a memory store is rejected, and what to use. */
export const memoryIsForDev =
  "memory: is only for mdps dev, because its records end with the process and no other process can read them; use sqlite:DIRECTORY, postgres://… or cql://…";

/**
 * Raises StoreOpenError for the URL of a memory store. For whatever acknowledges records that must not be lost, or reads
 * the records of another process.
 */
export function rejectMemoryStore(url: string): void {
  if (url.startsWith("memory:")) {
    throw new StoreOpenError(memoryIsForDev);
  }
}

/** Returns the directory of a `sqlite:` URL. Raises StoreOpenError if it names none. */
export function sqliteDirectory(url: string): string {
  const path = url.slice("sqlite:".length);
  if (path === "") {
    throw new StoreOpenError("sqlite: must be followed by the directory of the database");
  }
  if (!path.endsWith(".sqlite")) {
    return path;
  }
  if (basename(path) !== "plans.sqlite") {
    throw new StoreOpenError("the file of a SQLite store is always plans.sqlite; name its directory");
  }
  return dirname(path);
}
