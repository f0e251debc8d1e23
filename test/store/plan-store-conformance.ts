import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/contract/clock.ts";
import {
  type PlanStore,
  type PutRecord,
  type RecordKey,
  StoreUnavailable,
} from "../../src/store/plan-store.ts";
import { createTestClock, type TestClock, testTime } from "../support/test-clock.ts";

/** A place of its own that a store keeps its records in, empty at first. */
export type StorePlace = {
  /** Opens the store, the second time with what the first one left. */
  open(clock: Clock): Promise<PlanStore>;
  /** Removes what is left; every store of the place is closed by then. */
  remove(): Promise<void>;
};

const start = testTime;
const key: RecordKey = { kind: "planStatus", asn: 64_500, clientId: "client", id: "user" };
const stored = { outcome: "stored" };

/** Describes what every engine behind PlanStore does. `createPlace` is called before each test. */
export function describePlanStore(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`${name} as a PlanStore`, () => {
    let place: StorePlace;
    let clock: TestClock;
    let store: PlanStore;

    beforeEach(async () => {
      place = await createPlace();
      clock = createTestClock();
      store = await place.open(clock);
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    const put = (record: Partial<PutRecord>) => store.put(recordOf(record));
    const get = async (wanted: RecordKey = key) => textOf(await store.get(wanted));

    describe("a record", () => {
      test("that nobody put is undefined", async () => {
        expect(await store.get(key)).toBeUndefined();
      });

      test("is readable once put has resolved", async () => {
        expect(await put({ value: bytesOf("first") })).toEqual(stored);
        expect(await get()).toBe("first");
      });

      test.each([0, 1, 400, 4096, 65_536, 1024 * 1024])(
        "of %i bytes comes back as it was",
        async (length) => {
          const value = new Uint8Array(randomBytes(length));
          await put({ value });
          const found = await store.get(key);
          expect(found).toBeInstanceOf(Uint8Array);
          expect(Buffer.compare(found ?? Buffer.from("absent"), value)).toBe(0);
        },
      );

      test("may be a part of a larger array", async () => {
        await put({ value: Buffer.from("before|value|after").subarray(7, 12) });
        expect(await get()).toBe("value");
      });

      test("that was read belongs to the reader", async () => {
        await put({ value: bytesOf("value") });
        (await store.get(key))?.fill(0);
        expect(await get()).toBe("value");
      });
    });

    describe("keys", () => {
      const others: [string, Partial<RecordKey>][] = [
        ["kind", { kind: "planGroup" }],
        ["operator", { asn: 64_501 }],
        ["client", { clientId: "client2" }],
        ["empty client", { clientId: "" }],
        ["id", { id: "user2" }],
        ["id in another case", { id: "USER" }],
        ["border between client and id", { clientId: "clien", id: "tuser" }],
        ["client and id swapped", { clientId: "user", id: "client" }],
      ];
      test.each(others)("that differ in %s have records of their own", async (_, part) => {
        const other = { ...key, ...part };
        await put({ value: bytesOf("one") });
        expect(await store.get(other)).toBeUndefined();
        await put({ key: other, updateTime: at(-1), value: bytesOf("other") });
        expect([await get(), await get(other)]).toEqual(["one", "other"]);
      });

      test("may have the smallest and the largest ASN", async () => {
        for (const asn of [1, 4_294_967_295]) {
          await put({ key: { ...key, asn }, value: bytesOf(String(asn)) });
        }
        expect(await get({ ...key, asn: 1 })).toBe("1");
        expect(await get({ ...key, asn: 4_294_967_295 })).toBe("4294967295");
      });

      test("may have any character, and each is another one", async () => {
        const ids = awkwardIds();
        expect(await Promise.all(ids.map((id) => put({ key: { ...key, id }, value: bytesOf(id) })))).toEqual(
          ids.map(() => stored),
        );
        await Promise.all(
          ids.map((id) => put({ key: { ...key, clientId: id, id: "x" }, value: bytesOf(`c${id}`) })),
        );
        for (const id of ids) {
          expect(await get({ ...key, id })).toBe(id);
          expect(await get({ ...key, clientId: id, id: "x" })).toBe(`c${id}`);
        }
      });
    });

    describe("order", () => {
      test("a later record replaces an earlier one", async () => {
        await put({ updateTime: at(0), value: bytesOf("earlier") });
        expect(await put({ updateTime: at(1), value: bytesOf("later") })).toEqual(stored);
        expect(await get()).toBe("later");
      });

      test("an equally old record replaces", async () => {
        await put({ updateTime: at(0, 5), value: bytesOf("first") });
        expect(await put({ updateTime: at(0, 5), value: bytesOf("second") })).toEqual(stored);
        expect(await get()).toBe("second");
      });

      test("an earlier record is refused as stale, and changes nothing", async () => {
        await put({ updateTime: at(2, 30), value: bytesOf("later"), expiresAtMs: start + 1000 });
        expect(await put({ updateTime: at(1, 40), value: bytesOf("earlier") })).toEqual({
          outcome: "stale",
          storedUpdateTime: at(2, 30),
        });
        expect(await get()).toBe("later");
        clock.set(start + 1000);
        expect(await store.get(key)).toBeUndefined();
      });

      test("a nanosecond decides", async () => {
        await put({ updateTime: at(0, 999_999_998), value: bytesOf("8") });
        expect(await put({ updateTime: at(0, 999_999_997), value: bytesOf("7") })).toEqual({
          outcome: "stale",
          storedUpdateTime: at(0, 999_999_998),
        });
        expect(await put({ updateTime: at(0, 999_999_999), value: bytesOf("9") })).toEqual(stored);
        expect(await put({ updateTime: at(1, 0), value: bytesOf("10") })).toEqual(stored);
        expect(await get()).toBe("10");
      });

      test("reaches from year 1 to year 9999", async () => {
        const first = { seconds: -62_135_596_800, nanos: 0 };
        const beforeEpoch = { seconds: -1, nanos: 999_999_999 };
        const epoch = { seconds: 0, nanos: 0 };
        const last = { seconds: 253_402_300_799, nanos: 999_999_999 };
        const times = [
          first,
          { ...first, nanos: 1 },
          beforeEpoch,
          epoch,
          { ...last, nanos: 999_999_998 },
          last,
        ];
        for (const updateTime of times) {
          expect(await put({ updateTime, value: bytesOf(JSON.stringify(updateTime)) })).toEqual(stored);
          expect(await get()).toBe(JSON.stringify(updateTime));
        }
        for (const updateTime of times.slice(0, -1)) {
          expect(await put({ updateTime })).toEqual({ outcome: "stale", storedUpdateTime: last });
        }
      });

      test("a record without update time replaces any other", async () => {
        await put({ updateTime: at(9), value: bytesOf("timed") });
        expect(await put({ updateTime: undefined, value: bytesOf("untimed") })).toEqual(stored);
        expect(await get()).toBe("untimed");
      });

      test("a stored record without update time refuses none", async () => {
        await put({ updateTime: undefined, value: bytesOf("untimed") });
        expect(
          await put({ updateTime: { seconds: -62_135_596_800, nanos: 0 }, value: bytesOf("timed") }),
        ).toEqual(stored);
        expect(await get()).toBe("timed");
      });

      test("one key's puts in one turn take effect one after the other", async () => {
        const outcomes = await Promise.all([
          put({ updateTime: at(1), value: bytesOf("1") }),
          put({ updateTime: at(3), value: bytesOf("3") }),
          put({ updateTime: at(2), value: bytesOf("2") }),
          put({ updateTime: at(3), value: bytesOf("3 again") }),
        ]);
        expect(outcomes).toEqual([stored, stored, { outcome: "stale", storedUpdateTime: at(3) }, stored]);
        expect(await get()).toBe("3 again");
      });

      test("many puts of a few keys at once end with the newest of each", async () => {
        const keys = ["a", "b", "c"].map((id) => ({ ...key, id }));
        const times = shuffled(Array.from({ length: 300 }, (_, index) => index));
        await Promise.all(
          times.flatMap((nanos) =>
            keys.map((key) => put({ key, updateTime: at(0, nanos), value: bytesOf(String(nanos)) })),
          ),
        );
        for (const key of keys) expect(await get(key)).toBe("299");
      });

      test("producers that each wait for their puts end with the newest", async () => {
        let next = 0;
        const producer = async () => {
          while (next < 500) {
            const nanos = next++;
            await put({ updateTime: at(0, nanos), value: bytesOf(String(nanos)) });
          }
        };
        await Promise.all(Array.from({ length: 16 }, producer));
        expect(await get()).toBe("499");
      });
    });

    describe("expiry", () => {
      test("comes at its millisecond, not before", async () => {
        await put({ expiresAtMs: start + 2 });
        clock.set(start + 1);
        expect(await get()).toBe("value");
        clock.set(start + 2);
        expect(await store.get(key)).toBeUndefined();
      });

      test("never comes to a record without it", async () => {
        await put({ expiresAtMs: undefined });
        clock.set(Date.UTC(9999, 11, 31));
        expect(await get()).toBe("value");
      });

      test.each([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1])(
        "may be as far as %i",
        async (expiresAtMs) => {
          await put({ expiresAtMs });
          clock.set(expiresAtMs - 1);
          expect(await get()).toBe("value");
          clock.set(expiresAtMs);
          expect(await store.get(key)).toBeUndefined();
        },
      );

      test("may lie in the past: the record takes effect and is gone", async () => {
        await put({ updateTime: at(0), value: bytesOf("first") });
        expect(await put({ updateTime: at(1), expiresAtMs: -1 })).toEqual(stored);
        expect(await store.get(key)).toBeUndefined();
      });

      test("lets older puts in", async () => {
        await put({ updateTime: at(5), expiresAtMs: start + 1000 });
        clock.set(start + 999);
        expect(await put({ updateTime: at(4) })).toEqual({ outcome: "stale", storedUpdateTime: at(5) });
        clock.set(start + 1000);
        expect(await put({ updateTime: at(4), value: bytesOf("older") })).toEqual(stored);
        expect(await get()).toBe("older");
      });

      test("is that of the newest record", async () => {
        await put({ updateTime: at(0), expiresAtMs: start + 1 });
        await put({ updateTime: at(1), expiresAtMs: undefined, value: bytesOf("stays") });
        clock.set(start + 1);
        expect(await get()).toBe("stays");
      });
    });

    describe("visibility", () => {
      test("every get sees the puts that resolved before it started, with others under way", async () => {
        let puts = 0;
        const background = Array.from({ length: 8 }, async (_, lane) => {
          for (let turn = 0; turn < 20; turn++) await put({ key: { ...key, id: `${lane}-${turn}` } });
        });
        while (puts < 50) {
          puts++;
          await put({ updateTime: at(0, puts), value: bytesOf(String(puts)) });
          expect(await get()).toBe(String(puts));
        }
        await Promise.all(background);
      });

      test("many gets at once each get their own record", async () => {
        const ids = Array.from({ length: 300 }, (_, index) => `user${index}`);
        await Promise.all(ids.map((id) => put({ key: { ...key, id }, value: bytesOf(id) })));
        const found = await Promise.all([...ids, "nobody"].map((id) => get({ ...key, id })));
        expect(found).toEqual([...ids, undefined]);
      });
    });

    describe("close", () => {
      test("finishes the puts that were accepted", async () => {
        const ids = Array.from({ length: 200 }, (_, index) => `user${index}`);
        const puts = ids.map((id) => put({ key: { ...key, id }, value: bytesOf(id) }));
        await store.close();
        expect(await Promise.all(puts)).toEqual(ids.map(() => stored));
        store = await place.open(clock);
        expect(await Promise.all(ids.map((id) => get({ ...key, id })))).toEqual(ids);
      });

      test("finishes the gets that were accepted", async () => {
        await put({});
        const found = get();
        await store.close();
        expect(await found).toBe("value");
      });

      test("makes later calls reject", async () => {
        await store.close();
        await expect(put({})).rejects.toThrow(StoreUnavailable);
        await expect(store.get(key)).rejects.toThrow(StoreUnavailable);
      });

      test("refuses calls from the moment it is called", async () => {
        const closed = store.close();
        await expect(put({})).rejects.toThrow(StoreUnavailable);
        await closed;
      });

      test("may be called again, also at the same time", async () => {
        await Promise.all([store.close(), store.close()]);
        await store.close();
      });

      test("keeps records, their order and their expiry for the next open", async () => {
        await put({ updateTime: at(5, 7), expiresAtMs: start + 1000, value: bytesOf("kept") });
        await store.close();
        store = await place.open(clock);
        expect(await get()).toBe("kept");
        expect(await put({ updateTime: at(5, 6) })).toEqual({ outcome: "stale", storedUpdateTime: at(5, 7) });
        clock.set(start + 1000);
        expect(await store.get(key)).toBeUndefined();
      });
    });
  });
}

function recordOf(record: Partial<PutRecord>): PutRecord {
  return { key, updateTime: at(0), expiresAtMs: undefined, value: bytesOf("value"), ...record };
}

/** Returns an instant so many seconds after the tests' start. */
function at(seconds: number, nanos = 0): { seconds: number; nanos: number } {
  return { seconds: Math.floor(start / 1000) + seconds, nanos };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Every ASCII character alone and between others, then what encodings, collations and quoting stumble over. */
function awkwardIds(): string[] {
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  return [
    ...ascii,
    ...ascii.map((character) => `a${character}b`),
    "a",
    "a\0",
    "a\0\0",
    "\0a",
    "a/b/c",
    "%2F",
    "a%2Fb",
    "'; DROP TABLE record; --",
    '"quoted"',
    "é",
    "e\u0301",
    "ß",
    "ss",
    "\u00ff",
    "\u0800",
    "\ufeff",
    "\ufeffa",
    "\uffff",
    "\u2028",
    "📶",
    "👩‍👩‍👧‍👦",
    "\u{10ffff}",
    "x".repeat(10_000),
    "字".repeat(1_000),
  ].filter((id, index, all) => all.indexOf(id) === index);
}

/** Returns the items in an order that is mixed, and the same in every run. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  const step = 7919; // A prime, so it visits every index of any shorter array.
  return items.map((_, index) => items[(index * step) % items.length] as Item);
}
