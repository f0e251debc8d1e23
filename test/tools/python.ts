import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const tooOld = 10;
const check = `import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else ${tooOld})`;

/** Returns why Python's packages cannot be installed here, or undefined. */
export function missingPython(): string | undefined {
  const { status, error } = spawnSync("python3", ["-c", check], { stdio: "ignore" });
  if (error !== undefined) {
    return "python3 is not installed";
  }
  if (status === 0) {
    return undefined;
  }
  return status === tooOld ? "python3 is older than 3.10" : "the Python module venv is not installed";
}

/** Installs packages in a new virtual environment and returns its folder of programs. Rejects with the output of pip. */
export async function installPython(folder: string, requirements: string): Promise<string> {
  const run = promisify(execFile);
  await run("python3", ["-m", "venv", folder]);
  const programs = join(folder, "bin");
  const pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--requirement"];
  await run(join(programs, "python"), [...pip, requirements]);
  return programs;
}
