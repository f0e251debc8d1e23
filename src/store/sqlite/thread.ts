import { Worker } from "node:worker_threads";
import { StoreOpenError, StoreUnavailable } from "../plan-store.ts";
import type { SqliteReply, SqliteRequest, SqliteWorkerData } from "./protocol.ts";

/** A worker thread that has the database open, seen from the main thread. */
export type SqliteThread = {
  /** Identity of the database file that it has open; see Placement. */
  readonly identity: string;
  /** Sends a request and resolves with its reply. Rejects with StoreUnavailable if it failed, or the thread died. */
  ask<Type extends AskType>(request: Ask<Type>): Promise<Reply<Type>>;
  /** Ends the thread after all requests sent before. Resolves when it has ended; never rejects. */
  end(): Promise<void>;
  /** Resolves when the thread has ended, with the error that later calls reject with. Never rejects. */
  readonly ended: Promise<StoreUnavailable>;
};

type AskType = Exclude<SqliteRequest["type"], "close">;
type Ask<Type extends AskType> = Extract<SqliteRequest, { type: Type }>;
type Reply<Type extends AskType> = Extract<SqliteReply, { type: Type }>;

type Asked = { resolve(reply: SqliteReply): void; reject(reason: StoreUnavailable): void };

// With the extension of this file: .ts when the sources run, .js after a build.
const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."));
const scripts = {
  writer: new URL(`./write-worker${ending}`, import.meta.url),
  scanner: new URL(`./scan-worker${ending}`, import.meta.url),
};

/** Starts a thread and resolves when it has opened the store. Rejects with StoreOpenError. */
export async function startSqliteThread(
  role: keyof typeof scripts,
  data: SqliteWorkerData,
): Promise<SqliteThread> {
  const worker = new Worker(scripts[role], {
    name: `sqlite-${role}`,
    workerData: data,
    // By default a thread inherits the options of the process. It fails with an inherited `--input-type`, and with
    // options of V8 when they are passed here.
    ...(process.execArgv.some((option) => option.startsWith("--input-type")) && { execArgv: [] }),
  });
  const opened = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<StoreUnavailable>();
  const asked: Asked[] = [];
  let unavailable: StoreUnavailable | undefined;
  let reason = "the thread of the SQLite store ended";

  worker.on("message", (reply: SqliteReply) => {
    if (reply.type === "opened") {
      opened.resolve(reply.identity);
    } else if (reply.type === "openFailed") {
      opened.reject(new StoreOpenError(reply.message));
    } else if (reply.type === "failed") {
      asked.shift()?.reject(new StoreUnavailable(`SQLite failed: ${reply.message}`));
    } else {
      asked.shift()?.resolve(reply);
    }
  });
  worker.on("error", (error) => {
    reason = `the thread of the SQLite store failed: ${error.message}`;
  });
  worker.on("exit", () => {
    unavailable = new StoreUnavailable(reason);
    opened.reject(new StoreOpenError(`cannot open ${data.directory}: ${reason}`));
    for (const { reject } of asked.splice(0)) {
      reject(unavailable);
    }
    ended.resolve(unavailable);
  });

  const identity = await opened.promise;
  return {
    identity,
    ask<Type extends AskType>(request: Ask<Type>) {
      // Messages to a thread that has ended are silently lost.
      if (unavailable) {
        return Promise.reject(unavailable);
      }
      return new Promise<Reply<Type>>((resolve, reject) => {
        worker.postMessage(request);
        // Replies arrive in the order of the requests, so this request's reply has its type.
        asked.push({ resolve: (reply) => resolve(reply as Reply<Type>), reject });
      });
    },
    async end() {
      worker.postMessage({ type: "close" } satisfies SqliteRequest);
      await ended.promise;
    },
    ended: ended.promise,
  };
}
