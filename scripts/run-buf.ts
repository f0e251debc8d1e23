import { spawnSync } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(import.meta.dirname);

/** The configuration for builds without the Buf registry, from scripts/prepare/prepare.ts. */
export const localConfigFile = "buf.local.yaml";

/**
 * Runs a command of buf at the root of the repository, with the output of this process and without the Buf registry. buf
 * finds its plugins in the `PATH`, which begins with the Node of this process and the programs of the dependencies.
 * The arguments may have a `--config` of their own, for folders outside of the repository. Throws if buf fails.
 */
export function runBuf([command, ...rest]: readonly [command: string, ...rest: string[]]): void {
  const args = rest.includes("--config")
    ? [command, ...rest]
    : [command, "--config", localConfigFile, ...rest];
  const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
  process.env.PATH = [dirname(process.execPath), join(root, "node_modules", ".bin"), process.env.PATH].join(
    delimiter,
  );
  const { status, error } = spawnSync(process.execPath, [buf, ...args], { cwd: root, stdio: "inherit" });
  if (error) {
    throw error;
  }
  if (status !== 0) {
    throw new Error(`buf ${args.join(" ")} exited with ${status}`);
  }
}
