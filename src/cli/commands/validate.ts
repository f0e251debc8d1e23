import { styleText } from "node:util";
import type { Command } from "commander";
import type { PlanSharingProtocol } from "../../client/index.ts";
import { escapeInvisible } from "../../contract/field-violation.ts";
import type { ViolationGroup } from "../../push/report/violation-groups.ts";
import { warningName } from "../../push/run/counts.ts";
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
    .argument(
      "<file>",
      "NDJSON, a JSON array, or CSV with --map, optionally .gz or .zst; - for standard input",
    )
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
Equal violations are one line, with their number and the first record: the 50 most frequent ones. --json prints the
violations of the first 1,000 invalid records, one by one. Validation stops after 1,000,000 invalid records.

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

/** Validates a file, prints its violations and resolves with the exit code. */
export async function runValidate(file: string, flags: ValidateFlags): Promise<number> {
  const isJson = flags.json !== undefined;
  // At most a hundred, each with the first record that has it.
  const warnings: Finding[] = [];
  const validation = await validateInput(file, {
    record: { ...recordOptionsOf(flags), endpoint: flags.endpoint, protocol: flags.protocol },
    clockSkewMs: flags.clockSkew * 1000,
    reveal: flags.reveal !== undefined,
    async report(findings) {
      for (const finding of findings) {
        if (isJson) {
          await printLine(JSON.stringify(finding));
        } else if (finding.severity !== undefined) {
          warnings.push(finding);
        }
      }
    },
  });
  await printLine(isJson ? JSON.stringify(validation) : textOf(validation, warnings));
  return validation.invalid === 0 ? 0 : 2;
}

function textOf(validation: Validation, warnings: readonly Finding[]): string {
  const { groups = [], violations } = validation;
  const rows = [
    ...groups,
    ...warnings.map((warning) => ({
      ...warning,
      count: validation.warnings?.[warningName(warning)] ?? 0,
      description: `warning: ${warning.description}`,
    })),
  ];
  const rest = groups.reduce((left, { count }) => left - count, violations);
  return [
    ...(rows.length === 0
      ? []
      : [
          styleText("bold", row("COUNT", "FIRST LINE", "USER", "FIELD", "VIOLATION"), {
            stream: process.stdout,
          }),
        ]),
    ...rows.map(rowOf),
    ...(rest > 0 ? [`${String(rest).padStart(8)}  ${othersOf(validation)}`] : []),
    ...(rows.length === 0 ? [] : [""]),
    summaryOf(validation),
  ].join("\n");
}

function othersOf({ unlisted }: Validation): string {
  return unlisted === undefined
    ? "others, which --json lists"
    : "others; --json lists those of the first 1,000 invalid records";
}

function rowOf({ count, line, userKey = "", field, description }: ViolationGroup): string {
  // Control characters in the input must not reach the terminal.
  return escapeInvisible(row(String(count), String(line), userKey, field, description));
}

function row(count: string, line: string, user: string, field: string, violation: string): string {
  return `${count.padStart(8)}  ${line.padStart(10)}  ${user.padEnd(8)}  ${field.padEnd(36)}  ${violation}`;
}

function summaryOf(validation: Validation): string {
  const { records, valid, invalid, violations, stoppedAt, notifications } = validation;
  const byType = Object.entries(notifications);
  const total = byType.reduce((sum, [, count]) => sum + count, 0);
  const counts = `${records} records: ${valid} valid, ${invalid} invalid with ${violations} violations`;
  const color = invalid === 0 ? "green" : "red";
  return [
    ...(stoppedAt === undefined ? [] : [`stopped after line ${stoppedAt}: too many records are invalid`]),
    styleText(color, counts, { stream: process.stdout }),
    `${total} notifications would be sent`,
    ...byType.map(([type, count]) => `  ${count}  ${type}`),
  ].join("\n");
}
