import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";

const modules = join(import.meta.dirname, "go-tools");

/** Neither flags nor a go.work of the user may select other versions than those of go.mod. */
export const pinnedGo = { GOFLAGS: "-mod=readonly", GOWORK: "off" };

/** Returns what this machine lacks to build the tools, or undefined if it lacks nothing. */
export function whatIsMissing(): string | undefined {
  const { error, stdout } = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8", cwd: modules });
  return error !== undefined || stdout.trim() === "" ? "Go is not installed" : undefined;
}

/** Returns why tools of `go-tools/go.mod` do not run here: no Go, or no network to download them. Builds them. */
export function whyToolsDoNotRun(names: readonly string[]): string | undefined {
  const missing = whatIsMissing();
  if (missing !== undefined) {
    return missing;
  }
  for (const name of names) {
    const options = { encoding: "utf8", cwd: modules, env: { ...process.env, ...pinnedGo } } as const;
    const { status, stderr } = spawnSync("go", ["tool", "-n", name], options);
    if (status !== 0) {
      return `Go cannot build ${name}: ${stderr.trim().split("\n").at(-1)}`;
    }
  }
  return undefined;
}

/** Builds a tool of `go-tools/go.mod` into a folder and returns its path. Throws with the output of Go. */
export function buildGoTool(importPath: string, folder: string): string {
  const program = join(folder, importPath.split("/").at(-1) ?? "");
  execFileSync("go", ["build", "-mod=readonly", "-o", program, importPath], { cwd: modules });
  return program;
}

/**
 * Installs a tool in its own module's versions of its dependencies and returns its path. For tools whose dependencies are
 * newer than those of `go-tools/go.mod`. Go verifies the sums of modules with its checksum database.
 */
export function installGoTool(importPath: string, version: string, folder: string): string {
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "", GOWORK: "off" };
  execFileSync("go", ["install", `${importPath}@${version}`], { cwd: folder, env });
  return join(folder, importPath.split("/").at(-1) ?? "");
}

/** Returns the folder of a downloaded module, read-only. */
export function moduleFolder(module: string, version: string): string {
  const text = execFileSync("go", ["mod", "download", "-json", `${module}@${version}`], { cwd: modules });
  return (JSON.parse(text.toString()) as { Dir: string }).Dir;
}
