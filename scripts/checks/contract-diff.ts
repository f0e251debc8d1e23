/** Fails if `mdps contract diff` finds a change that breaks users of `baseline/contract.binpb`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBuf } from "../run-buf.ts";

const root = join(import.meta.dirname, "../..");
const work = mkdtempSync(join(tmpdir(), "mdps-check-"));

try {
  const image = join(work, "contract.binpb");
  runBuf(["build", "proto", "--exclude-source-info", "-o", image]);
  const args = ["src/cli/main.ts", "contract", "diff", "scripts/checks/baseline/contract.binpb", image];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
