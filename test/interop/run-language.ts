import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Expectation, judge, type ProtocolResult } from "./judge.ts";
import type { Command, Language } from "./language.ts";

/** Result of a language. */
export type Outcome = {
  readonly name: string;
  /** Where its code of the contract comes from. */
  readonly code: string;
  /** Why it did not run; the rest is empty then. */
  readonly skipped?: string;
  readonly results: readonly ProtocolResult[];
  readonly problems: readonly string[];
};

export type RunOptions = {
  /** Environment of the program: the server and what to send. */
  env: Readonly<Record<string, string>>;
  cases: Expectation["cases"];
  /** Receives progress messages. */
  log(line: string): void;
  /** Timeout of the program in milliseconds. Defaults to ten minutes. */
  timeoutMs?: number;
};

/** Attempts of a build: it downloads from registries, which sometimes do not answer. */
const maxBuilds = 3;

/** Builds, runs and judges the program of a language. Failing to build or run it is a problem, not an error. */
export async function runLanguage(language: Language, options: RunOptions): Promise<Outcome> {
  const { name, code, protocols } = language;
  const skipped = language.missing();
  if (skipped !== undefined) {
    return { name, code, skipped, results: [], problems: [] };
  }
  const folder = await mkdtemp(join(tmpdir(), "mdps-interop-"));
  try {
    const { command, workDir } = await build(language, folder, options.log);
    const { stdout, ended } = await run(command, options);
    const { results, problems } = judge(stdout, { cases: options.cases, protocols });
    const endProblems = ended === 0 ? [] : [`the program exited with ${ended}`];
    const example = await testExample(language, folder, workDir, options.log);
    return { name, code, results, problems: [...endProblems, ...problems, ...example] };
  } catch (cause) {
    return { name, code, results: [], problems: [String(cause instanceof Error ? cause.message : cause)] };
  } finally {
    // Some tools write-protect their downloads.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Runs the tests of the example of a language, if it has one. Resolves with their problems. */
async function testExample(
  { testExample: test }: Language,
  folder: string,
  buildDir: string,
  log: RunOptions["log"],
): Promise<readonly string[]> {
  if (test === undefined) {
    return [];
  }
  const workDir = join(folder, "example");
  await mkdir(workDir);
  try {
    await test({ workDir, buildDir, log });
    return [];
  } catch (cause) {
    return [`the tests of docs/examples/testing: ${cause instanceof Error ? cause.message : cause}`];
  }
}

async function build(language: Language, folder: string, log: RunOptions["log"]) {
  for (let attempt = 1; ; attempt++) {
    const workDir = join(folder, String(attempt));
    await mkdir(workDir);
    try {
      return { command: await language.build({ workDir, log }), workDir };
    } catch (cause) {
      if (attempt === maxBuilds) {
        throw cause;
      }
      log(`the build failed, retrying: ${cause}`);
    }
  }
}

async function run({ command, args, cwd, env }: Command, options: RunOptions) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...options.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: options.timeoutMs ?? 10 * 60_000,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const [code, signal] = await once(child, "close");
  return { stdout, ended: (signal ?? code) as number | string };
}
