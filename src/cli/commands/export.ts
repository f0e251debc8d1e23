import { once } from "node:events";
import type { Command } from "commander";
import { sharedContractRules } from "../../plans/contract-rules.ts";
import { exportToFile } from "../../transfer/export-file.ts";
import { exportRecords } from "../../transfer/export-records.ts";
import { createRecordSum } from "../../transfer/record-digest.ts";
import { newCommand } from "../options/new-command.ts";
import { requireRecords, type StoreOptions, withStore, withStoreOptions } from "../options/store-options.ts";
import { UsageError } from "../usage-error.ts";

type ExportOptions = StoreOptions & { snapshot: boolean; resume?: true; sumOnly?: true; json?: true };

/** `mdps export`: writes the records of a store, which servers may use meanwhile. */
export function exportCommand(): Command {
  return withStoreOptions(newCommand("export"))
    .description("write all records of a store as NDJSON, one request message per line")
    .argument("[file]", "output file; - or none for standard output")
    .option("--no-snapshot", "export without a consistent snapshot")
    .option("--resume", "continue an interrupted export to a file, without a consistent snapshot")
    .option("--sum-only", "print only the number of records and their digest")
    .option("--json", "print the summary, which goes to standard error, as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  mdps export plans.ndjson\n  mdps export --sum-only --no-snapshot --store cql://host/mdps?dc=dc1",
    )
    .action(runExport);
}

async function runExport(name: string | undefined, options: ExportOptions): Promise<void> {
  const file = name === "-" ? undefined : name;
  if (options.resume && file === undefined) {
    throw new UsageError("--resume requires a file");
  }
  requireRecords(options);
  const stopping = new AbortController();
  process.once("SIGINT", () =>
    stopping.abort(new UsageError("interrupted; continue the export to a file with --resume")),
  );
  const rules = sharedContractRules();
  const { signal } = stopping;
  const { snapshot } = options;
  const { count, digest, snapshotTime } = await withStore(options, async (store) => {
    if (file !== undefined && options.sumOnly !== true) {
      return exportToFile({ store, rules, file, resume: options.resume === true, snapshot, signal });
    }
    const sum = createRecordSum();
    const write = async (lines: string) => {
      if (options.sumOnly !== true && !process.stdout.write(lines)) {
        await once(process.stdout, "drain");
      }
    };
    const snapshotTime = await exportRecords({ store, rules, sum, write, snapshot, signal });
    return { count: sum.count, digest: sum.digest, snapshotTime };
  });
  // Standard output may contain the records.
  console.error(
    options.json
      ? JSON.stringify({ count, digest, snapshotTime })
      : `${count} records, digest ${digest}\n${snapshotText(snapshotTime)}`,
  );
}

function snapshotText(snapshotTime: string | null): string {
  return snapshotTime === null
    ? "no consistent snapshot: records pushed during the export have their old or their new value"
    : `consistent snapshot with everything pushed before ${snapshotTime}`;
}
