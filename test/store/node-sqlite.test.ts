import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const source = import.meta.resolve("../../src/store/node-sqlite.ts");

/** Runs source text as a module and returns what it writes to standard error. */
async function errorsOf(text: string): Promise<string> {
  const { stderr } = await run(process.execPath, ["--input-type=module", "--eval", text]);
  return stderr;
}

it("loading SQLite prints no warning, in the main thread and in workers", async () => {
  const inWorker = `const { Worker } = await import("node:worker_threads");
    await import(${JSON.stringify(source)});
    new Worker(new URL(${JSON.stringify(source)}), { execArgv: [] });`;
  expect(await errorsOf(inWorker)).toBe("");
});

it("other warnings are still printed after SQLite was loaded", async () => {
  const text = `await import(${JSON.stringify(source)});
    process.emitWarning("another feature", "ExperimentalWarning");`;
  expect(await errorsOf(text)).toContain("ExperimentalWarning: another feature");
});
