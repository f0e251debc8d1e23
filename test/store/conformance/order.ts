import { describe, expect, test } from "vitest";
import { at, type Bench, bytesOf, shuffled, start, stored } from "./support.ts";

/** Which of two records of one key wins. */
export function describeOrder(bench: Bench): void {
  const { put, get } = bench;

  describe("order", () => {
    test("a record with a later update time replaces an earlier one", async () => {
      await put({ updateTime: at(0), value: bytesOf("earlier") });
      expect(await put({ updateTime: at(1), value: bytesOf("later") })).toEqual(stored);
      expect(await get()).toBe("later");
    });

    test("a record with an equal update time replaces the stored one", async () => {
      await put({ updateTime: at(0, 5), value: bytesOf("first") });
      expect(await put({ updateTime: at(0, 5), value: bytesOf("second") })).toEqual(stored);
      expect(await get()).toBe("second");
    });

    test("a record with an earlier update time is stale and changes nothing", async () => {
      await put({ updateTime: at(2, 30), value: bytesOf("later"), expiresAtMs: start + 1000 });
      expect(await put({ updateTime: at(1, 40), value: bytesOf("earlier") })).toEqual({
        outcome: "stale",
        storedUpdateTime: at(2, 30),
      });
      expect(await get()).toBe("later");
      bench.clock.set(start + 1000);
      expect(await bench.store.get(bench.key)).toBeUndefined();
    });

    test("one nanosecond decides which of two records is later", async () => {
      await put({ updateTime: at(0, 999_999_998), value: bytesOf("8") });
      expect(await put({ updateTime: at(0, 999_999_997), value: bytesOf("7") })).toEqual({
        outcome: "stale",
        storedUpdateTime: at(0, 999_999_998),
      });
      expect(await put({ updateTime: at(0, 999_999_999), value: bytesOf("9") })).toEqual(stored);
      expect(await put({ updateTime: at(1, 0), value: bytesOf("10") })).toEqual(stored);
      expect(await get()).toBe("10");
    });

    test("update times are compared from year 1 to year 9999", async () => {
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

    test("a record without an update time replaces any other", async () => {
      await put({ updateTime: at(9), value: bytesOf("timed") });
      expect(await put({ updateTime: undefined, value: bytesOf("untimed") })).toEqual(stored);
      expect(await get()).toBe("untimed");
    });

    test("a stored record without an update time is replaced by any other", async () => {
      await put({ updateTime: undefined, value: bytesOf("untimed") });
      expect(
        await put({ updateTime: { seconds: -62_135_596_800, nanos: 0 }, value: bytesOf("timed") }),
      ).toEqual(stored);
      expect(await get()).toBe("timed");
    });

    test("concurrent puts of one key take effect in the order of the calls", async () => {
      const outcomes = await Promise.all([
        put({ updateTime: at(1), value: bytesOf("1") }),
        put({ updateTime: at(3), value: bytesOf("3") }),
        put({ updateTime: at(2), value: bytesOf("2") }),
        put({ updateTime: at(3), value: bytesOf("3 again") }),
      ]);
      expect(outcomes).toEqual([stored, stored, { outcome: "stale", storedUpdateTime: at(3) }, stored]);
      expect(await get()).toBe("3 again");
    });

    test("concurrent puts of a few keys end with the newest record of each", async () => {
      const keys = ["a", "b", "c"].map((id) => ({ ...bench.key, id }));
      const times = shuffled(Array.from({ length: 300 }, (_, index) => index));
      await Promise.all(
        times.flatMap((nanos) =>
          keys.map((key) => put({ key, updateTime: at(0, nanos), value: bytesOf(String(nanos)) })),
        ),
      );
      for (const key of keys) {
        expect(await get(key)).toBe("299");
      }
    });

    test("producers that each wait for their own puts end with the newest record", async () => {
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
}

/** When a record expires. */
export function describeExpiry(bench: Bench): void {
  const { put, get } = bench;

  describe("expiry", () => {
    test("a record is readable until the millisecond before it expires", async () => {
      await put({ expiresAtMs: start + 2 });
      bench.clock.set(start + 1);
      expect(await get()).toBe("value");
      bench.clock.set(start + 2);
      expect(await bench.store.get(bench.key)).toBeUndefined();
    });

    test("a record without an expiry never expires", async () => {
      await put({ expiresAtMs: undefined });
      bench.clock.set(Date.UTC(9999, 11, 31));
      expect(await get()).toBe("value");
    });

    test.each([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1])(
      "a record may expire at %i ms",
      async (expiresAtMs) => {
        await put({ expiresAtMs });
        bench.clock.set(expiresAtMs - 1);
        expect(await get()).toBe("value");
        bench.clock.set(expiresAtMs);
        expect(await bench.store.get(bench.key)).toBeUndefined();
      },
    );

    test("a put that has already expired replaces the stored record and is never returned", async () => {
      await put({ updateTime: at(0), value: bytesOf("first") });
      expect(await put({ updateTime: at(1), expiresAtMs: -1 })).toEqual(stored);
      expect(await bench.store.get(bench.key)).toBeUndefined();
    });

    test("an expired record is replaced by an older one", async () => {
      await put({ updateTime: at(5), expiresAtMs: start + 1000 });
      bench.clock.set(start + 999);
      expect(await put({ updateTime: at(4) })).toEqual({ outcome: "stale", storedUpdateTime: at(5) });
      bench.clock.set(start + 1000);
      expect(await put({ updateTime: at(4), value: bytesOf("older") })).toEqual(stored);
      expect(await get()).toBe("older");
    });

    test("the expiry of the newest record applies, not that of the record it replaced", async () => {
      await put({ updateTime: at(0), expiresAtMs: start + 1 });
      await put({ updateTime: at(1), expiresAtMs: undefined, value: bytesOf("stays") });
      bench.clock.set(start + 1);
      expect(await get()).toBe("stays");
    });
  });
}
