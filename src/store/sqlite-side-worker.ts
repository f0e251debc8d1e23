import { parentPort, workerData } from "node:worker_threads";
import { waitWhileBusy } from "./sqlite-busy.ts";
import { openDatabase } from "./sqlite-database.ts";
import type { SqliteWorkerData } from "./sqlite-protocol.ts";
import { pageReader } from "./sqlite-read-page.ts";
import { serveSqlite } from "./sqlite-serve.ts";

// A second thread with a connection of its own, for what takes long and must not stop the puts.

if (!parentPort) throw new Error("sqlite-side-worker is started by openSqliteStore");
const { directory, options } = workerData as SqliteWorkerData;

serveSqlite(parentPort, () => {
  const { database, close } = openDatabase(directory, options);
  const readPage = pageReader(database);
  return {
    answer(request) {
      if (request.type !== "scan") throw new Error(`the side thread does not ${request.type}`);
      return { type: "scan", page: waitWhileBusy(() => readPage(request.after, request.until, request.now)) };
    },
    close,
  };
});
