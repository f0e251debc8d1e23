import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Installs packages in a new virtual environment and returns its folder of programs. Rejects with the output of pip. */
export async function installPython(folder: string, requirements: string): Promise<string> {
  const run = promisify(execFile);
  await run("python3", ["-m", "venv", folder]);
  const programs = join(folder, "bin");
  const pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--requirement"];
  await run(join(programs, "python"), [...pip, requirements]);
  return programs;
}
