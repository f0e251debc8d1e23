import { existsSync, readFileSync } from "node:fs";
import { parseYaml } from "../../config/parse-yaml.ts";
import { isSystemError, whyUnreadable } from "../../contract/file-error.ts";
import { type Mapping, mergeMappings, readInlineMapping, readMapping } from "../../push/input/csv/mapping.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Reads the values of `--map`, each a file or a list such as `userKey=msisdn,…`. Later fields replace earlier ones. Throws
 * UsageError.
 */
export function mappingOf(values: readonly string[], timeZone: string | undefined): Mapping {
  const nowMs = Date.now();
  const mapping = values.map((value) => readOne(value, nowMs)).reduce(mergeMappings);
  return timeZone === undefined ? mapping : { ...mapping, timeZone };
}

function readOne(value: string, nowMs: number): Mapping {
  const isFile = !value.includes("=") || existsSync(value);
  try {
    return isFile
      ? readMapping(parseYaml(readFileSync(value, "utf8")), nowMs)
      : readInlineMapping(value, nowMs);
  } catch (error) {
    const what = isFile ? `--map ${value}` : "--map";
    if (isSystemError(error)) {
      const other = error.code === "ENOENT" ? "; without a file, a mapping is FIELD=COLUMN,…" : "";
      throw new UsageError(`${what}: ${whyUnreadable(error)}${other}`);
    }
    throw new UsageError(`${what}: ${(error as Error).message}`);
  }
}
