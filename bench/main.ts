/** `npm run bench -- NAME [ARGUMENTS]` runs one benchmark; without a name it lists them. */
import { globSync } from "node:fs";
import { basename, dirname } from "node:path";
import { runSteps } from "../scripts/run-steps.ts";

// A benchmark is a file, or a folder with a main.ts.
const files = globSync(["*.ts", "*/main.ts"], { cwd: import.meta.dirname })
  .filter((file) => file !== "main.ts")
  .toSorted();
const nameOf = (file: string) => (dirname(file) === "." ? basename(file, ".ts") : dirname(file));
const [name = "", ...args] = process.argv.slice(2);
const benchmarks = Object.fromEntries(files.map((file) => [nameOf(file), [["node", `bench/${file}`]]]));

// Runs one at a time: each benchmark takes minutes and needs a quiet machine.
runSteps(benchmarks, [name], args);
