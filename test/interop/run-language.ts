import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Expectation, judge, type ProtocolResult } from "./judge.ts";
import type { Command, Language } from "./language.ts";

/** What became of a language. */
export type Outcome = {
  readonly name: string;
  /** Why it did not run; then the rest is empty. */
  readonly skipped?: string;
  readonly results: readonly ProtocolResult[];
  readonly faults: readonly string[];
};

export type RunOptions = {
  /** What the program is told: where the server is, and what to send. */
  env: Readonly<Record<string, string>>;
  cases: Expectation["cases"];
  /** Gets a line for people now and then. */
  log(line: string): void;
  /** How long the program may take, in milliseconds. Defaults to ten minutes. */
  timeoutMs?: number;
};

/** How often a build is tried: it fetches from registries, which now and then do not answer. */
const mostBuilds = 3;

/** Builds a language's program, runs it and judges it. A program that cannot be built or run is a fault, not an error. */
export async function runLanguage(language: Language, options: RunOptions): Promise<Outcome> {
  const { name, protocols } = language;
  const skipped = language.missing();
  if (skipped !== undefined) {
    return { name, skipped, results: [], faults: [] };
  }
  const folder = await mkdtemp(join(tmpdir(), "mdps-interop-"));
  try {
    const command = await build(language, folder, options.log);
    const { stdout, ended } = await run(command, options);
    const { results, faults } = judge(stdout, { cases: options.cases, protocols });
    return { name, results, faults: ended === 0 ? faults : [`the program ended with ${ended}`, ...faults] };
  } catch (cause) {
    return { name, results: [], faults: [String(cause instanceof Error ? cause.message : cause)] };
  } finally {
    // Some tools write-protect what they fetch.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function build(language: Language, folder: string, log: RunOptions["log"]): Promise<Command> {
  for (let attempt = 1; ; attempt++) {
    const workDir = join(folder, String(attempt));
    await mkdir(workDir);
    try {
      return await language.build({ workDir, log });
    } catch (cause) {
      if (attempt === mostBuilds) {
        throw cause;
      }
      log(`the build failed, once more: ${cause}`);
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
