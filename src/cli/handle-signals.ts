import { constants } from "node:os";
import type { Serving } from "./start-serving.ts";

/**
 * Lets signals rule a server: SIGTERM and SIGINT stop it, a second one at once, SIGHUP reads its certificate again. A
 * terminal that is closed sends SIGHUP too: a server without TLS, which has nothing to read, ends with its terminal.
 */
export function handleSignals(serving: Serving, hasTls: boolean): void {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, async () => {
      if (stopping) {
        process.exit(128 + constants.signals[signal]);
      }
      stopping = true;
      await serving.close();
      process.exit(0);
    });
  }
  if (hasTls || !process.stdin.isTTY) {
    process.on("SIGHUP", () => {
      // It is in the log that it failed, and why.
      serving.reload().catch(() => undefined);
    });
  }
}
