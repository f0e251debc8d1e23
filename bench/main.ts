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

// Never all of them: each takes minutes and wants a quiet machine.
runSteps(benchmarks, [name], args);
