import { describe, expect, it } from "vitest";
import {
  decodeQueryPart,
  decodeSegment,
  decodeSegments,
  encodeSegment,
} from "../../../src/transcoding/http/percent.ts";

const broken: [string, string][] = [
  ["a cut escape", "%"],
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
    ["D1", "a%2Fb%2fc", "a/b/c"],
    ["D1", "%E2%82%AC", "€"],
    ["D1", "%00", "\0"],
    ["D3", "%2541", "%41"],
    ["D3", "%252F", "%2F"],
    ["D4", "a+b%2Bc", "a+b+c"],
    ["M5", "a%3Acancel", "a:cancel"],
    ["M10", "%2e%2E", ".."],
    ["M10", "a\\b", "a\\b"],
  ])("%s: %s is %s", (_, raw, decoded) => {
    expect(decodeSegment(raw)).toBe(decoded);
  });

  it.each(broken)("D5: does not decode %s: %j", (_, raw) => {
    expect(decodeSegment(raw)).toBeUndefined();
  });
});

describe("decodeSegments", () => {
  it.each([
    ["D2", "a/b", "a/b"],
    ["D2", "a%2Fb/c%2fd", "a%2Fb/c%2fd"],
    ["D2", "%2F", "%2F"],
    ["D2", "%61%2F%62/%3A%20", "a%2Fb/: "],
    ["D3", "a%252Fb/%2541", "a%2Fb/%41"],
    ["D4", "a+b/c", "a+b/c"],
  ])("%s: %s is %s", (_, raw, decoded) => {
    expect(decodeSegments(raw)).toBe(decoded);
  });

  it.each(broken)("D5: does not decode %s: %j", (_, raw) => {
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
  ])("Q13: %j is %j", (raw, decoded) => {
    expect(decodeQueryPart(raw)).toBe(decoded);
  });

  it.each(broken)("D5: does not decode %s: %j", (_, raw) => {
    expect(decodeQueryPart(raw)).toBeUndefined();
  });
});

describe("encodeSegment", () => {
  it("D7: leaves -_.~, digits and ASCII letters, and nothing else", () => {
    const ascii = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
    const plain = [...encodeSegment(ascii).replaceAll(/%[0-9A-F]{2}/g, "")].join("");
    expect(plain).toBe("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
  });

  it.each(["a/b", "!'()*:", "%2F", "100 %", "+", "€😀", "\0\x7f"])("D1: %j comes back as it was", (value) => {
    expect(decodeSegment(encodeSegment(value))).toBe(value);
  });
});
