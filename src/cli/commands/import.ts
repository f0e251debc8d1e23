import type { Command } from "commander";
import { systemClock } from "../../contract/clock.ts";
import { sharedContractRules } from "../../plans/contract-rules.ts";
import { importFile } from "../../transfer/import-file.ts";
import { ImportError } from "../../transfer/import-records.ts";
import { newCommand } from "../options/new-command.ts";
import { numberParser } from "../options/parse-options.ts";
import { type StoreOptions, withStore, withStoreOptions } from "../options/store-options.ts";
import { UsageError } from "../usage-error.ts";

const parseLineCount = numberParser(/^\d{1,15}$/, 0, "a number of lines, at least 0");

type ImportOptions = StoreOptions & { skip: number; json?: true };

/** `mdps import`: stores the records of an export in a store, which servers may use meanwhile. */
export function importCommand(): Command {
  return withStoreOptions(newCommand("import"))
    .description("store the records of an export; newer records in the store are not overwritten")
    .argument("<file>", "output of mdps export; - for standard input")
    .option("--skip <lines>", "number of lines to skip, to continue a failed import", parseLineCount, 0)
    .option("--json", "print the summary, which goes to standard error, as JSON")
    .addHelpText("after", "\nExample:\n  mdps import plans.ndjson --store postgres://localhost/mdps")
    .action(runImport);
}

async function runImport(file: string, options: ImportOptions): Promise<void> {
  const { mismatch, ...imported } = await withStore(options, (store) =>
    importFile({
      store,
      rules: sharedContractRules(),
      file,
      nowMs: systemClock.now(),
      skip: options.skip,
    }),
  ).catch((error: unknown) => {
    throw error instanceof ImportError
      ? new UsageError(`${file}: ${error.message}. Fix the line, then continue with --skip ${error.line - 1}`)
      : error;
  });
  const { count, digest, stored, stale, expired } = imported;
  const text = `${count} records, digest ${digest}: ${stored} stored, ${stale} older than the stored record, ${expired} expired`;
  console.error(options.json ? JSON.stringify(imported) : text);
  if (mismatch !== undefined) {
    throw new UsageError(mismatch);
  }
}
