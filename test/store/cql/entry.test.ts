import { describe, expect, test } from "vitest";
import { type CqlEntry, decodeEntry, encodeEntry } from "../../../src/store/cql/entry.ts";

describe("an entry", () => {
  test("an entry is decoded as it was encoded", () => {
    const entries: CqlEntry[] = [
      {
        updateTime: { seconds: -62_135_596_800, nanos: 999_999_999 },
        expiresAtMs: -1,
        value: Buffer.from("a"),
      },
      { updateTime: undefined, expiresAtMs: Number.MAX_SAFE_INTEGER, value: Buffer.from([0, 255]) },
      { updateTime: { seconds: 253_402_300_799, nanos: 0 }, expiresAtMs: undefined, value: Buffer.alloc(0) },
    ];
    for (const entry of entries) {
      expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
    }
  });

  test("decoding rejects an entry of another layout", () => {
    expect(() => decodeEntry(Buffer.from([2, ...new Uint8Array(30)]))).toThrow("unknown layout 2");
    expect(() => decodeEntry(Buffer.from([1, 0]))).toThrow("unknown layout 1");
  });
});
