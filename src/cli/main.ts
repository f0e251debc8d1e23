#!/usr/bin/env node
// Imports only what old versions of Node can load, so that they print a sentence instead of a stack trace.
import { nodeProblem } from "../contract/node-version.ts";

// Replaces Node's own handler, which opens a debugger: every program that reaches its port can run any code.
process.on("SIGUSR1", () => undefined);

// By default the signal of a file that exceeds `ulimit -f` ends the process. Ignored, the write fails with EFBIG.
process.on("SIGXFSZ", () => undefined);

const problem = nodeProblem()?.message ?? directoryProblem();
if (problem === undefined) {
  void start();
} else {
  console.error(problem);
  process.exitCode = 1;
}

/** Threads of Node do not start in a directory that was removed. Says so, whichever thread would be the first. */
function directoryProblem(): string | undefined {
  try {
    process.cwd();
    return undefined;
  } catch (error) {
    return `mdps: the working directory cannot be used: change to another one, such as cd / (${(error as Error).message})`;
  }
}

async function start(): Promise<void> {
  // Must run before the program is loaded, because loading it takes most of the memory.
  if (process.argv[2] === "push" || process.argv[2] === "validate") {
    const { keepMemorySmall } = await import("../push/memory.ts");
    keepMemorySmall();
  }
  await import("./program.ts");
}
