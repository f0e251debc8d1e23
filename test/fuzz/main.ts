/**
 * Throws spoiled HTTP requests at real servers on this machine, for thirty seconds or `--seconds`. Prints its seed;
 * `--seed` repeats a run. Ends with 1, and the bytes that did it, if a server answered wrongly, failed or hung.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "30" }, seed: { type: "string" } },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
if (!(seconds > 0 && Number.isInteger(seed))) {
  console.error("usage: npm run fuzz [-- --seconds <number> --seed <integer>]");
  process.exit(2);
}
console.log(`seed ${seed}, ${seconds} s`);
const { connections, statuses, findings } = await fuzz({ seed, budgetMs: seconds * 1000 });
console.log(`${connections} connections, answers: ${JSON.stringify(statuses)}`);
for (const { fault, target, bytes } of findings) {
  console.error(`\nFOUND in ${target}: ${fault}\nbytes, as base64:\n${bytes.toString("base64")}`);
  console.error(`as text:\n${JSON.stringify(bytes.toString("latin1").slice(0, 2_000))}`);
}
// A server that hangs must not keep the run from ending.
process.exit(findings.length === 0 ? 0 : 1);
