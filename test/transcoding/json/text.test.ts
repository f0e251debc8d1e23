import { describe, expect, it } from "vitest";
import { findDuplicateKey, parseJson } from "../../../src/transcoding/json/text.ts";

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

describe("parseJson", () => {
  it("J1: answers the value", () => {
    expect(parseJson('{"a":[1,"x",null]}')).toEqual({ json: { a: [1, "x", null] } });
  });

  it.each([
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["[1,2", 4],
    ["{}x", 2],
  ])("J9: says where %s stops being JSON, and nothing more", (text, offset) => {
    expect(parseJson(text)).toEqual({ offset });
  });

  it("J9: does without the place if the parser does not tell it", () => {
    expect(parseJson("")).toEqual({ offset: undefined });
  });
});

describe("findDuplicateKey", () => {
  it.each([
    ["spelled alike", '{"a":1,"b":2,"a":3}', "a"],
    ["escaped", '{"a":1,"\\u0061":2}', "a"],
    ["escaped first", '{"\\u0061":1,"a":2}', "a"],
    ["two escapes", '{"\\/":1,"/":2}', "/"],
    ["blanks before the colon", '{"a" :1,"a"\t\r\n :2}', "a"],
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
  ])("Q4: finds a key that is twice in an object: %s", (_, text, key) => {
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
    ["no object", '"a"'],
    ["nothing", "{}"],
  ])("Q4: finds none: %s", (_, text) => {
    expect(duplicateIn(text)).toBeUndefined();
  });

  it("Q4: finds what a reader that skipped unknown fields did not count", () => {
    expect(findDuplicateKey('{"a":1,"x":{"b":1,"b":2}}', 1)).toBe("b");
    expect(findDuplicateKey('{"a":1,"x":{"b":1,"c":2}}', 1)).toBeUndefined();
  });

  it.each([
    ["one long string", `{"a":"${"x".repeat(16_000_000)}","b":"\\":"}`],
    ["one string of escapes", `{"a":"${'\\"'.repeat(4_000_000)}","b":"\\":"}`],
    ["deep arrays", `{"a":${"[".repeat(500_000)}${"]".repeat(500_000)},"b":"\\":"}`],
    ["quotes and blanks", `{"a":"\\"${" ".repeat(8_000_000)}","b":"\\":"}`],
  ])("J8: takes linear time and no deep stack: %s", (_, text) => {
    const start = performance.now();
    expect(findDuplicateKey(text, 0)).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
