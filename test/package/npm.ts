import { execFile, execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Returns the environment of a shell with a Node in its PATH, without the variables that npm sets for its scripts. */
export function environmentOf(node: string): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_OPTIONS$|INIT_CWD$)/i.test(name),
  );
  return {
    ...(Object.fromEntries(entries) as Record<string, string>),
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  };
}

/** Returns the paths of the npm settings (registry, certificates), which npm would otherwise look for beside its Node. */
function settings(): Record<string, string> {
  const names = ["npm_config_globalconfig", "npm_config_userconfig"] as const;
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Runs npm with a Node in a folder and returns its output. */
export async function npm(node: string, cwd: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(node, [npmProgram(), ...args, "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd,
    env: { ...environmentOf(node), ...settings() },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Returns the path of the npm that runs this process, or of the npm in the PATH. */
function npmProgram(): string {
  const { npm_execpath } = process.env;
  if (npm_execpath) {
    return npm_execpath;
  }
  return realpathSync(execFileSync("which", ["npm"], { encoding: "utf8" }).trim());
}
