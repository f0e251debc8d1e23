/**
 * Runs the interop suite: `npm run test:all -- --project interop`, with `--only go --only rust` for some languages, `--require-all` to
 * fail if one cannot run, and `--write` to write its section of docs/compatibility.md. Exits with 1 if anything
 * fails, or if all languages ran and the section has other figures.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkFigures } from "../support/compatibility/figures.ts";
import { readVectors } from "../vectors/read-vectors.ts";
import { unpackVectors } from "./bundle.ts";
import { interopFigures } from "./compatibility.ts";
import { findLanguages } from "./language.ts";
import { type Outcome, runLanguage } from "./run-language.ts";
import { serve } from "./serve.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    "require-all": { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const root = join(import.meta.dirname, "..", "..");
const serviceConfig = join(root, "proto", "mobiledataplansharing", "v1", "service_config.json");
const { cases, clockSkewSeconds } = readVectors();
const languages = await findLanguages();
const folders = new Set(languages.map(({ folder }) => folder));
const unknown = values.only?.find((name) => !folders.has(name));
if (unknown !== undefined) {
  console.error(`--only ${unknown}: must be one of ${[...folders].join(", ")}`);
  process.exit(2);
}
if (values.write && values.only !== undefined) {
  console.error("--write cannot be combined with --only: the table needs all languages");
  process.exit(2);
}
if (!existsSync(serviceConfig)) {
  throw new Error(`${serviceConfig} does not exist`);
}

const directory = await mkdtemp(join(tmpdir(), "mdps-interop-data-"));
const server = await serve(directory, clockSkewSeconds);
const env = {
  MDPS_ENDPOINT: server.url,
  MDPS_VECTORS: unpackVectors(directory),
  MDPS_TOKENS: JSON.stringify(server.tokens),
  MDPS_SERVICE_CONFIG: serviceConfig,
};
const outcomes: Outcome[] = [];
for (const { folder, language } of languages) {
  if (values.only === undefined || values.only.includes(folder)) {
    const log = (line: string) => console.error(`${folder}: ${line}`);
    const outcome = await runLanguage(language, { env, cases: cases.map(({ name }) => name), log });
    print(outcome);
    outcomes.push(outcome);
  }
}
// No request may cause an unexpected error in the server.
const serverErrors = await server.stop();
if (serverErrors !== "") {
  console.log(`FAILED: mdps serve wrote on standard error:\n${serverErrors}`);
}
await rm(directory, { recursive: true, force: true });

const skipped = outcomes.filter((outcome) => outcome.skipped !== undefined);
const isComplete = values.only === undefined && skipped.length === 0;
const difference =
  isComplete || values.write ? checkFigures(interopFigures(outcomes, cases.length)) : undefined;
if (difference !== undefined) {
  console.log(`FAILED: ${difference}`);
  process.exitCode = 1;
}
const failed = outcomes.filter(({ problems }) => problems.length > 0);
console.log(
  `${outcomes.length - skipped.length - failed.length} passed, ${failed.length} failed, ${skipped.length} skipped`,
);
if (failed.length > 0 || serverErrors !== "" || (values["require-all"] && skipped.length > 0)) {
  process.exitCode = 1;
}

function print({ name, skipped: why, results, problems }: Outcome): void {
  if (why !== undefined) {
    console.log(`skipped: ${name}: ${why}`);
  }
  for (const problem of problems) {
    console.log(`FAILED: ${name}: ${problem}`);
  }
  for (const { protocol, passed, total } of results) {
    console.log(`${passed === total ? "passed" : "FAILED"}: ${name}: ${protocol}: ${passed} of ${total}`);
  }
}
