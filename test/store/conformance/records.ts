import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { RecordKey } from "../../../src/store/plan-store.ts";
import { at, awkwardIds, type Bench, bytesOf, key, stored } from "./support.ts";

/** Values, keys and what a reader sees. */
export function describeRecords(bench: Bench): void {
  const { put, get } = bench;

  describe("a record", () => {
    test("that nobody put is undefined", async () => {
      expect(await bench.store.get(key)).toBeUndefined();
    });

    test("is readable once put has resolved", async () => {
      expect(await put({ value: bytesOf("first") })).toEqual(stored);
      expect(await get()).toBe("first");
    });

    // The largest one takes, with its key, the 4 MiB that every store has room for.
    test.each([0, 1, 400, 4096, 65_536, 1024 * 1024, 4 * 1024 * 1024 - 100])(
      "of %i bytes comes back as it was",
      async (length) => {
        const value = new Uint8Array(randomBytes(length));
        await put({ value });
        const found = await bench.store.get(key);
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
      (await bench.store.get(key))?.fill(0);
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
      expect(await bench.store.get(other)).toBeUndefined();
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

  describe("visibility", () => {
    test("every get sees the puts that resolved before it started, with others under way", async () => {
      let puts = 0;
      const background = Array.from({ length: 8 }, async (_, lane) => {
        for (let turn = 0; turn < 20; turn++) {
          await put({ key: { ...key, id: `${lane}-${turn}` } });
        }
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
}
