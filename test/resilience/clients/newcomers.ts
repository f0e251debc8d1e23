import { setTimeout } from "node:timers/promises";
import { openRaw } from "./raw-connection.ts";

/** Connections that are made one after the other, each for one call. */
export type Newcomers = {
  /** Resolves with how many there were, and how many had neither an answer nor an end. */
  stop(): Promise<{ readonly made: number; readonly unanswered: number }>;
};

const lanes = 8;
/** How long an answer is waited for, in ms. */
const patienceMs = 8_000;
/** How long a lane waits after a connection that was closed without an answer, in ms. */
const pauseMs = 10;

const request =
  "POST /grpc.health.v1.Health/Check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
  "Content-Length: 2\r\nConnection: close\r\n\r\n{}";

/** Starts connecting again and again. */
export function startNewcomers(port: number): Newcomers {
  let stopped = false;
  let made = 0;
  let unanswered = 0;
  const lane = async () => {
    while (!stopped) {
      made += 1;
      const outcome = await call(port);
      unanswered += outcome === "nothing" ? 1 : 0;
      await setTimeout(outcome === "answer" ? 0 : pauseMs);
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, lane));
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
  const seen = await Promise.race([outcome, setTimeout(patienceMs, "nothing" as const)]);
  socket.destroy();
  return seen;
}
