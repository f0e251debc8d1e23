import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPackage } from "./support/build.ts";
import { median } from "./support/load.ts";
import { writeSection } from "./support/report.ts";

const rounds = 9;
const root = join(import.meta.dirname, "..");

/** The program in the repository, and in the installed package. */
const programs = { sources: "src/cli/main.ts", package: "dist/src/cli/main.js" } as const;

/** Returns the milliseconds from the start of the program until its first line, which says that it listens. */
async function startUp(program: string, dataDirectory: string): Promise<number> {
  const began = performance.now();
  const main = join(root, program);
  const child = spawn(process.execPath, [main, "serve", "--port", "0", "--data", dataDirectory]);
  await once(child.stdout, "data");
  const took = performance.now() - began;
  child.kill("SIGTERM");
  await once(child, "exit");
  return took;
}

/** Measures starts of a program in a directory that is empty the first time. */
function measure(program: string) {
  const dataDirectory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
  const times: number[] = [];
  return {
    async round() {
      times.push(await startUp(program, dataDirectory));
    },
    figures() {
      const [first = 0, ...later] = times;
      return [first, median(later), Math.max(...later)].map((ms) => ms.toFixed(0));
    },
    [Symbol.dispose]: () => rmSync(dataDirectory, { recursive: true, force: true }),
  };
}

buildPackage();
using sources = measure(programs.sources);
using built = measure(programs.package);
// The programs take turns, so that a slow moment of the machine affects both.
for (let round = 0; round <= rounds; round++) {
  await sources.round();
  await built.round();
}
const fromSources = sources.figures();
writeSection("start-up", [
  ["time until `mdps serve` listens", "from the sources, ms", "from the package, ms"],
  ...["in an empty directory", `later, median of ${rounds}`, "slowest"].map((name, index) => [
    name,
    fromSources[index] ?? "",
    built.figures()[index] ?? "",
  ]),
]);
