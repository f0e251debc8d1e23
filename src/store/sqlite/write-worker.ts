import { parentPort, workerData } from "node:worker_threads";
import type { RecordKey } from "../plan-store.ts";
import { putBufferOn } from "../put-buffer.ts";
import { type OpenDatabase, openDatabase } from "./database.ts";
import { messageWithAdvice } from "./error.ts";
import { writeProbe } from "./health.ts";
import { makePrivateDirectory } from "./private-path.ts";
import type { SqliteWorkerData } from "./protocol.ts";
import { sqliteRecords } from "./records.ts";
import { answerRequests, type RequestHandler } from "./request-loop.ts";

// Runs as a thread of its own, because each call of node:sqlite blocks, some of them until the disk is done.

if (!parentPort) {
  throw new Error("write-worker is started by openSqliteStore");
}
const { directory, memory, options } = workerData as SqliteWorkerData;
const buffer = putBufferOn(memory);

answerRequests(parentPort, () => {
  makePrivateDirectory(directory);
  return writer(openDatabase(directory, options));
});

function writer({ database, close }: OpenDatabase): RequestHandler {
  const records = sqliteRecords(database);
  const probe = writeProbe(database);
  let doubtful = false;

  // One that cannot be read, as its page is damaged, is no reason to fail the others.
  function getOne(key: RecordKey, now: number) {
    try {
      return records.get(key, now);
    } catch (error) {
      return messageWithAdvice(error);
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
