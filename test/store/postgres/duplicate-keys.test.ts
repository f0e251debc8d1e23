import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLater } from "../../../src/contract/instant.ts";
import { type PutOutcome, type PutRecord, StoreUnavailable } from "../../../src/store/plan-store.ts";
import { putWithDuplicateKeys } from "../../../src/store/postgres/duplicate-keys.ts";
import { recordOf } from "./places.ts";

const now = 1000;
const stored: PutOutcome = { outcome: "stored" };

/** What a PlanStore does with one put: a second implementation of the order of plan-store.ts. */
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
  test("a batch with duplicate keys has the outcomes of sequential puts, with each key once per statement", async () => {
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

  test("puts settled before a failed statement keep their outcomes, and the others fail", async () => {
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
