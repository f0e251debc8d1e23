import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { factsOf, findDuplicateKey } from "../../../src/transcoding/json/text.ts";
import { countVisits } from "../fixtures/count-work.ts";

/** Keys of all objects of a value, as a reader counts them. */
function countKeys(value: unknown): number {
  return typeof value === "object" && value !== null
    ? Object.values(value).reduce<number>(
        (sum, each) => sum + countKeys(each),
        Array.isArray(value) ? 0 : Object.keys(value).length,
      )
    : 0;
}

/** Nesting of the arrays and objects of a value. */
function depthOf(value: unknown): number {
  return typeof value === "object" && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
    : 0;
}

describe("factsOf", () => {
  it("factsOf counts the keys and levels of any JSON text", () => {
    const texts = fc
      .jsonValue({ maxDepth: 4 })
      .chain((value) =>
        fc.constantFrom(
          JSON.stringify(value),
          JSON.stringify(value, null, 2),
          escaped(JSON.stringify(value)),
        ),
      );
    fc.assert(
      fc.property(texts, (text) => {
        const value: unknown = JSON.parse(text);
        expect(factsOf(text)).toMatchObject({ keys: countKeys(value), depth: depthOf(value) });
      }),
    );
  });

  it("factsOf counts a key that an object has twice", () => {
    expect(factsOf('{"a":1,"a" \n:{"b":[{"a":2}]}}').keys).toBe(4);
  });

  it.each([
    ["1234567890123456", true],
    ["-1234567890123456", true],
    ["123456789012345", false],
    ["-123456789012345", false],
    ["1.00000000000000", true],
    ["1.0000000000000", false],
    ["1e3", true],
    ["1E3", true],
    ["1.5e-3", true],
    ["0.5", false],
    ["true", false],
    ['"1234567890123456, 1e3"', false],
    ['"\\"1e3"', false],
    ['"\\\\",1e3', true],
  ])("factsOf finds whether a number is long: %s", (value, isLong) => {
    for (const text of [`{"a":${value}}`, `[ ${value} ]`, `{"e": [0,${value},7]}`]) {
      expect(factsOf(text).hasLongNumber).toBe(isLong);
    }
  });

  it.each(['{"a":"', '{"a":"\\', '"', "[1", "[1.", "1e", "", "]]]}"])(
    "factsOf ends at the end of a text that is not JSON: %s",
    (text) => {
      expect(factsOf(text).depth).toBeLessThan(2);
    },
  );
});

/** Writes each letter of the strings of a JSON text as an escape. */
function escaped(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/g, (string) =>
    string.replaceAll(/(?<!\\|\\u\w{0,3})[a-z:]/gi, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
  );
}

function duplicateIn(text: string): string | undefined {
  return findDuplicateKey(text, countKeys(JSON.parse(text)));
}

describe("findDuplicateKey", () => {
  it.each([
    ["spelled the same", '{"a":1,"b":2,"a":3}', "a"],
    ["escaped", '{"a":1,"\\u0061":2}', "a"],
    ["escaped first", '{"\\u0061":1,"a":2}', "a"],
    ["two escapes", '{"\\/":1,"/":2}', "/"],
    ["white space before the colon", '{"a" :1,"a"\t\r\n :2}', "a"],
    ["empty", '{"":1,"":2}', ""],
    ["nested", '{"x":[{"a":{"b":1,"b":2}}]}', "b"],
    ["after an inner object", '{"a":{"a":1},"b":2,"a":3}', "a"],
    ["in an array", '[{"a":1},{"a":1,"a":2}]', "a"],
    ["beside a string that looks like a key", '{"x":"\\"a\\":","a":1,"a":2}', "a"],
    ["with a quote", '{"\\"":1,"\\u0022":2}', '"'],
    ["with a backslash", '{"\\\\":1,"\\\\":2}', "\\"],
    ["with a brace", '{"}":1,"}":2}', "}"],
    ["__proto__", '{"__proto__":1,"__proto__":2}', "__proto__"],
    ["values null", '{"a":null,"a":null}', "a"],
  ])("findDuplicateKey finds a duplicate key: %s", (_, text, key) => {
    expect(duplicateIn(text)).toBe(key);
  });

  it.each([
    ["different keys", '{"a":1,"b":2}'],
    ["the same key in different objects", '{"a":{"a":{"a":1}},"b":{"a":1}}'],
    ["the same key in the objects of an array", '[{"a":1},{"a":2}]'],
    ["a string that looks like a key", '{"a":"b\\":","c":"\\"a\\": 1, \\"a\\": 2"}'],
    ["a string before a colon in a string", '{"a":"x\\" :y"}'],
    ["a value that is a key elsewhere", '{"a":"b","b":"a"}'],
    ["strings in arrays", '{"a":["a","a"],"b":["a"]}'],
    ["brackets in strings", '{"a":"{[","b":"]}","c":{"a":"\\\\"}}'],
    ["cases", '{"a":1,"A":2}'],
    ["not an object", '"a"'],
    ["an empty object", "{}"],
  ])("findDuplicateKey finds no duplicate key: %s", (_, text) => {
    expect(duplicateIn(text)).toBeUndefined();
  });

  it("findDuplicateKey finds a duplicate key in a field that the reader skipped", () => {
    expect(findDuplicateKey('{"a":1,"x":{"b":1,"b":2}}', 1)).toBe("b");
    expect(findDuplicateKey('{"a":1,"x":{"b":1,"c":2}}', 1)).toBeUndefined();
  });

  it.each([
    ["one long string", `{"a":"${"x".repeat(16_000_000)}","b":"\\":"}`],
    ["one string of escapes", `{"a":"${'\\"'.repeat(4_000_000)}","b":"\\":"}`],
    ["deep arrays", `{"a":${"[".repeat(500_000)}${"]".repeat(500_000)},"b":"\\":"}`],
    ["quotes and blanks", `{"a":"\\"${" ".repeat(8_000_000)}","b":"\\":"}`],
  ])("findDuplicateKey does not exhaust the stack: %s", (_, text) => {
    expect(findDuplicateKey(text, 0)).toBeUndefined();
  });

  it.each([
    ["a long string", (size: number) => `{"a":"${"x".repeat(size)}","b":"\\":"}`],
    ["escaped quotes", (size: number) => `{"a":"${'\\"'.repeat(size)}","b":"\\":"}`],
    ["backslashes", (size: number) => `{"a":"${"\\\\".repeat(size)}","b":"\\":"}`],
    ["nested arrays", (size: number) => `{"a":${"[".repeat(size)}${"]".repeat(size)},"b":"\\":"}`],
    ["a quote and spaces", (size: number) => `{"a":"\\"${" ".repeat(size)}","b":"\\":"}`],
    ["many quotes", (size: number) => `[${'"",'.repeat(size)}"\\":"]`],
    [
      "many keys",
      (size: number) => `{${Array.from({ length: size }, (_, at) => `"${at}":0`).join()},"b":"\\":"}`,
    ],
  ])("findDuplicateKey visits each character a constant number of times: %s", (_, textOf) => {
    const [small = 0, large = 0] = [1_000, 8_000].map((size) => {
      const text = textOf(size);
      JSON.parse(text);
      // No text has so many keys, so that each is searched.
      return countVisits(text, (counted) => findDuplicateKey(counted, -1)) / text.length;
    });
    expect(small).toBeGreaterThanOrEqual(2);
    expect(small).toBeLessThan(8);
    expect(large).toBeLessThan(small * 1.5);
  });
});
