import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./load.ts";
import { writeSection } from "./report.ts";

const rounds = 9;

/** Milliseconds from the start of the program until its first line, which says that it listens. */
async function startUp(dataDirectory: string): Promise<number> {
  const began = performance.now();
  const main = join(import.meta.dirname, "..", "src", "cli", "main.ts");
  const child = spawn(process.execPath, [main, "serve", "--port", "0", "--data", dataDirectory]);
  await once(child.stdout, "data");
  const took = performance.now() - began;
  child.kill("SIGTERM");
  await once(child, "exit");
  return took;
}

const dataDirectory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
try {
  const first = await startUp(dataDirectory);
  const later: number[] = [];
  for (let round = 0; round < rounds; round++) {
    later.push(await startUp(dataDirectory));
  }
  writeSection("start-up", [
    ["start of `mdps serve` until it listens", "ms"],
    ["in an empty directory", first.toFixed(0)],
    [`later, median of ${rounds}`, median(later).toFixed(0)],
    ["slowest", Math.max(...later).toFixed(0)],
  ]);
} finally {
  rmSync(dataDirectory, { recursive: true, force: true });
}
