import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createJsonChecker, parseJsonDocument } from "../../../src/transcoding/json/document.ts";
import { everything, messageOf } from "../fixtures/library.ts";

const checkBook = createJsonChecker(messageOf("Book"));
const checkEverything = createJsonChecker(everything);

/** What a checker has to say, as lines. */
function faults(check: typeof checkBook, text: string | Uint8Array): string[] {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return check(bytes).map(({ field, description }) => `${field}: ${description}`);
}

describe("parseJsonDocument", () => {
  it.each([
    ["a byte that starts nothing", [0xff]],
    ["half a character", [0xc3]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["UTF-16", [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
    ["compressed data", [...gzipSync("{}")]],
  ])("J8: refuses bytes that are not UTF-8: %s", (_, bytes) => {
    const document = Uint8Array.from([0x22, ...bytes, 0x22]);
    expect(parseJsonDocument(document)).toEqual({
      violations: [{ field: "body", description: "must be UTF-8" }],
    });
  });

  it("J1: reads a part of a larger buffer", () => {
    const bytes = new TextEncoder().encode('xx{"title":"€"}xx').subarray(2, -2);
    expect(parseJsonDocument(bytes)).toEqual({ json: { title: "€" }, text: '{"title":"€"}' });
  });

  it.each([
    ["nothing", ""],
    ["blanks", " \n"],
    ["a comment", "{/* secret */}"],
    ["single quotes", "{'secret':1}"],
    ["a name without quotes", "{secret:1}"],
    ["a comma too many", '{"secret":"secret",}'],
    ["two documents", '{"secret":1}{"secret":2}'],
    ["a cut document", '{"secret":"secr'],
    ["NaN", '{"secret":NaN}'],
    ["a byte order mark", "\ufeff{}"],
    ["a control character in a string", '{"secret":"a\u0001b"}'],
    ["a number with a leading zero", '{"secret":01}'],
    ["HTML", "<html>secret</html>"],
  ])("J9: refuses %s without a word of the parser or of the text", (_, text) => {
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

describe("createJsonChecker", () => {
  it("J1: has nothing against a document that is right", () => {
    expect(faults(checkBook, '{"title":"x","parts":[{"count":1}],"book":{"title":"\\":"}}')).toEqual([]);
  });

  it("Q4: refuses a key that is twice in an object", () => {
    expect(faults(checkBook, '{"title":"x","title":"x"}')).toEqual(["title: is set twice in one object"]);
    expect(faults(checkBook, '{"title":"x","t\\u0069tle":"x"}')).toEqual([
      "title: is set twice in one object",
    ]);
  });

  it("J9: shows at most 64 characters of such a key, and quotes what is no name", () => {
    const check = (key: string) => faults(checkEverything, `{"struct":{${key}:1,${key}:2}}`);
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
  ])("Q4: finds a key that is twice in %s", (_, text, key) => {
    expect(faults(checkEverything, text)).toEqual([`${key}: is set twice in one object`]);
  });

  it.each([
    '{"struct":{"a":{"b":1},"c":[{"b":1},{"b":2}]},"value":{"a":1},"labels":{"a":"1","b":"2"}}',
    '{"partsByName":{"a":{"inner":{"count":1}},"b":{"count":1}},"texts":["\\"a\\":","b"]}',
  ])("Q4: finds none in %s", (text) => {
    expect(faults(checkEverything, text)).toEqual([]);
  });

  it.each([
    ["messages", '{"nested":', "}"],
    ["arrays", "[", "]"],
    ["unknown objects", '{"x":', "}"],
    ["structs", '{"struct":{"a":', "}}"],
  ])("J8: refuses 10,000 levels of %s", (_, open, close) => {
    expect(faults(checkEverything, `${open.repeat(10_000)}1${close.repeat(10_000)}`)).toHaveLength(1);
  });

  it("J8: takes a hundred levels of messages, and not one more", () => {
    const nest = (levels: number) => `${'{"nested":'.repeat(levels)}{}${"}".repeat(levels)}`;
    expect(faults(checkEverything, nest(99))).toEqual([]);
    expect(faults(checkEverything, nest(100))).toEqual([
      `${"nested.".repeat(100).slice(0, -1)}: must not be nested deeper than 100 levels`,
    ]);
  });

  it("J8: counts levels, not messages", () => {
    expect(faults(checkEverything, `{"parts":[${Array(300).fill('{"inner":{}}').join()}]}`)).toEqual([]);
  });

  it.each([
    ["struct", '{"struct":', "}"],
    ["value", '{"value":', "}"],
    ["listValue", '{"listValue":', "}"],
  ])("J8: refuses 10,000 levels inside a %s", (field, open, close) => {
    const inner = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    const text = `${open}${field === "struct" ? `{"a":${inner}}` : inner}${close}`;
    expect(faults(checkEverything, text)).toEqual([expect.stringMatching(new RegExp(`^${field}: must `))]);
  });

  it("J8: says at most a hundred things", () => {
    const parts = Array.from({ length: 1_000 }, () => '{"x":1}').join();
    expect(faults(checkBook, `{"parts":[${parts}]}`)).toHaveLength(100);
  });
});
