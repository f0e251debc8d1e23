import { parentPort, workerData } from "node:worker_threads";
import { openDatabase } from "./database.ts";
import type { SqliteWorkerData } from "./protocol.ts";
import { pageReader } from "./read-page.ts";
import { answerRequests } from "./request-loop.ts";
import { beginSnapshot, type SqliteSnapshot } from "./snapshot.ts";

// A second thread with its own connection, for work that takes long and must not delay puts.

if (!parentPort) {
  throw new Error("scan-worker is started by openSqliteStore");
}
const { directory, options, identity } = workerData as SqliteWorkerData;

answerRequests(parentPort, () => {
  const { database, retryWhileBusy, placement, close } = openDatabase(directory, options, identity);
  const readPage = pageReader(database);
  const snapshots = new Map<string, SqliteSnapshot>();

  function snapshotOf(name: string): SqliteSnapshot {
    const snapshot = snapshots.get(name);
    if (!snapshot) {
      throw new Error(`there is no snapshot ${name}`);
    }
    return snapshot;
  }

  return {
    identity: placement.identity,
    answer(request) {
      switch (request.type) {
        case "snapshot":
          // A snapshot opens the database at its path.
          placement.check();
          snapshots.set(request.name, beginSnapshot(directory, request.name));
          return { type: "snapshot" };
        case "copy":
          return { type: "copy", isComplete: snapshotOf(request.name).copy() };
        case "drop":
          snapshots.get(request.name)?.close();
          snapshots.delete(request.name);
          return { type: "drop" };
        case "scan": {
          const { snapshot, after, until, now } = request;
          const page =
            snapshot === undefined
              ? retryWhileBusy(() => readPage(after, until, now))
              : snapshotOf(snapshot).readPage(after, until, now);
          return { type: "scan", page };
        }
        default:
          throw new Error(`the scanner does not serve ${request.type}`);
      }
    },
    close() {
      for (const snapshot of snapshots.values()) {
        snapshot.close();
      }
      close();
    },
  };
});
