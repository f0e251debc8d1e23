/**
 * Generates gen/ anew and fails if that differs from what is committed or staged, new files included: they are
 * what `git diff` misses.
 */
import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { runBuf } from "./run-buf.ts";

const cwd = dirname(import.meta.dirname);

runBuf(["generate"]);
const status = execFileSync("git", ["status", "--porcelain", "--untracked-files=all", "--", "gen"], {
  cwd,
  encoding: "utf8",
});
// The first column compares the index with the last commit, the second the files with the index.
const changed = status.split("\n").filter((line) => line !== "" && line[1] !== " ");
if (changed.length > 0) {
  execFileSync("git", ["--no-pager", "diff", "--", "gen"], { cwd, stdio: "inherit" });
  console.error(
    `gen/ is not what proto/ generates; run "npm run generate" and commit:\n${changed.join("\n")}`,
  );
  process.exitCode = 1;
}
