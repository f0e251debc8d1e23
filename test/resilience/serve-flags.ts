import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { program } from "./served.ts";

/** Returns the options that `mdps serve --help` lists, such as `--port`. */
export async function serveFlags(): Promise<ReadonlySet<string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, "serve", "--help"]);
  return new Set(stdout.match(/(?<=^ {2}(?:-\w, )?)--[a-z-]+/gm));
}
