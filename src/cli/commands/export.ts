import { once } from "node:events";
import type { Command } from "commander";
import { createContractRules } from "../../plans/contract-rules.ts";
import { exportToFile } from "../../transfer/export-file.ts";
import { exportRecords } from "../../transfer/export-records.ts";
import { createRecordSum } from "../../transfer/record-digest.ts";
import { defaultDataDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { storeOption, withStore } from "../options/store-option.ts";
import { UsageError } from "../usage-error.ts";

type ExportOptions = {
  data: string;
  store?: string;
  snapshot: boolean;
  resume?: true;
  sumOnly?: true;
  json?: true;
};

/** `mdps export`: writes what a store has, while servers go on with it. */
export function exportCommand(): Command {
  return newCommand("export")
    .description("write all records of a store as NDJSON, one request of the contract a line")
    .argument("[file]", "where to; standard output if left out")
    .addOption(storeOption())
    .option("--data <directory>", "data directory of the server", defaultDataDirectory())
    .option("--no-snapshot", "do without all records being as of one moment")
    .option("--resume", "go on with a file whose export was interrupted; it is not of one moment then")
    .option("--sum-only", "write nothing: only count the records and print their digest")
    .option("--json", "print the count and the digest as JSON, on standard error as without")
    .addHelpText(
      "after",
      "\nExamples:\n  mdps export plans.ndjson\n  mdps export --sum-only --no-snapshot --store cql://host/mdps?dc=dc1",
    )
    .action(run);
}

async function run(file: string | undefined, options: ExportOptions): Promise<void> {
  if (options.resume && file === undefined) {
    throw new UsageError("--resume goes on with a file: name it");
  }
  const stopping = new AbortController();
  process.once("SIGINT", () => stopping.abort(new UsageError("interrupted; --resume goes on with the file")));
  const rules = createContractRules();
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
    const { snapshotTime } = await exportRecords({ store, rules, sum, write, snapshot, signal });
    return { count: sum.count, digest: sum.digest, snapshotTime };
  });
  // Not on standard output, which may have the records.
  console.error(
    options.json
      ? JSON.stringify({ count, digest, snapshotTime })
      : `${count} records, digest ${digest}\n${momentText(snapshotTime)}`,
  );
}

function momentText(snapshotTime: string | null): string {
  return snapshotTime === null
    ? "not as of one moment: what was pushed meanwhile is there in its old or in its new form"
    : `as of one moment, with all that was pushed before ${snapshotTime}`;
}
