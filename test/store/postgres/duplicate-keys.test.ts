import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PutOutcome, type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import type { PostgresConnection, PostgresRows } from "../../../src/store/postgres/connection.ts";
import { putWithDuplicateKeys } from "../../../src/store/postgres/duplicate-keys.ts";
import { isLater, putBatch } from "../../../src/store/postgres/puts.ts";
import { recordOf } from "./places.ts";

const now = 1000;
const stored: PutOutcome = { outcome: "stored" };

/** What a PlanStore does with one put: the order of plan-store.ts, written down once more. */
function putInto(map: Map<string, PutRecord>, record: PutRecord): PutOutcome {
  const found = map.get(record.key.id);
  const counts = found !== undefined && !(found.expiresAtMs !== undefined && found.expiresAtMs <= now);
  if (counts && found.updateTime && record.updateTime && isLater(found.updateTime, record.updateTime)) {
    return { outcome: "stale", storedUpdateTime: found.updateTime };
  }
  map.set(record.key.id, record);
  return stored;
}

const anyRecord: fc.Arbitrary<PutRecord> = fc
  .record({
    id: fc.constantFrom("a", "b"),
    seconds: fc.option(fc.integer({ min: 0, max: 4 })),
    expiresAtMs: fc.constantFrom(undefined, undefined, now, now + 1),
  })
  .map(({ id, seconds, expiresAtMs }) =>
    recordOf(id, {
      updateTime: seconds === null ? undefined : { seconds, nanos: 0 },
      expiresAtMs,
    }),
  );

describe("putWithDuplicateKeys", () => {
  test("has the outcomes and the end of puts one after the other, with no key twice in a statement", async () => {
    const cases = fc.asyncProperty(fc.array(anyRecord), fc.array(anyRecord), async (before, batch) => {
      const [one, other] = [new Map<string, PutRecord>(), new Map<string, PutRecord>()];
      for (const record of before) {
        for (const map of [one, other]) {
          putInto(map, record);
        }
      }
      const outcomes = await putWithDuplicateKeys(batch, now, async (records) => {
        expect(new Set(records.map(({ key }) => key.id)).size).toBe(records.length);
        return records.map((record) => putInto(one, record));
      });
      expect(outcomes).toEqual(batch.map((record) => putInto(other, record)));
      const shown = (map: Map<string, PutRecord>) => [...map].sort(([a], [b]) => a.localeCompare(b));
      expect(shown(one)).toEqual(shown(other));
    });
    await fc.assert(cases, { numRuns: 2_000 });
  });

  test("tells the puts that were settled before a statement failed", async () => {
    const put = (seconds: number) => recordOf("a", { updateTime: { seconds, nanos: 0 } });
    const lost = new StoreUnavailable("lost");
    let statements = 0;
    const outcomes = await putWithDuplicateKeys([put(1), put(2), put(3)], now, async (records) => {
      if (++statements === 2) {
        throw lost;
      }
      return records.map(() => stored);
    });
    expect(outcomes).toEqual([stored, lost, lost]);
  });
});

describe("putBatch", () => {
  /** A connection that answers each statement in turn with rows or an error. */
  function answering(
    ...answers: (PostgresRows | Error)[]
  ): PostgresConnection & { readonly asked: string[] } {
    const asked: string[] = [];
    return {
      asked,
      run({ name }) {
        asked.push(name);
        const answer = answers.shift() as PostgresRows | Error;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      connect: () => Promise.reject(new Error("not needed")),
      end: () => Promise.resolve(),
    };
  }
  const timed = (id: string) => recordOf(id, { updateTime: { seconds: 5, nanos: 5 } });
  const failure = (code: string) => Object.assign(new Error(`state ${code}`), { code });

  test("puts a record again if what was newer has gone when it is looked for", async () => {
    const connection = answering([["2"]], [], []);
    expect(await putBatch(connection, "", [timed("a"), timed("b")], now)).toEqual([stored, stored]);
    expect(connection.asked).toEqual(["upsert", "orders", "upsert"]);
  });

  test("never says that an equal or older record was in the way", async () => {
    const connection = answering([["1"]], [["1", "5", "5"]], [["1"]], [["1", "5", "6"]]);
    expect(await putBatch(connection, "", [timed("a")], now)).toEqual([
      { outcome: "stale", storedUpdateTime: { seconds: 5, nanos: 6 } },
    ]);
  });

  test("knows what is stored even if the connection is lost before it knows why the others are not", async () => {
    const lost = new StoreUnavailable("lost");
    expect(await putBatch(answering([["1"]], lost), "", [timed("a"), timed("b")], now)).toEqual([
      lost,
      stored,
    ]);
  });

  test("repeats a statement that a deadlock ended, three times in all", async () => {
    const deadlock = failure("40P01");
    expect(await putBatch(answering(deadlock, deadlock, []), "", [timed("a")], now)).toEqual([stored]);
    await expect(putBatch(answering(deadlock, deadlock, deadlock), "", [timed("a")], now)).rejects.toThrow(
      new StoreUnavailable("PostgreSQL failed: state 40P01"),
    );
  });

  test("does not split a batch that failed for want of room", async () => {
    const connection = answering(failure("53100"));
    await expect(putBatch(connection, "", [timed("a"), timed("b")], now)).rejects.toThrow(StoreUnavailable);
    expect(connection.asked).toEqual(["upsert"]);
  });
});
