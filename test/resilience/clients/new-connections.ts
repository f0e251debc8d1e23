import { setTimeout } from "node:timers/promises";
import { openRaw } from "./raw-connection.ts";

/** Connections that are opened one after the other, each for one call. */
export type NewConnections = {
  /** Stops and resolves with the number of connections, and of those that were neither answered nor closed. */
  stop(): Promise<{ readonly made: number; readonly unanswered: number }>;
};

const concurrency = 8;
/** Timeout for an answer, in ms. */
const answerTimeoutMs = 8_000;
/** Pause after a connection that was closed without an answer, in ms. */
const pauseMs = 10;

const request =
  "POST /grpc.health.v1.Health/Check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
  "Content-Length: 2\r\nConnection: close\r\n\r\n{}";

/** Starts opening connections until it is stopped. */
export function startNewConnections(port: number): NewConnections {
  let stopped = false;
  let made = 0;
  let unanswered = 0;
  const connectUntilStopped = async () => {
    while (!stopped) {
      made += 1;
      const outcome = await call(port);
      unanswered += outcome === "nothing" ? 1 : 0;
      await setTimeout(outcome === "answer" ? 0 : pauseMs);
    }
  };
  const running = Promise.all(Array.from({ length: concurrency }, connectUntilStopped));
  return {
    async stop() {
      stopped = true;
      await running;
      return { made, unanswered };
    },
  };
}

async function call(port: number): Promise<"answer" | "end" | "nothing"> {
  const socket = openRaw(port);
  const outcome = new Promise<"answer" | "end">((resolve) => {
    socket.once("data", () => resolve("answer"));
    socket.once("end", () => resolve("end"));
    socket.once("close", () => resolve("end"));
  });
  socket.write(request);
  const seen = await Promise.race([outcome, setTimeout(answerTimeoutMs, "nothing" as const)]);
  socket.destroy();
  return seen;
}
