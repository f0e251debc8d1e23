import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { say } from "../../support/say.ts";

/**
 * A process of its own that opens a store: `node sqlite-child.ts <what> <directory> [<lane>]`. It writes lines:
 *
 *     try    "open" and ends, or the name and message of what open rejected with
 *     load   the id of every put that has resolved, from 32 producers, until it is killed
 *     race   each put and its outcome as JSON, of a number of puts from 16 producers: to keys that all lanes have,
 *            with update times of its own among theirs, and to a key of its own after each
 */
const [what, directory, lane] = process.argv.slice(2) as ["try" | "load" | "race", string, string];

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
        await put(`user${number % 20}`, number * 10 + Number(lane));
        await put(`lane${lane}-${number}`, number);
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
}
