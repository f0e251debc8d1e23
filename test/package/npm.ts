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

/** Where npm finds its settings, which it would look for beside the Node that it runs on: the registry, whom to trust. */
function settings(): Record<string, string> {
  const names = ["npm_config_globalconfig", "npm_config_userconfig"] as const;
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Runs npm on a Node in a folder and returns what it prints. */
export async function npm(node: string, cwd: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(node, [npmProgram(), ...args, "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd,
    env: { ...environmentOf(node), ...settings() },
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
