import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { say } from "../../support/say.ts";

/**
 * A process that opens a store: `node child.ts <what> <directory> [<worker>]`. It writes lines:
 *
 *     try    "open", or the name and message of the error
 *     load   the id of every put that has resolved, from 32 producers, until it is killed; it kills itself when a put rejects
 *     race   each put and its outcome as JSON, from 16 producers: puts to keys shared by all workers, with unique update
 *            times, and one to a key of this worker after each
 */
const [what, directory, worker] = process.argv.slice(2) as ["try" | "load" | "race", string, string];

try {
  const store = await openSqliteStore({ directory });
  if (what === "try") {
    say("open");
    await store.close();
  }
  if (what === "race") {
    let next = 0;
    const put = async (id: string, nanos: number) => {
      const key = { kind: "planStatus", asn: 64_500, clientId: "", id } as const;
      const updateTime = { seconds: 0, nanos };
      const value = Buffer.from(String(nanos));
      const { outcome } = await store.put({ key, updateTime, expiresAtMs: undefined, value });
      say(JSON.stringify({ id, nanos, outcome }));
    };
    const producer = async () => {
      while (next < 300) {
        const number = next++;
        await put(`user${number % 20}`, number * 10 + Number(worker));
        await put(`worker${worker}-${number}`, number);
      }
    };
    await Promise.all(Array.from({ length: 16 }, producer));
    await store.close();
  }
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
  if (what === "load") {
    process.kill(process.pid, "SIGKILL");
  }
}
