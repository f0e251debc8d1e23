/**
 * Sends mutated HTTP requests to real servers on this machine, for 30 seconds or `--seconds`. Prints its seed; `--seed`
 * sends the same requests again. Exits with 1 and prints the bytes if a server answers wrongly, fails or hangs.
 *
 * With `--codecs`, compares generated codecs with protobuf-es and with the readers that they replace instead, on as many
 * random inputs: half of them messages of the contract, half messages with fields of every kind.
 */
import { parseArgs } from "node:util";
import { reportCodecs } from "./codecs/report.ts";
import { fuzz } from "./fuzz.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    seed: { type: "string" },
    codecs: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
const inputs = values.codecs === undefined ? undefined : Number(values.codecs);
if (!(seconds > 0 && Number.isInteger(seed) && (inputs === undefined || inputs > 0))) {
  console.error("usage: npm run fuzz [-- (--seconds <number> | --codecs <inputs>) --seed <integer>]");
  process.exit(2);
}
if (inputs !== undefined) {
  process.exit((await reportCodecs(seed, inputs)) ? 0 : 1);
}
console.log(`seed ${seed}, ${seconds} s`);
const { connections, statuses, findings } = await fuzz({ seed, budgetMs: seconds * 1000 });
console.log(`${connections} connections, answers: ${JSON.stringify(statuses)}`);
for (const { problem, target, bytes } of findings) {
  console.error(`\nFOUND in ${target}: ${problem}\nbytes in base64:\n${bytes.toString("base64")}`);
  console.error(`as text:\n${JSON.stringify(bytes.toString("latin1").slice(0, 2_000))}`);
}
// A hanging server must not keep this program running.
process.exit(findings.length === 0 ? 0 : 1);
