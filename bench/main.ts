/** `npm run bench -- NAME [ARGUMENTS]` runs one benchmark; without a name it lists them. */
import { globSync } from "node:fs";
import { basename } from "node:path";
import { runSteps } from "../scripts/run-steps.ts";

const names = globSync("*.ts", { cwd: import.meta.dirname })
  .map((file) => basename(file, ".ts"))
  .filter((name) => name !== "main")
  .toSorted();
const [name = "", ...args] = process.argv.slice(2);
const benchmarks = Object.fromEntries(names.map((each) => [each, [["node", `bench/${each}.ts`]]]));

// Runs one at a time: each benchmark takes minutes and needs a quiet machine.
runSteps(benchmarks, [name], args);
