/**
 * How long the program takes until it listens. The argument is the `main.js` of another version, such as an installed one: it
 * takes turns with this one, and the README stays as it is.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildPackage } from "./support/build.ts";
import { median } from "./support/load.ts";
import { printTable, writeSection } from "./support/report.ts";
import { quartiles } from "./support/rounds.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const root = join(import.meta.dirname, "..");

const [other] = process.argv.slice(2);

/** The program in the repository, in the built package, and in the other version. */
const programs: readonly (readonly [name: string, path: string])[] = [
  ["from the sources", join(root, "src/cli/main.ts")],
  ["from the package", join(root, "dist/src/cli/main.js")],
  ...(other === undefined ? [] : [["from the other version", resolve(other)] as const]),
];

/** Returns the milliseconds from the start of the program until its first line, which says that it listens. */
async function startUp(program: string, dataDirectory: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [program, "serve", "--port", "0", "--data", dataDirectory]);
  await once(child.stdout, "data");
  const took = performance.now() - began;
  child.kill("SIGTERM");
  await once(child, "exit");
  return took;
}

buildPackage();
const folder = mkdtempSync(join(tmpdir(), "mdps-bench-"));
const times = programs.map((): number[] => []);
try {
  // The programs take turns, so that a slow moment of the machine affects all. Their directories are empty the first time.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, [, path]] of programs.entries()) {
      times[index]?.push(await startUp(path, join(folder, `${index}`)));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const table = [
  ["time until `mdps serve` listens", ...programs.map(([name]) => `${name}, ms`)],
  ["in an empty directory", ...times.map(([first = 0]) => first.toFixed(0))],
  [`later, median of ${rounds}`, ...times.map(([, ...later]) => median(later).toFixed(0))],
  ["slowest", ...times.map(([, ...later]) => Math.max(...later).toFixed(0))],
];
if (other === undefined) {
  writeSection("start-up", table);
} else {
  const [, own = [], others = []] = times;
  const ratios = own.map((ms, round) => ms / (others[round] ?? Number.NaN));
  printTable("start-up", table);
  console.log(`the package to the other version: ${median(ratios).toFixed(2)} (${quartiles(ratios)})`);
}
