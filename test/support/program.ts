import { type ChildProcess, execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** What a program has written and how it ended. */
export type Outcome = {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
};

/** `mdps`, running. */
export type Program = {
  readonly process: ChildProcess;
  /** Resolves with everything on standard output so far once it matches. Rejects if the program ends before. */
  printed(pattern: RegExp): Promise<string>;
  /** Resolves when the program has ended. */
  readonly ended: Promise<Outcome>;
};

export type ProgramOptions = {
  /** What is started in place of Node with the sources: a file and its first arguments. */
  command?: readonly [file: string, ...args: string[]];
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** Runs the program as this user, by number; only root can. */
  uid?: number;
  /** What the program reads from standard input; nothing by default. */
  stdin?: string | Uint8Array;
};

/** Starts the program as a person would. It is killed when the running test is over, if it still runs. */
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

/** Runs the program to its end. */
export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  return startProgram(args, options).ended;
}

const announcement = /^mdps listens on (\S+), with its data in (.+?)(?:, and for you on (\S+))?$/m;

/** Starts `mdps serve` on a free port, with nothing but failures in its log, and resolves when it listens. */
export async function startServe(
  directory: string,
  args: readonly string[] = [],
): Promise<Program & { readonly url: string; readonly adminUrl: string }> {
  const program = startProgram([
    "serve",
    "--port",
    "0",
    "--data",
    directory,
    "--log-level",
    "error",
    ...args,
  ]);
  const text = await program.printed(announcement);
  const [, url = "", , adminUrl = ""] = announcement.exec(text) ?? [];
  return { ...program, url, adminUrl };
}

/** Makes a token as `mdps token` does. */
export async function printToken(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await runProgram(["token", "--operator", "65001", "--data", directory, ...args]);
  return stdout.trim();
}

/** Runs the program to its end on a terminal, which is both its outputs, and resolves with what that shows. */
export async function runOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const line = [process.execPath, main, ...args].map(quote).join(" ");
  // Of util-linux: it makes the terminal.
  const { stdout } = await promisify(execFile)("script", ["-qec", line, "/dev/null"], {
    env: { ...process.env, ...env },
  });
  return stdout;
}
