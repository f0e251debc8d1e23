import { type ChildProcess, execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** The output and the exit status of a program. */
export type Outcome = {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
};

/** A running `mdps`. */
export type Program = {
  readonly process: ChildProcess;
  /** Resolves with the standard output so far once it matches. Rejects if the program ends first. */
  printed(pattern: RegExp): Promise<string>;
  /** Resolves when the program has ended. */
  readonly ended: Promise<Outcome>;
};

export type ProgramOptions = {
  /** Started instead of Node with the sources: a file and its first arguments. */
  command?: readonly [file: string, ...args: string[]];
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** User ID to run the program as; requires root. */
  uid?: number;
  /** Standard input; empty by default. */
  stdin?: string | Uint8Array;
};

/** Starts the program. It is killed when the running test ends. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): Program {
  const { command: [file, ...first] = [process.execPath, main], env, uid, stdin } = options;
  const child = spawn(file, [...first, ...args], {
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...env },
    ...(uid !== undefined && { uid }),
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(stdin);
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const watch of [...watchers]) {
      watch();
    }
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ stdout, stderr, exitCode, signal }));
  });
  return {
    process: child,
    ended,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          if (pattern.test(stdout)) {
            watchers.delete(watch);
            resolve(stdout);
          }
        };
        watchers.add(watch);
        watch();
        ended.then(
          ({ exitCode }) => reject(new Error(`the program ended with ${exitCode}: ${stdout}${stderr}`)),
          reject,
        );
      }),
  };
}

/** Runs the program until it ends. */
export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  return startProgram(args, options).ended;
}

const announcement = /^mdps listens on (\S+), data directory (.+?)(?:, metrics and health on (\S+))?$/m;

/** Starts `mdps serve` on a free port with log level `error`, and resolves when it listens. */
export async function startServe(
  directory: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Program & { readonly url: string; readonly adminUrl: string }> {
  const serve = ["serve", "--port", "0", "--data", directory, "--log-level", "error"];
  // A busy machine delays the event loop too; these tests are not about that limit.
  const env = { MDPS_LIMITS_MAX_EVENT_LOOP_DELAY: "0s", ...environment };
  const program = startProgram([...serve, ...args], { env });
  const text = await program.printed(announcement);
  const [, url = "", , adminUrl = ""] = announcement.exec(text) ?? [];
  return { ...program, url, adminUrl };
}

/** Creates a token with `mdps token`. */
export async function printToken(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await runProgram(["token", "--operator", "65001", "--data", directory, ...args]);
  return stdout.trim();
}

/** Runs the program on a terminal until it ends, and resolves with both outputs. */
export async function runOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const line = [process.execPath, main, ...args].map(quote).join(" ");
  // `script`, of util-linux, creates the terminal.
  const { stdout } = await promisify(execFile)("script", ["-qec", line, "/dev/null"], {
    env: { ...process.env, ...env },
  });
  return stdout;
}
