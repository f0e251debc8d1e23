import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseJsonDocument } from "../../../src/transcoding/json/bytes.ts";
import { createJsonReader } from "../../../src/transcoding/json/document.ts";
import { everything, messageOf } from "../fixtures/library.ts";

const readBook = createJsonReader(messageOf("Book"));
const readEverything = createJsonReader(everything);

/** Returns the violations that a reader finds in a document, as lines. */
function violationsOf(readJson: typeof readBook, text: string): string[] {
  const document = parseJsonDocument(new TextEncoder().encode(text));
  const result = "violations" in document ? document : readJson(document);
  const violations = "violations" in result ? result.violations : [];
  return violations.map(({ field, description }) => `${field}: ${description}`);
}

describe("parseJsonDocument", () => {
  it.each([
    ["a byte that starts nothing", [0xff]],
    ["half a character", [0xc3]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["UTF-16", [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
    ["compressed data", [...gzipSync("{}")]],
  ])("parseJsonDocument rejects bytes that are not UTF-8: %s", (_, bytes) => {
    const document = Uint8Array.from([0x22, ...bytes, 0x22]);
    expect(parseJsonDocument(document)).toEqual({
      violations: [{ field: "body", description: "must be UTF-8" }],
    });
  });

  it.each([
    ["arrays", "[", "]"],
    ["objects", '{"a[":', "}"],
  ])("parseJsonDocument does not parse more than 20,000 levels of %s", (_, open, close) => {
    const nested = (levels: number) =>
      new TextEncoder().encode(`${open.repeat(levels)}0${close.repeat(levels)}`);
    expect(parseJsonDocument(nested(20_000))).toHaveProperty("json");
    expect(parseJsonDocument(nested(20_001))).toEqual({
      violations: [{ field: "body", description: "must not be nested deeper than 20000 levels" }],
    });
  });

  it("parseJsonDocument does not take brackets in strings for nesting", () => {
    const json = ["[".repeat(30_000), `\\"${"{".repeat(30_000)}`];
    expect(parseJsonDocument(new TextEncoder().encode(JSON.stringify(json)))).toMatchObject({ json });
    const unended = new TextEncoder().encode(`["${"[".repeat(30_000)}`);
    expect(parseJsonDocument(unended)).toHaveProperty("violations");
  });

  it("parseJsonDocument reads a part of a larger buffer", () => {
    const bytes = new TextEncoder().encode('xx{"title":"€"}xx').subarray(2, -2);
    expect(parseJsonDocument(bytes)).toEqual({ json: { title: "€" }, text: '{"title":"€"}', keys: 1 });
  });

  it.each([
    ["an empty text", ""],
    ["blanks", " \n"],
    ["a comment", "{/* secret */}"],
    ["single quotes", "{'secret':1}"],
    ["a name without quotes", "{secret:1}"],
    ["a trailing comma", '{"secret":"secret",}'],
    ["two documents", '{"secret":1}{"secret":2}'],
    ["a truncated document", '{"secret":"secr'],
    ["NaN", '{"secret":NaN}'],
    ["a byte order mark", "\ufeff{}"],
    ["a control character in a string", '{"secret":"a\u0001b"}'],
    ["a number with a leading zero", '{"secret":01}'],
    ["HTML", "<html>secret</html>"],
  ])("parseJsonDocument rejects %s without quoting the parser or the text", (_, text) => {
    const document = parseJsonDocument(new TextEncoder().encode(text));
    expect(document).toEqual({
      violations: [
        {
          field: "body",
          description: expect.stringMatching(/^must be JSON(: unexpected text at character \d+)?$/),
        },
      ],
    });
  });
});

describe("createJsonReader", () => {
  it("createJsonReader finds no violation in a valid document", () => {
    expect(violationsOf(readBook, '{"title":"x","parts":[{"count":1}],"book":{"title":"\\":"}}')).toEqual([]);
  });

  it("createJsonReader rejects a duplicate key", () => {
    expect(violationsOf(readBook, '{"title":"x","title":"x"}')).toEqual([
      "title: is set twice in one object",
    ]);
    expect(violationsOf(readBook, '{"title":"x","t\\u0069tle":"x"}')).toEqual([
      "title: is set twice in one object",
    ]);
  });

  it("createJsonReader shows at most 64 characters of a duplicate key and quotes keys that are not plain words", () => {
    const check = (key: string) => violationsOf(readEverything, `{"struct":{${key}:1,${key}:2}}`);
    expect(check('"\\ud800"')).toEqual(["struct: must be valid Unicode: it has an unpaired surrogate"]);
    expect(check('"a\\n"')).toEqual(['"a\\n": is set twice in one object']);
    expect(check(`"${"x".repeat(63)}😀"`)).toEqual([
      `"${"x".repeat(63)}\\ud83d": is set twice in one object`,
    ]);
  });

  it.each([
    ["a message", '{"part":{"count":1,"count":2}}', "count"],
    ["a list", '{"parts":[{"count":1},{"count":1,"count":2}]}', "count"],
    ["a map", '{"labels":{"a":"1","a":"2"}}', "a"],
    ["a map of messages", '{"partsByName":{"a":{},"a":{}}}', "a"],
    ["a message of a map", '{"partsByName":{"a":{"count":1,"count":2}}}', "count"],
    ["a struct", '{"struct":{"a":{"b":1,"b":2}}}', "b"],
    ["a value", '{"value":[{"b":1,"b":2}]}', "b"],
    ["a list of values", '{"listValue":[[{"b":1,"b":2}]]}', "b"],
    ["a struct of a map", '{"structsByName":{"a":{"b":1,"b":2}}}', "b"],
    ["a list of structs", '{"structs":[{},{"b":1,"b":2}]}', "b"],
  ])("createJsonReader finds a duplicate key in %s", (_, text, key) => {
    expect(violationsOf(readEverything, text)).toEqual([`${key}: is set twice in one object`]);
  });

  it.each([
    '{"struct":{"a":{"b":1},"c":[{"b":1},{"b":2}]},"value":{"a":1},"labels":{"a":"1","b":"2"}}',
    '{"partsByName":{"a":{"inner":{"count":1}},"b":{"count":1}},"texts":["\\"a\\":","b"]}',
  ])("createJsonReader finds no duplicate key in %s", (text) => {
    expect(violationsOf(readEverything, text)).toEqual([]);
  });

  it.each([
    ["messages", '{"nested":', "}"],
    ["arrays", "[", "]"],
    ["unknown objects", '{"x":', "}"],
    ["structs", '{"struct":{"a":', "}}"],
  ])("createJsonReader rejects 10,000 levels of %s", (_, open, close) => {
    expect(violationsOf(readEverything, `${open.repeat(10_000)}1${close.repeat(10_000)}`)).toHaveLength(1);
  });

  it("createJsonReader accepts 100 levels of messages and rejects 101", () => {
    const nest = (levels: number) => `${'{"nested":'.repeat(levels)}{}${"}".repeat(levels)}`;
    expect(violationsOf(readEverything, nest(99))).toEqual([]);
    expect(violationsOf(readEverything, nest(100))).toEqual([
      `${"nested.".repeat(100).slice(0, -1)}: must not be nested deeper than 100 levels`,
    ]);
  });

  it("createJsonReader counts levels of nesting, not messages", () => {
    expect(violationsOf(readEverything, `{"parts":[${Array(300).fill('{"inner":{}}').join()}]}`)).toEqual([]);
  });

  it.each([
    ["struct", '{"struct":', "}"],
    ["value", '{"value":', "}"],
    ["listValue", '{"listValue":', "}"],
  ])("createJsonReader rejects 10,000 levels inside the field %s", (field, open, close) => {
    const inner = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    const text = `${open}${field === "struct" ? `{"a":${inner}}` : inner}${close}`;
    expect(violationsOf(readEverything, text)).toEqual([
      expect.stringMatching(new RegExp(`^${field}: must `)),
    ]);
  });

  it("createJsonReader returns at most 100 violations, then says that there are more", () => {
    const parts = (count: number) => Array.from({ length: count }, () => '{"x":1}').join();
    expect(violationsOf(readBook, `{"parts":[${parts(100)}]}`)).toHaveLength(100);
    const many = violationsOf(readBook, `{"parts":[${parts(1_000)}]}`);
    expect(many).toHaveLength(100);
    expect(many.at(-1)).toBe("request: has more violations, which are not listed");
  });
});
