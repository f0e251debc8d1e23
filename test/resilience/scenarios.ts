import { kill, killWorkers } from "./kill.scenario.ts";
import type { Scenario } from "./scenario.ts";

/** All of them, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  { name: "kill", run: kill },
  { name: "kill-workers", run: killWorkers },
];
