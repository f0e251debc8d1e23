import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createJsonArrayElements,
  createJsonLines,
  type JsonElements,
} from "../../../src/transcoding/json/elements.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

/** Feeds a text in chunks of a size; the elements, and the name of the error at the end if there is one. */
function split(elements: JsonElements, text: string, size: number): string[] {
  const bytes = encode(text);
  const all: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += size) {
      for (const element of elements.push(bytes.subarray(at, at + size))) {
        all.push(decode(element));
      }
    }
    for (const element of elements.end()) {
      all.push(decode(element));
    }
  } catch (cause) {
    all.push(Code[ConnectError.from(cause).code] ?? "");
  }
  return all;
}

const sizes = [1, 2, 3, 7, 1000];

describe("a JSON array", () => {
  it.each([
    ["[]", []],
    [" [ ] \r\n", []],
    ["[1]", ["1"]],
    ["[ 1 , 2\n]", ["1 ", "2\n"]],
    ['[{"a":[1,{"b":2}]},[]]', ['{"a":[1,{"b":2}]}', "[]"]],
    ['["a,]}{[","\\"","\\\\"]', ['"a,]}{["', '"\\""', '"\\\\"']],
    ['["\\\\\\"]",3]', ['"\\\\\\"]"', "3"]],
    ['["ä€😀",null]', ['"ä€😀"', "null"]],
    ["", ["DataLoss"]],
    ["[", ["DataLoss"]],
    ["[1", ["DataLoss"]],
    ["[1,", ["1", "DataLoss"]],
    ['[1,"', ["1", "DataLoss"]],
    ['[{"a":1}', ["DataLoss"]],
    ["{}", ["Internal"]],
    ["<html>", ["Internal"]],
    ["[,]", ["Internal"]],
    ["[1,]", ["1", "Internal"]],
    ["[1,,2]", ["1", "Internal"]],
    ["[1]]", ["1", "Internal"]],
    ["[1] 2", ["1", "Internal"]],
    ["[}]", ["Internal"]],
    ["[1}]", ["Internal"]],
  ])("K9: %j", (text, expected) => {
    for (const size of sizes) {
      expect(split(createJsonArrayElements(100), text, size)).toEqual(expected);
    }
  });

  it("K9: an element may be as large as allowed, and no larger", () => {
    for (const size of sizes) {
      const text = '["12345678","123456789"]';
      expect(split(createJsonArrayElements(10), text, size)).toEqual(['"12345678"', "ResourceExhausted"]);
    }
  });

  it("K9: the bound counts bytes, and blanks between elements not at all", () => {
    expect(split(createJsonArrayElements(5), `[${" ".repeat(99)}"€"]`, 4)).toEqual(['"€"']);
    expect(split(createJsonArrayElements(4), '["€"]', 4)).toEqual(["ResourceExhausted"]);
  });

  it("K9: an element that comes byte by byte costs linear time", () => {
    const elements = createJsonArrayElements(10_000_000);
    const chunk = encode("1");
    expect([...elements.push(encode('["'))]).toEqual([]);
    for (let count = 0; count < 2_000_000; count++) {
      elements.push(chunk).next();
    }
    const [element] = elements.push(encode('"]'));
    expect(element?.length).toBe(2_000_002);
  });

  it("K9: any array, cut anywhere", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.nat(3),
        fc.integer({ min: 1, max: 9 }),
        (values, space, size) => {
          const elements = split(
            createJsonArrayElements(1e6),
            JSON.stringify(values, undefined, space),
            size,
          );
          expect(elements.map((each) => JSON.parse(each))).toEqual(JSON.parse(JSON.stringify(values)));
        },
      ),
    );
  });
});

describe("lines", () => {
  it.each([
    ["", []],
    ["\n\r\n \n", []],
    ["1\n2\n", ["1", "2"]],
    ["1\r\n\n2", ["1\r", "2"]],
    ['{"a":"ä\\n"}\n', ['{"a":"ä\\n"}']],
  ])("X2: %j", (text, expected) => {
    for (const size of sizes) {
      expect(split(createJsonLines(100), text, size)).toEqual(expected);
    }
  });

  it("X2: a line may be as long as allowed, and no longer", () => {
    for (const size of sizes) {
      expect(split(createJsonLines(3), "123\n1234\n", size)).toEqual(["123", "ResourceExhausted"]);
      expect(split(createJsonLines(3), "1234", size)).toEqual(["ResourceExhausted"]);
    }
  });
});
