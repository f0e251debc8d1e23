import type { Command } from "commander";
import { checkDirectory } from "../../check/check-directory.ts";
import { createRecordCheck, type RecordCheck } from "../../check/check-record.ts";
import { checkStore } from "../../check/check-store.ts";
import type { Finding, Report } from "../../check/finding.ts";
import { createContractRules } from "../../plans/contract-rules.ts";
import { sqliteDirectory } from "../../store/open-store.ts";
import { StoreOpenError } from "../../store/plan-store.ts";
import { defaultDataDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { storeOption, storeUrlOf, withStore } from "../options/store-option.ts";
import { jsonOption, print } from "../text/print.ts";

type CheckOptions = { data: string; store?: string; json?: true };

/** What was looked at. */
type Looked = { readonly files: number; readonly records: number; readonly inUse: boolean };

/** `mdps check`: looks whether a data directory and a store are whole, and changes nothing. */
export function checkCommand(): Command {
  return newCommand("check")
    .description("look whether a data directory and its records are whole; changes nothing")
    .addOption(storeOption())
    .option("--data <directory>", "data directory of the server", defaultDataDirectory())
    .option(...jsonOption)
    .addHelpText(
      "after",
      `
Exit codes:
  0  nothing is wrong; there may be warnings
  1  something is wrong, or the check could not be made

Examples:
  mdps check --data /var/lib/mdps
  mdps check --data /var/lib/mdps --store postgres://mdps@db.example.com/plans`,
    )
    .action(run);
}

async function run(options: CheckOptions): Promise<void> {
  const findings: Finding[] = [];
  const looked = await look(options, (finding) => findings.push(finding));
  const errors = findings.filter(({ severity }) => severity === "error").length;
  print(options.json, { ...looked, errors, findings }, textOf(looked, findings, errors));
  if (errors > 0) {
    process.exitCode = 1;
  }
}

async function look(options: CheckOptions, report: Report): Promise<Looked> {
  const { data } = options;
  const url = storeUrlOf(options);
  const check = createRecordCheck(createContractRules());
  let files = await checkDirectory(data, report);
  if (!url.startsWith("sqlite:")) {
    const records = await withStore(options, (store) => checkStore(store, check, report));
    return { files, records, inUse: false };
  }
  const directory = sqliteDirectory(url);
  if (directory !== data) {
    files += await checkDirectory(directory, report);
  }
  return { files, ...(await checkDatabase(directory, check, report)) };
}

async function checkDatabase(directory: string, check: RecordCheck, report: Report) {
  // Loaded only here: every other command does without it.
  const { checkSqlite } = await import("../../store/sqlite/check.ts");
  const place = "plans.sqlite";
  try {
    const { problems, ...looked } = checkSqlite(directory, check);
    for (const problem of problems) {
      report({ severity: "error", place, problem });
    }
    return looked;
  } catch (error) {
    if (!(error instanceof StoreOpenError)) {
      throw error;
    }
    report({ severity: "error", place, problem: `${error.message}, or its URL with --store` });
    return { records: 0, inUse: false };
  }
}

function textOf({ files, records, inUse }: Looked, findings: readonly Finding[], errors: number): string {
  // Names of files may have anything, which must not reach the terminal.
  const lines = findings.map(({ severity, place, problem }) =>
    `${severity.padEnd(7)}  ${place}: ${problem}`.replace(/\p{Cc}/gu, "�"),
  );
  const found =
    findings.length === 0 ? "nothing is wrong" : `${errors} errors, ${findings.length - errors} warnings`;
  const meanwhile = inUse ? ", while a server used them" : "";
  return [...lines, `${files} files and ${records} records looked at${meanwhile}: ${found}`].join("\n");
}
