import { resolve } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Setting } from "./settings.ts";

/** Settings that name a file or a directory. */
const pathSettings: ReadonlySet<string> = new Set([
  "listen.tlsCert",
  "listen.tlsKey",
  "storage.data",
  "auth.introspection.clientSecretFile",
]);

const sqlite = "sqlite:";

/** Resolves the path in the value of a setting against `directory`. Returns values without a path unchanged. */
export function absolute(setting: Setting, value: JsonValue, directory: string): JsonValue {
  if (typeof value !== "string" || value === "") {
    return value;
  }
  if (pathSettings.has(setting.path)) {
    return resolve(directory, value);
  }
  const isSqlite = setting.path === "storage.store" && value.startsWith(sqlite) && value !== sqlite;
  return isSqlite ? sqlite + resolve(directory, value.slice(sqlite.length)) : value;
}
