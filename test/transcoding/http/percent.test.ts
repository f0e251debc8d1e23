import { describe, expect, it } from "vitest";
import {
  decodeQueryPart,
  decodeSegment,
  decodeSegments,
  encodeSegment,
} from "../../../src/transcoding/http/percent.ts";

const invalid: [string, string][] = [
  ["a truncated escape", "%"],
  ["half an escape", "a%2"],
  ["no hexadecimal digits", "%zz"],
  ["a byte that is not UTF-8", "%ff"],
  ["half a character", "%c3"],
  ["an overlong slash", "%c0%af"],
  ["a surrogate in UTF-8", "%ed%a0%80"],
  ["a raw blank", "a b"],
  ["a raw character beyond ASCII", "ä"],
  ["a raw control character", "a\nb"],
];

describe("decodeSegment", () => {
  it.each([
    ["a%2Fb%2fc", "a/b/c"],
    ["%E2%82%AC", "€"],
    ["%00", "\0"],
    ["%2541", "%41"],
    ["%252F", "%2F"],
    ["a+b%2Bc", "a+b+c"],
    ["a%3Acancel", "a:cancel"],
    ["%2e%2E", ".."],
    ["a\\b", "a\\b"],
  ])("decodeSegment decodes %s as %s", (raw, decoded) => {
    expect(decodeSegment(raw)).toBe(decoded);
  });

  it.each(invalid)("decodeSegment returns undefined for %s: %j", (_, raw) => {
    expect(decodeSegment(raw)).toBeUndefined();
  });
});

describe("decodeSegments", () => {
  it.each([
    ["a/b", "a/b"],
    ["a%2Fb/c%2fd", "a%2Fb/c%2fd"],
    ["%2F", "%2F"],
    ["%61%2F%62/%3A%20", "a%2Fb/: "],
    ["a%252Fb/%2541", "a%2Fb/%41"],
    ["a+b/c", "a+b/c"],
  ])("decodeSegments decodes %s as %s", (raw, decoded) => {
    expect(decodeSegments(raw)).toBe(decoded);
  });

  it.each(invalid)("decodeSegments returns undefined for %s: %j", (_, raw) => {
    expect(decodeSegments(`a/${raw}/b`)).toBeUndefined();
    expect(decodeSegments(`a%2F${raw}%2F/b`)).toBeUndefined();
  });
});

describe("decodeQueryPart", () => {
  it.each([
    ["", ""],
    ["+", " "],
    ["a+b%2Bc%20d", "a b+c d"],
    ["%252B", "%2B"],
    ["a/b?c", "a/b?c"],
  ])("decodeQueryPart decodes %j as %j", (raw, decoded) => {
    expect(decodeQueryPart(raw)).toBe(decoded);
  });

  it.each(invalid)("decodeQueryPart returns undefined for %s: %j", (_, raw) => {
    expect(decodeQueryPart(raw)).toBeUndefined();
  });
});

describe("encodeSegment", () => {
  it("encodeSegment encodes everything except -_.~, digits and ASCII letters", () => {
    const ascii = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
    const plain = [...encodeSegment(ascii).replaceAll(/%[0-9A-F]{2}/g, "")].join("");
    expect(plain).toBe("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
  });

  it.each(["a/b", "!'()*:", "%2F", "100 %", "+", "€😀", "\0\x7f"])(
    "decodeSegment reverses encodeSegment for %j",
    (value) => {
      expect(decodeSegment(encodeSegment(value))).toBe(value);
    },
  );
});
