import { open } from "node:fs/promises";
import type { Command } from "commander";
import { systemClock } from "../../contract/clock.ts";
import { createContractRules } from "../../plans/contract-rules.ts";
import { readManifest } from "../../transfer/export-file.ts";
import { ImportError, importRecords } from "../../transfer/import-records.ts";
import { createRecordSum } from "../../transfer/record-digest.ts";
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
  const manifest = file === "-" ? undefined : await readManifest(file);
  if (manifest !== undefined && !manifest.complete) {
    throw new UsageError(`${file} is an incomplete export; complete it with: mdps export ${file} --resume`);
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
      ? new UsageError(`${file}: ${error.message}. Fix the line, then continue with --skip ${error.line - 1}`)
      : error;
  });
  const { stored, stale, expired } = report;
  const { count, digest } = sum;
  const text = `${count} records, digest ${digest}: ${stored} stored, ${stale} older than the stored record, ${expired} expired`;
  console.error(options.json ? JSON.stringify({ count, digest, ...report }) : text);
  if (manifest !== undefined && (manifest.count !== sum.count || manifest.digest !== sum.digest)) {
    throw new UsageError(
      `${file} does not match its manifest, which has ${manifest.count} records, digest ${manifest.digest}`,
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

/** Longest line, in characters: more than any record has. */
const maxLineLength = 16 * 1024 * 1024;

/** Splits a stream into blocks of lines. Unlike `node:readline`, it fails if the stream does. */
async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = "";
  let complete = 0;
  for await (const text of texts) {
    const [first = "", ...lines] = text.split("\n");
    const last = lines.pop();
    if (last === undefined) {
      rest += first;
    } else {
      complete += 1 + lines.length;
      yield [rest + first];
      yield lines;
      rest = last;
    }
    if (rest.length > maxLineLength) {
      throw new UsageError(
        `line ${complete + 1} is longer than ${maxLineLength} characters, so it is not a line of an export`,
      );
    }
  }
  yield [rest];
}
