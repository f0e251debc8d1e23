import { existsSync } from "node:fs";
import type { Command } from "commander";
import { checkDirectory } from "../../check/check-directory.ts";
import { createRecordCheck, type RecordCheck } from "../../check/check-record.ts";
import { checkStore } from "../../check/check-store.ts";
import type { Finding, Report } from "../../check/finding.ts";
import { escapeInvisible } from "../../contract/field-violation.ts";
import { sharedContractRules } from "../../plans/contract-rules.ts";
import { sqliteDirectory } from "../../store/open-store.ts";
import { StoreOpenError } from "../../store/plan-store.ts";
import { requireDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { type StoreOptions, storeUrlOf, withStore, withStoreOptions } from "../options/store-options.ts";
import { jsonOption, print } from "../text/print.ts";
import { UsageError } from "../usage-error.ts";

type CheckOptions = StoreOptions & { json?: true };

/** What was checked, and whether a server was using the database. */
type Checked = { readonly files: number; readonly records: number; readonly inUse: boolean };

/** `mdps check`: verifies the integrity of a data directory and a store. Changes nothing. */
export function checkCommand(): Command {
  return withStoreOptions(newCommand("check"))
    .description("verify the integrity of a data directory and its records (read-only)")
    .option(...jsonOption)
    .addHelpText(
      "after",
      `
Exit codes:
  0  no errors; there may be warnings
  1  there are errors, or the check failed

Examples:
  mdps check --data /var/lib/mdps
  mdps check --data /var/lib/mdps --store postgres://mdps@db.example.com/plans`,
    )
    .action(check);
}

async function check(options: CheckOptions): Promise<void> {
  const findings: Finding[] = [];
  const checked = await checkAll(options, (finding) => findings.push(finding));
  const errors = findings.filter(({ severity }) => severity === "error").length;
  print(options.json, { ...checked, errors, findings }, textOf(checked, findings, errors));
  if (errors > 0) {
    process.exitCode = 1;
  }
}

async function checkAll(options: CheckOptions, report: Report): Promise<Checked> {
  const data = requireDirectory(options.data);
  if (!existsSync(data)) {
    throw new UsageError(
      `${data} does not exist: pass the data directory of the server with --data or MDPS_DATA`,
    );
  }
  const url = storeUrlOf(options);
  const recordCheck = createRecordCheck(sharedContractRules());
  let files = await checkDirectory(data, report);
  if (!url.startsWith("sqlite:")) {
    const records = await withStore(options, (store) => checkStore(store, recordCheck, report));
    return { files, records, inUse: false };
  }
  const directory = sqliteDirectory(url);
  if (directory !== data) {
    files += await checkDirectory(directory, report);
  }
  return { files, ...(await checkDatabase(directory, recordCheck, report)) };
}

async function checkDatabase(directory: string, recordCheck: RecordCheck, report: Report) {
  // Loaded on demand because other commands do not need SQLite.
  const { checkSqlite } = await import("../../store/sqlite/check.ts");
  const place = "plans.sqlite";
  try {
    const { problems, ...checked } = checkSqlite(directory, recordCheck);
    for (const problem of problems) {
      report({ severity: "error", place, problem });
    }
    return checked;
  } catch (error) {
    if (!(error instanceof StoreOpenError)) {
      throw error;
    }
    report({ severity: "error", place, problem: `${error.message}, or its URL with --store` });
    return { records: 0, inUse: false };
  }
}

function textOf({ files, records, inUse }: Checked, findings: readonly Finding[], errors: number): string {
  // File names may contain control characters, which must not reach the terminal.
  const lines = findings.map(({ severity, place, problem }) =>
    escapeInvisible(`${severity.padEnd(7)}  ${place}: ${problem}`),
  );
  const result =
    findings.length === 0 ? "no problems found" : `${errors} errors, ${findings.length - errors} warnings`;
  const server = inUse ? " while a server was running" : "";
  return [...lines, `checked ${files} files and ${records} records${server}: ${result}`].join("\n");
}
