import { parentPort, workerData } from "node:worker_threads";
import { getBufferOn } from "../get-buffer.ts";
import { putBufferOn } from "../put-buffer.ts";
import { openDatabase } from "./database.ts";
import { createHealthCheck } from "./health.ts";
import { makePrivateDirectory } from "./private-path.ts";
import type { SqliteWorkerData } from "./protocol.ts";
import { sqliteRecords } from "./records.ts";
import { answerRequests } from "./request-loop.ts";

// A thread, because each call of node:sqlite blocks, some of them until the disk has synced.

if (!parentPort) {
  throw new Error("write-worker is started by openSqliteStore");
}
const { directory, putMemory, getMemory, options, identity } = workerData as SqliteWorkerData;
const puts = putBufferOn(putMemory);
const gets = getBufferOn(getMemory);

answerRequests(parentPort, () => {
  makePrivateDirectory(directory);
  const opened = openDatabase(directory, options, identity);
  const records = sqliteRecords(opened);
  const checkHealth = createHealthCheck(opened);
  let lastPutFailed = false;

  return {
    answer(request) {
      switch (request.type) {
        case "put": {
          lastPutFailed = true;
          opened.placement.check();
          const reasons = records.put(puts, request.count, request.now);
          // Again, because nothing may be acknowledged that is in a file without a name.
          opened.placement.check();
          lastPutFailed = false;
          return { type: "put", reasons };
        }
        case "get":
          return { type: "get", posted: records.get(gets, request.count, request.now) };
        case "sweep":
          return { type: "sweep", removed: records.sweep(request.rows, request.now) };
        case "probe":
          checkHealth(lastPutFailed);
          lastPutFailed = false;
          return { type: "probe" };
        default:
          throw new Error(`the writer does not serve ${request.type}: it would delay puts`);
      }
    },
    identity: opened.placement.identity,
    close: opened.close,
  };
});
