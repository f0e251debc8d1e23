/**
 * Proves what `mdps serve` survives: `npm run test:all -- --project resilience`, about five minutes; with `--only kill --only soak` for
 * some scenarios, `--minutes 60` (or `--long`, which is 60) for as long, `--seed 7` to repeat the random points of a
 * run, and `--write` to write docs/resilience.md. Prints the table and ends with 1 if a row failed.
 */
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { serveFlags } from "./serve-flags.ts";
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
  console.error(`--only ${unknown}: there is ${names.join(", ")}`);
  process.exit(2);
}
if (!(minutes >= 0 && Number.isInteger(seed))) {
  console.error(
    "usage: npm run test:all -- --project resilience [--only NAME --minutes NUMBER --seed INTEGER --write]",
  );
  process.exit(2);
}
if (values.write && values.only !== undefined) {
  console.error("--write is for a run of all scenarios: the table would lack the others");
  process.exit(2);
}

// A scenario awaits what it has started later than that may fail, and then fails by it.
process.on("unhandledRejection", () => undefined);

/** In CI the whole has five minutes; else each long one has what it was given. */
const seconds = minutes === 0 ? 30 : minutes * 60;
const flags = await serveFlags();
const results: Result[] = [];
console.log(`seed ${seed}`);
for (const scenario of scenarios) {
  if (values.only === undefined || values.only.includes(scenario.name)) {
    const began = performance.now();
    const { outcome, complaints } = await runScenario(scenario, { seed, seconds, flags });
    results.push({ name: scenario.name, outcome });
    const took = `${((performance.now() - began) / 1000).toFixed(0)} s`;
    if ("notRun" in outcome) {
      console.log(`not run: ${scenario.name}: ${outcome.notRun}`);
    } else {
      console.log(`${isPassed(outcome) ? "passed" : "FAILED"}: ${scenario.name}, ${took}: ${outcome.seen}`);
      for (const fault of outcome.faults.slice(0, 20)) {
        console.log(`  ${fault}`);
      }
      if (!isPassed(outcome)) {
        console.log(
          `  repeat it: npm run test:all -- --project resilience --only ${scenario.name} --seed ${seed}`,
        );
        console.log(`  the last that the server wrote on standard error:\n${complaints}`);
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
// A server that hangs must not keep the run from ending.
process.exit(failed.length === 0 ? 0 : 1);
