import { styleText } from "node:util";
import type { Command } from "commander";
import type { PlanSharingProtocol } from "../../client/index.ts";
import { escapeInvisible } from "../../contract/field-violation.ts";
import { type Finding, type Validation, validateInput } from "../../push/validate-input.ts";
import { newCommand } from "../options/new-command.ts";
import { parseEndpoint, parseSeconds } from "../options/parse-options.ts";
import { type RecordFlags, recordOptionsOf, withRecordOptions } from "../options/record-options.ts";
import { printLine } from "../text/print.ts";

type ValidateFlags = RecordFlags & {
  clockSkew: number;
  json?: true;
  reveal?: true;
  /** Only of `mdps push --dry-run`. */
  protocol?: PlanSharingProtocol;
};

/** `mdps validate`: validates every record of a file without a server. */
export function validateCommand(): Command {
  return withRecordOptions(newCommand("validate"))
    .description("validate every record of a file, without a server")
    .argument("<file>", "NDJSON or a JSON array, optionally .gz or .zst; - for standard input")
    .option("--clock-skew <seconds>", "how far in the future an updateTime may be", parseSeconds(0), 60)
    .option(
      "--endpoint <where>",
      "validate as for a push to production, preproduction or the URL of a server; nothing is sent",
      parseEndpoint,
    )
    .option("--json", "print one JSON object per violation, then one with the counts")
    .option("--reveal", "print user keys unmasked")
    .addHelpText(
      "after",
      `
The violations of the first 1,000 invalid records are listed. Validation stops after 1,000,000 invalid records.

Exit codes:
  0  all records are valid
  1  the command is invalid, or the file could not be read
  2  at least one record is invalid

Examples:
  mdps validate statuses.ndjson --operator 65001 --client mobiledataplan
  zcat today.ndjson.gz | mdps validate - --user-key-field msisdn --operator 65001 --client any
  mdps validate statuses.json --json | jq -r 'select(.field) | "\\(.line) \\(.field)"'`,
    )
    .action(async (file: string, flags: ValidateFlags) => {
      process.exitCode = await runValidate(file, flags);
    });
}

/** Validates a file, prints all violations and resolves with the exit code. */
export async function runValidate(file: string, flags: ValidateFlags): Promise<number> {
  const isJson = flags.json !== undefined;
  let isFirst = true;
  const validation = await validateInput(file, {
    record: { ...recordOptionsOf(flags), endpoint: flags.endpoint, protocol: flags.protocol },
    clockSkewMs: flags.clockSkew * 1000,
    reveal: flags.reveal !== undefined,
    async report(findings) {
      for (const finding of findings) {
        if (isFirst && !isJson) {
          await printLine(
            styleText("bold", row("LINE", "USER", "FIELD", "VIOLATION"), { stream: process.stdout }),
          );
        }
        isFirst = false;
        await printLine(isJson ? JSON.stringify(finding) : rowOf(finding));
      }
    },
  });
  await printLine(isJson ? JSON.stringify(validation) : `${isFirst ? "" : "\n"}${summaryOf(validation)}`);
  return validation.invalid === 0 ? 0 : 2;
}

function rowOf({ line, userKey = "", field, description, severity }: Finding): string {
  const text = severity === undefined ? description : `${severity}: ${description}`;
  // Control characters in the input must not reach the terminal.
  return escapeInvisible(row(String(line), userKey, field, text));
}

function row(line: string, user: string, field: string, violation: string): string {
  return `${line.padStart(8)}  ${user.padEnd(8)}  ${field.padEnd(36)}  ${violation}`;
}

function summaryOf(validation: Validation): string {
  const { records, valid, invalid, unlisted = 0, violations, stoppedAt, notifications } = validation;
  const warnings = Object.entries(validation.warnings ?? {});
  const byType = Object.entries(notifications);
  const total = byType.reduce((sum, [, count]) => sum + count, 0);
  const counts = `${records} records: ${valid} valid, ${invalid} invalid with ${violations} violations`;
  const color = invalid === 0 ? "green" : "red";
  return [
    ...(unlisted > 0 ? [`the violations of ${unlisted} more records are not listed`] : []),
    ...(stoppedAt === undefined ? [] : [`stopped after line ${stoppedAt}: too many records are invalid`]),
    styleText(color, counts, { stream: process.stdout }),
    `${total} notifications would be sent`,
    ...byType.map(([type, count]) => `  ${count}  ${type}`),
    ...(warnings.length > 0 ? ["valid records with warnings:"] : []),
    ...warnings.map(([warning, count]) => `  ${count}  ${warning}`),
  ].join("\n");
}
