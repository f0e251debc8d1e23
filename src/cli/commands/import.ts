import { open } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { systemClock } from "../../contract/clock.ts";
import { createContractRules } from "../../plans/contract-rules.ts";
import { readManifest } from "../../transfer/export-file.ts";
import { ImportError, importRecords } from "../../transfer/import-records.ts";
import { createRecordSum } from "../../transfer/record-digest.ts";
import { defaultDataDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { storeOption, withStore } from "../options/store-option.ts";
import { UsageError } from "../usage-error.ts";

type ImportOptions = { data: string; store?: string; skip: number; json?: true };

/** `mdps import`: puts what an export wrote into a store, while servers go on with it. */
export function importCommand(): Command {
  return newCommand("import")
    .description("put the records of an export into a store; what is newer there stays")
    .argument("<file>", "what mdps export wrote; - for standard input")
    .addOption(storeOption())
    .option("--data <directory>", "data directory of the server", defaultDataDirectory())
    .option("--skip <lines>", "lines that an import before this one has stored", parseCount, 0)
    .option("--json", "print what became of the lines as JSON, on standard error as without")
    .addHelpText("after", "\nExample:\n  mdps import plans.ndjson --store postgres://localhost/mdps")
    .action(run);
}

async function run(file: string, options: ImportOptions): Promise<void> {
  const manifest = file === "-" ? undefined : await readManifest(file);
  if (manifest !== undefined && !manifest.complete) {
    throw new UsageError(`${file} is no complete export: finish it by mdps export ${file} --resume`);
  }
  const sum = createRecordSum();
  const input = file === "-" ? process.stdin : (await openInput(file)).createReadStream();
  const report = await withStore(options, (store) =>
    importRecords({
      store,
      rules: createContractRules(),
      lines: linesOf(input.setEncoding("utf8")),
      sum,
      nowMs: systemClock.now(),
      skip: options.skip,
    }),
  ).catch((error: unknown) => {
    throw error instanceof ImportError
      ? new UsageError(`${file}: ${error.message}. When that is mended go on with --skip ${error.line - 1}`)
      : error;
  });
  const { stored, stale, expired } = report;
  const { count, digest } = sum;
  const words = `${count} records, digest ${digest}: ${stored} stored, ${stale} older than what was there, ${expired} expired`;
  console.error(options.json ? JSON.stringify({ count, digest, ...report }) : words);
  if (manifest !== undefined && (manifest.count !== sum.count || manifest.digest !== sum.digest)) {
    throw new UsageError(
      `${file} is not what was exported: its manifest has ${manifest.count} records, digest ${manifest.digest}`,
    );
  }
}

async function openInput(file: string) {
  try {
    return await open(file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Not by node:readline, whose lines end without a word when reading fails. */
async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of texts) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  yield rest;
}

function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new InvalidArgumentError("It must be a number of lines.");
  }
  return Number(text);
}
