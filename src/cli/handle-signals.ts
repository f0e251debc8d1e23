import { constants } from "node:os";
import type { Serving } from "./start-serving.ts";

let serving = false;

/** Returns whether this process runs a server. */
export function isServing(): boolean {
  return serving;
}

/**
 * Handles the signals of a server. SIGTERM and SIGINT stop it; a second one ends the process immediately. SIGHUP reloads
 * the certificate. Without TLS on a terminal, which sends SIGHUP when it closes, SIGHUP keeps its default action: it ends
 * the process.
 */
export function handleSignals(server: Pick<Serving, "close" | "reload">, hasTls: boolean): void {
  serving = true;
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, async () => {
      if (stopping) {
        process.exit(128 + constants.signals[signal]);
      }
      stopping = true;
      try {
        await server.close();
        process.exit(0);
      } catch (error) {
        const { describeError } = await import("./text/describe-error.ts");
        console.error(`mdps: ${describeError(error)}`);
        process.exit(1);
      }
    });
  }
  if (hasTls || !process.stdin.isTTY) {
    process.on("SIGHUP", () => {
      // The server logs the error.
      server.reload().catch(() => undefined);
    });
  }
}
