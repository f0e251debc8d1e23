import { globSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../../../scripts/run-tool.ts";
import { releasedPackage } from "../released-package.ts";

/** Packages that every program has: exact versions, including all dependencies. */
export const requirementsFile = join(import.meta.dirname, "requirements.txt");

export type PythonContext = {
  /** An empty folder for packages. */
  workDir: string;
  log(line: string): void;
  /** File of further requirements: exact versions, including all dependencies. */
  requirements?: string;
};

/** The interpreter, and the environment variables of programs. */
export type PythonEnvironment = { readonly python: string; readonly env: Readonly<Record<string, string>> };

/** Returns the interpreter of the virtual environment that was created in a folder. */
export const pythonOf = (workDir: string) => join(workDir, "venv", "bin", "python");

/** Creates a virtual environment with grpcio and the Python wheel of a release. */
export async function makePython(context: PythonContext): Promise<PythonEnvironment> {
  const { workDir, log, requirements } = context;
  const python = pythonOf(workDir);
  await runTool("python3", ["-m", "venv", join(workDir, "venv")], { log });
  const pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"];
  const lists = [requirementsFile, ...(requirements ? [requirements] : [])].flatMap((file) => ["-r", file]);
  await runTool(python, [...pip, "install", "--no-deps", ...lists], { log });
  const released = await releasedPackage("Python wheel", log);
  const wheels = globSync("*.whl", { cwd: released });
  // Its dependencies are the packages above: pip finds no others.
  await runTool(python, [...pip, "install", "--no-index", ...wheels], { cwd: released, log });
  await runTool(python, [...pip, "check"], { log });
  return { python, env: { PYTHONDONTWRITEBYTECODE: "1" } };
}
