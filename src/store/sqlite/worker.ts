import { parentPort, workerData } from "node:worker_threads";
import type { RecordKey } from "../plan-store.ts";
import { putBufferOn } from "../put-buffer.ts";
import { type OpenDatabase, openDatabase } from "./database.ts";
import { messageOf } from "./error.ts";
import { makePrivateDirectory } from "./private-path.ts";
import { writeProbe } from "./probe.ts";
import type { SqliteWorkerData } from "./protocol.ts";
import { sqliteRecords } from "./records.ts";
import { type SqliteServer, serveSqlite } from "./serve.ts";

// Runs as a thread of its own, because each call of node:sqlite blocks, some of them until the disk is done.

if (!parentPort) {
  throw new Error("sqlite-worker is started by openSqliteStore");
}
const { directory, memory, options } = workerData as SqliteWorkerData;
const buffer = putBufferOn(memory);

serveSqlite(parentPort, () => {
  makePrivateDirectory(directory);
  return writer(openDatabase(directory, options));
});

function writer({ database, close }: OpenDatabase): SqliteServer {
  const records = sqliteRecords(database);
  const probe = writeProbe(database);
  let doubtful = false;

  // One that cannot be read, as its page is damaged, is no reason to fail the others.
  function getOne(key: RecordKey, now: number) {
    try {
      return records.get(key, now);
    } catch (error) {
      return messageOf(error);
    }
  }

  return {
    answer(request) {
      switch (request.type) {
        case "put": {
          doubtful = true;
          const reasons = records.put(buffer, request.count, request.now);
          doubtful = false;
          return { type: "put", reasons };
        }
        case "get":
          return { type: "get", values: request.keys.map((key) => getOne(key, request.now)) };
        case "sweep":
          return { type: "sweep", removed: records.sweep(request.rows, request.now) };
        case "probe":
          probe(doubtful);
          doubtful = false;
          return { type: "probe" };
        default:
          throw new Error(`the writer does not ${request.type}: that would stop the puts`);
      }
    },
    close,
  };
}
