import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { RecordKey } from "../../../src/store/plan-store.ts";
import { at, awkwardIds, type Bench, bytesOf, stored } from "./support.ts";

/** Values, keys and what a reader sees. */
export function describeRecords(bench: Bench): void {
  const { put, get } = bench;

  describe("a record", () => {
    test("get resolves with undefined for a key that was never put", async () => {
      expect(await bench.store.get(bench.key)).toBeUndefined();
    });

    test("get returns the value once put has resolved", async () => {
      expect(await put({ value: bytesOf("first") })).toEqual(stored);
      expect(await get()).toBe("first");
    });

    // With its key, the largest one takes the 4 MiB that every store accepts.
    test.each([0, 1, 400, 4096, 65_536, 1024 * 1024, 4 * 1024 * 1024 - 100])(
      "a value of %i bytes is returned unchanged",
      async (length) => {
        const value = new Uint8Array(randomBytes(length));
        await put({ value });
        const found = await bench.store.get(bench.key);
        expect(found).toBeInstanceOf(Uint8Array);
        expect(Buffer.compare(found ?? Buffer.from("absent"), value)).toBe(0);
      },
    );

    test("a value that is a part of a larger array is stored alone", async () => {
      await put({ value: Buffer.from("before|value|after").subarray(7, 12) });
      expect(await get()).toBe("value");
    });

    test("changing a value that get has returned does not change the record", async () => {
      await put({ value: bytesOf("value") });
      (await bench.store.get(bench.key))?.fill(0);
      expect(await get()).toBe("value");
    });
  });

  describe("keys", () => {
    const others: [string, (key: RecordKey) => Partial<RecordKey>][] = [
      ["kind", () => ({ kind: "planGroup" })],
      ["operator", ({ asn }) => ({ asn: asn + 1 })],
      ["client", () => ({ clientId: "client2" })],
      ["an empty client", () => ({ clientId: "" })],
      ["id", () => ({ id: "user2" })],
      ["the case of the id", () => ({ id: "USER" })],
      ["the border between client and id", () => ({ clientId: "clien", id: "tuser" })],
      ["client and id being swapped", () => ({ clientId: "user", id: "client" })],
    ];
    test.each(others)("keys that differ in %s have separate records", async (_, part) => {
      const other = { ...bench.key, ...part(bench.key) };
      await put({ value: bytesOf("one") });
      expect(await bench.store.get(other)).toBeUndefined();
      await put({ key: other, updateTime: at(-1), value: bytesOf("other") });
      expect([await get(), await get(other)]).toEqual(["one", "other"]);
    });

    test("the smallest and the largest ASN are valid", async () => {
      for (const asn of [1, 4_294_967_295]) {
        await put({ key: { ...bench.key, asn }, value: bytesOf(String(asn)) });
      }
      expect(await get({ ...bench.key, asn: 1 })).toBe("1");
      expect(await get({ ...bench.key, asn: 4_294_967_295 })).toBe("4294967295");
    });

    test("client ids and ids may have any character, and different strings are different keys", async () => {
      const ids = awkwardIds();
      const keyOf = (id: string) => ({ ...bench.key, id });
      const clientKeyOf = (id: string) => ({ ...bench.key, clientId: id, id: "x" });
      const outcomes = await Promise.all([
        ...ids.map((id) => put({ key: keyOf(id), value: bytesOf(id) })),
        ...ids.map((id) => put({ key: clientKeyOf(id), value: bytesOf(`c${id}`) })),
      ]);
      expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(["stored"]));
      expect(await Promise.all(ids.map((id) => get(keyOf(id))))).toEqual(ids);
      expect(await Promise.all(ids.map((id) => get(clientKeyOf(id))))).toEqual(ids.map((id) => `c${id}`));
    });
  });

  describe("visibility", () => {
    test("a get that starts after a put has resolved sees it, while other puts are in flight", async () => {
      let puts = 0;
      const background = Array.from({ length: 8 }, async (_, producer) => {
        for (let turn = 0; turn < 20; turn++) {
          await put({ key: { ...bench.key, id: `${producer}-${turn}` } });
        }
      });
      while (puts < 50) {
        puts++;
        await put({ updateTime: at(0, puts), value: bytesOf(String(puts)) });
        expect(await get()).toBe(String(puts));
      }
      await Promise.all(background);
    });

    test("concurrent gets each return their own record", async () => {
      const ids = Array.from({ length: 300 }, (_, index) => `user${index}`);
      await Promise.all(ids.map((id) => put({ key: { ...bench.key, id }, value: bytesOf(id) })));
      const found = await Promise.all([...ids, "absent"].map((id) => get({ ...bench.key, id })));
      expect(found).toEqual([...ids, undefined]);
    });
  });
}
