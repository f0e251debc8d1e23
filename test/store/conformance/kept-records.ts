import { describe, expect, test } from "vitest";
import { removeRecord } from "../../../src/store/remove-record.ts";
import { at, type Bench, idsOf, pagesOf, start } from "./support.ts";

/** What stays once it has expired, in a store that is opened with `keepExpired` for each test. */
export function describeKeptRecords(bench: Bench, { snapshots }: { snapshots: boolean }): void {
  const keyOf = (id: string) => ({ ...bench.key, id });

  /** Puts records that expire soon, later and never, and one that is removed. */
  async function putAll(): Promise<void> {
    await Promise.all([
      bench.put({ key: keyOf("soon"), updateTime: at(5), expiresAtMs: start + 1 }),
      bench.put({ key: keyOf("later"), expiresAtMs: start + 2 }),
      bench.put({ key: keyOf("never") }),
      bench.put({ key: keyOf("removed") }),
    ]);
    await removeRecord(bench.store, keyOf("removed"));
  }

  async function scanned(options = {}): Promise<string[]> {
    return idsOf((await pagesOf(bench.store, options)).flatMap(({ records }) => records));
  }

  describe("with keepExpired", () => {
    test("expired records are back when the clock is moved back, with their order", async () => {
      await putAll();
      bench.clock.set(Date.UTC(9999, 11, 31));
      expect(await scanned()).toEqual(["never"]);
      bench.clock.set(start + 1);
      expect(await scanned()).toEqual(["later", "never"]);
      bench.clock.set(0);
      expect(await scanned()).toEqual(["later", "never", "soon"]);
      expect(await bench.put({ key: keyOf("soon"), updateTime: at(4) })).toMatchObject({ outcome: "stale" });
    });

    test("a scan with includeExpired also yields expired records, but no removed one", async () => {
      await putAll();
      for (const now of [0, start, start + 1, Date.UTC(9999, 11, 31)]) {
        bench.clock.set(now);
        expect(await scanned({ includeExpired: true })).toEqual(["later", "never", "soon"]);
        if (snapshots) {
          expect(await scanned({ includeExpired: true, snapshot: true })).toEqual(["later", "never", "soon"]);
        }
      }
    });
  });
}
