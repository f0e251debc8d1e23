#!/usr/bin/env node
import { keepMemorySmall } from "../push/memory.ts";

// Before the rest of the program is loaded, for loading it is what makes the engine take much memory.
if (process.argv[2] === "push" || process.argv[2] === "validate") {
  keepMemorySmall();
}
await import("./program.ts");
