#!/usr/bin/env node
// Imports only what old versions of Node can load, so that they print a sentence instead of a stack trace.
import { nodeProblem } from "../contract/node-version.ts";

// Replaces Node's own handler, which opens a debugger: every program that reaches its port can run any code.
process.on("SIGUSR1", () => undefined);

const problem = nodeProblem();
if (problem === undefined) {
  void start();
} else {
  console.error(problem);
  process.exitCode = 1;
}

async function start(): Promise<void> {
  // Must run before the program is loaded, because loading it takes most of the memory.
  if (process.argv[2] === "push" || process.argv[2] === "validate") {
    const { keepMemorySmall } = await import("../push/memory.ts");
    keepMemorySmall();
  }
  await import("./program.ts");
}
