import { StoreUnavailable } from "../plan-store.ts";
import { messageWithAdvice } from "./error.ts";
import type { SqliteWorkerData } from "./protocol.ts";
import { type SqliteThread, startSqliteThread } from "./thread.ts";

/** The thread for scans. It starts on its first use, because most processes never scan, and again after it has died. */
type Scanner = {
  /** Rejects with StoreUnavailable. */
  thread(): Promise<SqliteThread>;
  /** Ends the thread. Later calls of `thread` reject. Never rejects. */
  end(): Promise<void>;
};

/** Creates a scanner without a thread. */
export function createScanner(data: SqliteWorkerData): Scanner {
  let running: Promise<SqliteThread> | undefined;
  let ended = false;

  async function start(): Promise<SqliteThread> {
    const started = await startSqliteThread("scanner", data);
    started.ended.then(() => {
      running = undefined;
    });
    return started;
  }

  return {
    async thread() {
      if (ended) {
        throw new StoreUnavailable("the store is closed");
      }
      running ??= start();
      try {
        return await running;
      } catch (error) {
        running = undefined;
        throw new StoreUnavailable(messageWithAdvice(error));
      }
    },
    async end() {
      ended = true;
      const thread = await running?.catch(() => undefined);
      await thread?.end();
    },
  };
}
