/**
 * npm run test:all -- --project google-auth: Google's auth libraries, unchanged, with key files of `mdps service-account
 * create`, against the token endpoint and the gRPC server. Each program gets a token for the scope that Google documents
 * and pushes a status with it. Languages that are not installed are skipped; with `--require-all` they count as failed.
 * `--only java` runs one language, and `--verbose` shows the output of tools.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { Language } from "../language.ts";
import { checksAgainst, type Push, type PushReport } from "./checks.ts";
import { language as go } from "./go/interop.ts";
import { language as java } from "./java/interop.ts";
import { language as python } from "./python/interop.ts";
import { serveTls } from "./tls-server.ts";

const languages: Readonly<Record<string, Language>> = { python, java, go };
const execute = promisify(execFile);

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    "require-all": { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});
if (values.only !== undefined && !Object.hasOwn(languages, values.only)) {
  throw new Error(`--only ${values.only}: must be one of ${Object.keys(languages).join(", ")}`);
}
const chosen = Object.entries(languages).filter(
  ([name]) => values.only === undefined || name === values.only,
);

const counts = { passed: 0, failed: 0, skipped: 0 };
const server = await serveTls();
try {
  const checks = checksAgainst(server);
  for (const [, language] of chosen) {
    const why = language.missing();
    if (why !== undefined) {
      counts.skipped += checks.length;
      console.log(`skipped  ${language.name}: ${why}`);
      continue;
    }
    const workDir = mkdtempSync(join(tmpdir(), "mdps-google-auth-build-"));
    try {
      const push = await build(language, workDir);
      for (const { name, run } of checks) {
        const problem = await run(push);
        counts[problem === undefined ? "passed" : "failed"] += 1;
        console.log(`${problem === undefined ? "passed " : "FAILED "}  ${language.name}: ${name}`);
        if (problem !== undefined) {
          console.log(`         ${problem}`);
        }
      }
    } catch (error) {
      counts.failed += 1;
      console.log(`FAILED   ${language.name}: ${(error as Error).message}`);
    } finally {
      rmSync(workDir, { recursive: true, force: true });
    }
  }
} finally {
  await server.stop();
}
console.log(`google-auth: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
const isMissing = values["require-all"] && counts.skipped > 0;
process.exitCode = counts.failed > 0 || isMissing ? 1 : 0;

/** Builds the program of a language. Returns a function that runs it. */
async function build(language: Language, workDir: string): Promise<Push> {
  const log = (line: string) => values.verbose && console.error(line);
  const { command, args, cwd, env: own } = await language.build({ workDir, log });
  return async (env) => {
    const options = { cwd, timeout: 120_000, env: { ...process.env, ...own, ...env } };
    const { stdout } = await execute(command, args, options);
    return JSON.parse(stdout) as PushReport;
  };
}
