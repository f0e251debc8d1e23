import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { killRounds } from "./rounds.ts";

// node test/store/kill/main.ts --times 100
const { values } = parseArgs({ options: { times: { type: "string", default: "100" } } });
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1) {
  throw new Error(`--times is ${values.times}; expected a whole number from 1`);
}

const place = mkdtempSync(join(tmpdir(), "mdps-kill-"));
const problems = await killRounds({
  module: new URL("./sqlite.ts", import.meta.url),
  place,
  times,
  onRound(round, acknowledged, found) {
    console.log(`kill ${round} of ${times}: ${acknowledged} puts acknowledged, ${found.length} problems`);
    for (const problem of found) {
      console.error(problem);
    }
  },
});
if (problems.length > 0) {
  console.error(`${problems.length} problems; the store is left in ${place}`);
  process.exitCode = 1;
} else {
  rmSync(place, { recursive: true });
}
