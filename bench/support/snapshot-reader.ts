import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";

/**
 * Reads a whole store as of one moment, as `mdps export` does:
 * `node snapshot-reader.ts <way> <directory> <records per second>`.
 * Prints for how many milliseconds the log could not be reused.
 */
const [way, directory, pace] = process.argv.slice(2) as [keyof typeof ways, string, string];

/** Creates a function that waits until the records read so far are due. */
function pacer(): (records: number) => Promise<void> {
  const began = performance.now();
  let read = 0;
  return async (records) => {
    read += records;
    const early = began + (read / Number(pace)) * 1000 - performance.now();
    if (early > 1) {
      await setTimeout(early);
    }
  };
}

const ways = {
  /** Copies the rows, then reads the copy, as a scan does. */
  async copy() {
    const store = await openSqliteStore({ directory });
    const began = performance.now();
    let heldMs: number | undefined;
    const wait = pacer();
    for await (const { records } of store.scan({ snapshot: true })) {
      heldMs ??= performance.now() - began;
      await wait(records.length);
    }
    await store.close();
    return heldMs ?? Number.NaN;
  },
  /** SQLite's own copy. */
  async vacuum() {
    const copy = join(directory, "copy.sqlite");
    const database = new DatabaseSync(join(directory, "plans.sqlite"), { timeout: 5_000 });
    const began = performance.now();
    database.prepare("VACUUM INTO ?").run(copy);
    const heldMs = performance.now() - began;
    database.close();
    rmSync(copy);
    return heldMs;
  },
  /** Reads all pages in one transaction without a copy. It lasts as long as the reader takes. */
  async transaction() {
    const database = new DatabaseSync(join(directory, "plans.sqlite"), { timeout: 5_000 });
    const next = database.prepare("SELECT * FROM record WHERE row > ? ORDER BY row LIMIT 500");
    const began = performance.now();
    const wait = pacer();
    database.exec("BEGIN");
    for (let last = 0; ; ) {
      const rows = next.all(last) as { row: number }[];
      last = rows.at(-1)?.row ?? last;
      await wait(rows.length);
      if (rows.length < 500) {
        break;
      }
    }
    database.exec("COMMIT");
    const heldMs = performance.now() - began;
    database.close();
    return heldMs;
  },
};

console.log(await ways[way]());
