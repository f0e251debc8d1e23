import { writeSync } from "node:fs";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";

/**
 * A process of its own that opens a store: `node sqlite-child.ts <what> <directory>`. It writes lines:
 *
 *     hold   "open", and keeps the store until it is killed
 *     try    "open" and ends, or the name and message of what open rejected with
 *     load   the id of every put that has resolved, from 32 producers, until it is killed
 */
const [what, directory] = process.argv.slice(2) as ["hold" | "try" | "load", string];

// Not console.log: a line must have left the process when the call returns.
const say = (line: string) => writeSync(1, `${line}\n`);

try {
  const store = await openSqliteStore({ directory });
  if (what !== "load") say("open");
  if (what === "try") await store.close();
  if (what === "load") {
    let next = 0;
    const producer = async () => {
      for (;;) {
        const id = `user${next++}`;
        const key = { kind: "planStatus", asn: 64_500, clientId: "", id } as const;
        await store.put({
          key,
          updateTime: undefined,
          expiresAtMs: undefined,
          value: Buffer.from(`of ${id}`),
        });
        say(id);
      }
    };
    await Promise.all(Array.from({ length: 32 }, producer));
  }
} catch (error) {
  say(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
