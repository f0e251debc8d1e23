/**
 * Tests `mdps serve` under failures: `npm run test:all -- --project resilience` takes about five minutes. `--only kill
 * --only soak` selects scenarios, `--minutes 60` (or `--long`) runs the long ones for an hour, `--seed 7` reproduces the
 * random points of a run, and `--write` writes docs/resilience.md. Prints the table and exits with 1 if a row failed.
 */
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { isPassed, type Result, resilienceText, tableOf } from "./table.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    long: { type: "boolean", default: false },
    minutes: { type: "string" },
    seed: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const names = scenarios.map(({ name }) => name);
const unknown = values.only?.find((name) => !names.includes(name));
const minutes = Number(values.minutes ?? (values.long ? 60 : 0));
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
if (unknown !== undefined) {
  console.error(`--only ${unknown}: unknown scenario; use one of ${names.join(", ")}`);
  process.exit(2);
}
if (!(minutes >= 0 && Number.isInteger(seed))) {
  console.error(
    "usage: npm run test:all -- --project resilience [--only NAME --minutes NUMBER --seed INTEGER --write]",
  );
  process.exit(2);
}
if (values.write && values.only !== undefined) {
  console.error("--write requires all scenarios: remove --only, or the table would be incomplete");
  process.exit(2);
}

// A scenario awaits its background work later than that work may fail; it reports the failure then.
process.on("unhandledRejection", () => undefined);

/** Duration of each long scenario. The default keeps the whole run in CI at about five minutes. */
const seconds = minutes === 0 ? 30 : minutes * 60;
const results: Result[] = [];
console.log(`seed ${seed}`);
for (const scenario of scenarios) {
  if (values.only === undefined || values.only.includes(scenario.name)) {
    const began = performance.now();
    const { outcome, stderrTail } = await runScenario(scenario, { seed, seconds });
    results.push({ name: scenario.name, outcome });
    const took = `${((performance.now() - began) / 1000).toFixed(0)} s`;
    if ("notRun" in outcome) {
      console.log(`not run: ${scenario.name}: ${outcome.notRun}`);
    } else {
      console.log(
        `${isPassed(outcome) ? "passed" : "FAILED"}: ${scenario.name}, ${took}: ${outcome.observed}`,
      );
      for (const problem of outcome.problems.slice(0, 20)) {
        console.log(`  ${problem}`);
      }
      if (!isPassed(outcome)) {
        console.log(
          `  reproduce it: npm run test:all -- --project resilience --only ${scenario.name} --seed ${seed}`,
        );
        console.log(`  last lines of the server on standard error:\n${stderrTail}`);
      }
    }
  }
}
console.log(`\n${tableOf(results).join("\n")}`);
const failed = results.filter(({ outcome }) => !("notRun" in outcome) && !isPassed(outcome));
if (values.write) {
  const machine = `${cpus().length} processors, Linux ${release().split("-")[0]}, Node ${process.versions.node}`;
  writeFileSync(new URL("../../docs/resilience.md", import.meta.url), resilienceText(results, machine));
}
// Exit even if a server hangs.
process.exit(failed.length === 0 ? 0 : 1);
