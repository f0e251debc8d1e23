/**
 * Compiles the Go module `gen/go`, runs `go vet` on it, and compares its go.mod and go.sum with what it imports. Skips and
 * says so where Go is missing.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pinnedGo, whatIsMissing } from "../go-tool.ts";

const cwd = join(import.meta.dirname, "../../gen/go");
const missing = whatIsMissing();
if (missing === undefined) {
  for (const command of ["build ./...", "vet ./...", "mod tidy -diff"]) {
    const options = { cwd, stdio: "inherit", env: { ...process.env, ...pinnedGo } } as const;
    const { status } = spawnSync("go", command.split(" "), options);
    console.log(`gen/go: go ${command}: ${status === 0 ? "passed" : "failed"}`);
    if (status !== 0) {
      process.exitCode = 1;
    }
  }
} else {
  console.warn(`gen/go: skipped, ${missing}`);
}
