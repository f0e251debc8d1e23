import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Builds the package into `dist/`, to measure what is installed. Throws if it cannot be built. */
export function buildPackage(): void {
  const script = join(import.meta.dirname, "../../scripts/build/build.ts");
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit" });
  if (status !== 0) {
    throw new Error("the package could not be built");
  }
}
