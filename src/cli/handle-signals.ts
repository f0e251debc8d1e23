import { constants } from "node:os";
import type { Serving } from "./start-serving.ts";

/**
 * Handles the signals of a server. SIGTERM and SIGINT stop it; a second one ends the process immediately. SIGHUP reloads
 * the certificate. Without TLS on a terminal, which sends SIGHUP when it closes, SIGHUP keeps its default action: it ends
 * the process.
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
      // The server logs the error.
      serving.reload().catch(() => undefined);
    });
  }
}
