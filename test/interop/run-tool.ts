import { spawn, spawnSync } from "node:child_process";

export type RunToolOptions = {
  cwd?: string;
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** Gets each line that the tool prints. */
  log(line: string): void;
};

/** How long a tool may take, in milliseconds: it may have to fetch a lot. */
const timeout = 15 * 60_000;

/** Runs a tool to its end. Rejects, with the end of what it printed, unless it exits with 0. */
export function runTool(command: string, args: readonly string[], options: RunToolOptions): Promise<void> {
  const { cwd, env, log } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      timeout,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        const parts = (rest + text).split(/\r?\n/);
        rest = parts.pop() ?? "";
        for (const line of parts) {
          lines.push(line);
          log(line);
        }
      });
      stream.on("end", () => {
        if (rest === "") {
          return;
        }
        lines.push(rest);
        log(rest);
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve();
      } else {
        const called = [command, ...args].join(" ");
        reject(new Error(`${called} ended with ${code ?? signal}:\n${lines.slice(-40).join("\n")}`));
      }
    });
  });
}

/** Returns what a tool prints, on both outputs, or undefined if it is not installed or fails. */
export function askTool(command: string, args: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 60_000 });
  return status === 0 ? stdout + stderr : undefined;
}
