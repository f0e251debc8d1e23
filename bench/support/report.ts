import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

const readme = join(import.meta.dirname, "../README.md");

type Rows = readonly (readonly string[])[];

/** Replaces a section between its two markers in the README, or in another file, with a table, the machine and the date. */
export function writeSection(name: string, rows: Rows, file = readme): void {
  const text = textOf(rows);
  const begin = `<!-- begin ${name} -->`;
  const end = `<!-- end ${name} -->`;
  const before = readFileSync(file, "utf8");
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from === -1 || to === -1) {
    throw new Error(`${file} has no section ${name}`);
  }
  writeFileSync(file, `${before.slice(0, from + begin.length)}\n${text}\n${before.slice(to)}`);
  console.log(text);
}

/** Prints a section without writing it, because only some of its rows were measured. */
export function printTable(_name: string, rows: Rows): void {
  console.log(textOf(rows));
}

function textOf([head = [], ...body]: Rows): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
  const when = new Date().toISOString().slice(0, 10);
  return `${table}\n\nNode ${process.versions.node}, ${machine}, ${when}.`;
}
