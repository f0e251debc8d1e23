import { StoreUnavailable } from "../plan-store.ts";
import { messageWithAdvice } from "./error.ts";
import type { SqliteWorkerData } from "./protocol.ts";
import { type SqliteThread, startSqliteThread } from "./thread.ts";

/** First and longest pause before a thread that died is restarted, in ms. */
const firstPause = 50;
const longestPause = 10_000;

/**
 * Starts the writer thread, and restarts it when it has died, after pauses that double until a thread has run for longer
 * than `longestPause`. Meanwhile calls reject with a StoreUnavailable that says why. Rejects with StoreOpenError if the
 * first start fails.
 */
export async function startSupervisedWriter(data: SqliteWorkerData): Promise<Omit<SqliteThread, "ended">> {
  let thread: SqliteThread | undefined = await startSqliteThread("writer", data);
  const { identity } = thread;
  let startedAt = performance.now();
  let pause = firstPause;
  let unavailable = new StoreUnavailable("the store is closed");
  let timer: NodeJS.Timeout | undefined;
  let starting: Promise<void> | undefined;
  let ending = false;
  watch(thread);

  function watch(started: SqliteThread): void {
    started.ended.then((reason) => {
      thread = undefined;
      if (ending) {
        return;
      }
      unavailable = reason;
      if (performance.now() - startedAt > longestPause) {
        pause = firstPause;
      }
      startLater();
    });
  }

  function startLater(): void {
    timer = setTimeout(() => {
      starting = start();
    }, pause).unref();
    pause = Math.min(2 * pause, longestPause);
  }

  async function start(): Promise<void> {
    try {
      thread = await startSqliteThread("writer", { ...data, identity });
      startedAt = performance.now();
      watch(thread);
    } catch (error) {
      unavailable = new StoreUnavailable(messageWithAdvice(error));
      if (!ending) {
        startLater();
      }
    }
  }

  return {
    identity,
    ask: (request) => (thread ? thread.ask(request) : Promise.reject(unavailable)),
    async end() {
      ending = true;
      clearTimeout(timer);
      await starting;
      await thread?.end();
      unavailable = new StoreUnavailable("the store is closed");
    },
  };
}
