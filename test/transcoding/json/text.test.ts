import { describe, expect, it } from "vitest";
import { findDuplicateKey } from "../../../src/transcoding/json/text.ts";
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
      return countVisits(text, (counted) => findDuplicateKey(counted, 0)) / text.length;
    });
    expect(small).toBeGreaterThanOrEqual(2);
    expect(small).toBeLessThan(8);
    expect(large).toBeLessThan(small * 1.5);
  });
});
