import { parentPort, workerData } from "node:worker_threads";
import { StoreOpenError } from "./plan-store.ts";
import { makePrivateDirectory } from "./private-path.ts";
import { putBufferOn } from "./put-buffer.ts";
import { claimDirectory } from "./sqlite-claim.ts";
import { openDatabase } from "./sqlite-database.ts";
import { messageOf } from "./sqlite-error.ts";
import type { SqliteReply, SqliteRequest, SqliteWorkerData } from "./sqlite-protocol.ts";
import { type SqliteRecords, sqliteRecords } from "./sqlite-records.ts";

// Runs as a thread of its own, because each call of node:sqlite blocks, some of them until the disk is done.

/** An open store, from this thread's side. */
type Opened = { records: SqliteRecords; close(): void };

if (!parentPort) throw new Error("sqlite-worker is started by openSqliteStore");
const port = parentPort;
const { directory, memory, maxPages } = workerData as SqliteWorkerData;
const buffer = putBufferOn(memory);

try {
  serve(open());
} catch (error) {
  if (!(error instanceof StoreOpenError)) throw error;
  reply({ type: "refused", message: error.message });
}

function open(): Opened {
  makePrivateDirectory(directory);
  const claim = claimDirectory(directory);
  try {
    const database = openDatabase(directory, maxPages);
    return {
      records: sqliteRecords(database),
      close() {
        // The last connection's end copies the log into the database and removes it.
        database.close();
        claim.release();
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

function serve({ records, close }: Opened): void {
  port.on("message", (request: SqliteRequest) => {
    if (request.type === "close") {
      close();
      port.close();
      return;
    }
    try {
      reply(answer(records, request));
    } catch (error) {
      reply({ type: "failed", message: messageOf(error) });
    }
  });
  reply({ type: "opened" });
}

function answer(records: SqliteRecords, request: Exclude<SqliteRequest, { type: "close" }>): SqliteReply {
  switch (request.type) {
    case "put":
      return { type: "put", reasons: records.put(buffer, request.count, request.now) };
    case "get":
      return { type: "get", values: request.keys.map((key) => records.get(key, request.now)) };
    case "sweep":
      return { type: "sweep", removed: records.sweep(request.rows, request.now) };
  }
}

function reply(message: SqliteReply): void {
  const values = message.type === "get" ? message.values : [];
  port.postMessage(
    message,
    values.flatMap((value) => (value === undefined ? [] : [value.buffer])),
  );
}
