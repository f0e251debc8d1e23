import { styleText } from "node:util";
import type { Command } from "commander";
import { escapeInvisible } from "../../contract/field-violation.ts";
import type { Change, ContractDiff } from "../../contract-diff/index.ts";
import { newCommand } from "../options/new-command.ts";
import { describeError } from "../text/describe-error.ts";
import { printLine, visibleLines } from "../text/print.ts";

type DiffOptions = { json?: true; all?: true };

/** `mdps contract`: compares versions of the contract. */
export function contractCommand(): Command {
  const diff = newCommand("diff")
    .description("list the changes between two contracts that break clients of the old one")
    .argument("<old>", "the contract that clients were built with")
    .argument("<new>", "the contract to compare with it")
    .option("--json", "print all changes as one JSON object")
    .option("--all", "list compatible changes, too")
    .addHelpText("after", help)
    .action(async (old: string, now: string, options: DiffOptions) => {
      process.exitCode = await runDiff(old, now, options);
    })
    // 1 means that the contracts are not compatible, and nothing else.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : badInput));
  return newCommand("contract")
    .description("compare versions of a contract")
    .addCommand(diff)
    .addHelpText("after", "\nExample:\n  mdps contract diff third_party/mdps contract.binpb");
}

const badInput = 2;

const help = `
Each of the two is one of:
  contract.binpb    a descriptor set: \`buf build -o\`, \`protoc --include_imports -o\`
  proto.tar.gz      a tar archive of .proto files with their imports
  a folder          of .proto files with their imports, or of the artefacts of a release
  openapi.json      if both are OpenAPI documents; descriptors say more
  -                 one of these files on standard input
.proto files are compiled by buf or protoc, whichever is on the PATH.

A change breaks users of the binary format, of JSON (Connect with JSON, files), of REST, or of generated code.
docs/stability.md lists which change breaks whom.

Exit codes:
  0  the new contract is compatible
  1  at least one change breaks users
  2  the command is invalid, or a contract could not be read or compared

Examples:
  mdps contract diff third_party/mdps contract.binpb
  mdps contract diff v1.0.0/proto.tar.gz v1.1.0/proto.tar.gz --all
  mdps contract diff old.binpb new.binpb --json | jq -r '.breaking[] | "\\(.kind) \\(.where)"'`;

/** Compares two contracts, prints the changes and resolves with the exit code. */
async function runDiff(old: string, now: string, { json, all }: DiffOptions): Promise<number> {
  let diff: ContractDiff;
  try {
    // Loaded on demand because other commands do not need it.
    const { diffContracts, readContract } = await import("../../contract-diff/index.ts");
    diff = diffContracts(readContract(old), readContract(now));
  } catch (error) {
    console.error(`mdps: ${visibleLines(describeError(error))}`);
    return badInput;
  }
  const { breaking, compatible } = diff;
  if (json) {
    const isCompatible = breaking.length === 0;
    await printLine(visibleLines(JSON.stringify({ isCompatible, breaking, compatible }, null, 2)));
  } else {
    await printLine(textOf(diff, all === true));
  }
  return breaking.length === 0 ? 0 : 1;
}

function textOf({ breaking, compatible }: ContractDiff, isAll: boolean): string {
  const color = breaking.length === 0 ? "green" : "red";
  const result = `${count(breaking.length, "breaking change")}, ${count(compatible.length, "compatible change")}`;
  const rest = compatible.length === 0 || isAll ? "" : " (--all lists them)";
  return [
    ...tableOf(breaking, (change) => change.breaks.join(", ")),
    ...(isAll ? tableOf(compatible, () => "nobody") : []),
    styleText(color, result, { stream: process.stdout }) + rest,
  ].join("\n");
}

function tableOf(changes: readonly Change[], breaks: (change: Change) => string): string[] {
  if (changes.length === 0) {
    return [];
  }
  const rows = changes.map((change) => [
    change.kind,
    change.where,
    change.before ?? "–",
    change.after ?? "–",
    breaks(change),
  ]);
  const [head = [], ...body] = [["KIND", "WHERE", "BEFORE", "AFTER", "BREAKS"], ...rows].map((row) =>
    row.map(cell),
  );
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [styleText("bold", line(head), { stream: process.stdout }), ...body.map(line), ""];
}

const maxCell = 60;

/** Patterns and expressions are long: --json has them in full. */
function cell(text: string): string {
  // Control characters in a contract must not reach the terminal, and a pattern must be seen in full.
  const printable = escapeInvisible(text);
  return printable.length > maxCell ? `${printable.slice(0, maxCell - 1)}…` : printable;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
