/**
 * Fails if the public entry points export other names than `baseline/exports.json` lists. With `--write`, adds new names to
 * that file. Removed names still fail: remove them from the file by hand, in a major version.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportChanges } from "./export-changes.ts";
import { exportedNames } from "./exported-names.ts";

const root = join(import.meta.dirname, "../..");
const file = join(import.meta.dirname, "baseline", "exports.json");
const now = exportedNames(root);
const { removed, added } = exportChanges(JSON.parse(readFileSync(file, "utf8")), now);

if (removed.length > 0) {
  console.error(
    `these names are no longer exported, and users may import them (docs/stability.md):\n  ${removed.join("\n  ")}\n` +
      "Keep them, or remove them from scripts/checks/baseline/exports.json in a major version.",
  );
  process.exitCode = 1;
} else if (added.length > 0 && process.argv.includes("--write")) {
  writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
  console.log(`added to scripts/checks/baseline/exports.json:\n  ${added.join("\n  ")}`);
} else if (added.length > 0) {
  console.error(
    `these names are exported but not listed:\n  ${added.join("\n  ")}\n` +
      'Users will rely on them. If that is intended, run "node scripts/checks/exports.ts --write" and commit.',
  );
  process.exitCode = 1;
} else {
  console.log(
    `${Object.keys(now).length} entry points export what scripts/checks/baseline/exports.json lists`,
  );
}
