import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Builds the package into `dist/`. Throws if the build fails. */
export function buildPackage(): void {
  const script = join(import.meta.dirname, "../../scripts/build/build.ts");
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit" });
  if (status !== 0) {
    throw new Error(`${script} exited with ${status}`);
  }
}
