import { execFile, execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The environment of a person's shell with this Node in it, without what a running npm tells its scripts. */
export function environmentOf(node: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|INIT_CWD$)/i.test(name));
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  };
}

/** Runs npm on a Node in a folder and returns what it prints. */
export async function npm(node: string, cwd: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(node, [npmProgram(), ...args, "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd,
    env: environmentOf(node),
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** The npm that runs this, or else that of the PATH. */
function npmProgram(): string {
  const { npm_execpath } = process.env;
  if (npm_execpath) {
    return npm_execpath;
  }
  return realpathSync(execFileSync("which", ["npm"], { encoding: "utf8" }).trim());
}
