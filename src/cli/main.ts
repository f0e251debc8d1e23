#!/usr/bin/env node
import { keepMemorySmall } from "../push/memory.ts";

// Must run before the program is loaded, because loading it takes most of the memory.
if (process.argv[2] === "push" || process.argv[2] === "validate") {
  keepMemorySmall();
}
await import("./program.ts");
