/** Runs actionlint, built with Go, on the workflows. Skips and says so where Go is missing. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const actionlint = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";
// Of services since April 2026, which this version of actionlint does not know.
const ignored = ["-ignore", 'unexpected key "command" for "services" section'];
const cwd = join(import.meta.dirname, "../..");

if (spawnSync("go", ["version"]).status !== 0) {
  console.log("workflows: skipped, Go is not installed");
} else {
  const workflows = [".github/workflows/*.yml", "docs/examples/*-workflow.yml"].flatMap((pattern) =>
    globSync(pattern, { cwd }),
  );
  const { status, error } = spawnSync("go", ["run", actionlint, ...ignored, ...workflows], {
    cwd,
    stdio: "inherit",
  });
  if (error) {
    throw error;
  }
  console.log(`workflows: ${workflows.length} workflows, ${status === 0 ? "no errors" : "errors"}`);
  process.exitCode = status ?? 1;
}
