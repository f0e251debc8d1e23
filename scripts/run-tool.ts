import { spawn, spawnSync } from "node:child_process";

export type RunToolOptions = {
  cwd?: string;
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** Receives each line that the tool prints. */
  log(line: string): void;
};

/** Timeout of a tool in milliseconds; it may have to download a lot. */
const timeout = 15 * 60_000;

/** Runs a tool. Rejects with the end of its output unless it exits with 0. */
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
        reject(new Error(`${called} exited with ${code ?? signal}:\n${lines.slice(-40).join("\n")}`));
      }
    });
  });
}

/** Returns what a tool prints on both outputs, or undefined if it is not installed or fails. */
export function askTool(command: string, args: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 60_000 });
  return status === 0 ? stdout + stderr : undefined;
}
