import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  createJsonArrayElements,
  createJsonLines,
  type JsonElements,
} from "../../../src/transcoding/json/elements.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

/** Pushes a text in chunks of a size. Returns the elements and, at the end, the code of the error if there is one. */
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

describe("createJsonArrayElements", () => {
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
    ['[{"a":1}', ['{"a":1}', "DataLoss"]],
    ['["a"', ['"a"', "DataLoss"]],
    ["[[],[{}", ["[]", "DataLoss"]],
    ['[{"a":1}}]', ['{"a":1}', "Internal"]],
    ['[{"a":1} x]', ['{"a":1}', "Internal"]],
    ['["a""b"]', ['"a"', "Internal"]],
    ["{}", ["Internal"]],
    ["<html>", ["Internal"]],
    ["[,]", ["Internal"]],
    ["[1,]", ["1", "Internal"]],
    ["[1,,2]", ["1", "Internal"]],
    ["[1]]", ["1", "Internal"]],
    ["[1] 2", ["1", "Internal"]],
    ["[}]", ["Internal"]],
    ["[1}]", ["1", "Internal"]],
  ])("createJsonArrayElements splits %j", (text, expected) => {
    for (const size of sizes) {
      expect(split(createJsonArrayElements(100), text, size)).toEqual(expected);
    }
  });

  it("createJsonArrayElements accepts an element of maxBytes and rejects a larger one", () => {
    for (const size of sizes) {
      const text = '["12345678","123456789"]';
      expect(split(createJsonArrayElements(10), text, size)).toEqual(['"12345678"', "ResourceExhausted"]);
    }
  });

  it("createJsonArrayElements counts bytes, without white space between elements", () => {
    expect(split(createJsonArrayElements(5), `[${" ".repeat(99)}"€"]`, 4)).toEqual(['"€"']);
    expect(split(createJsonArrayElements(4), '["€"]', 4)).toEqual(["ResourceExhausted"]);
  });

  it("createJsonArrayElements allocates a logarithmic number of buffers for an element that arrives byte by byte", () => {
    const elements = createJsonArrayElements(10_000_000);
    const chunk = encode("1");
    const buffers = new Set<unknown>();
    const original = Uint8Array.prototype.set;
    const set = vi.spyOn(Uint8Array.prototype, "set").mockImplementation(function track(
      this: Uint8Array,
      ...given
    ) {
      buffers.add(this.buffer);
      return original.apply(this, given);
    });
    expect([...elements.push(encode('["'))]).toEqual([]);
    for (let count = 0; count < 200_000; count++) {
      elements.push(chunk).next();
    }
    const [element] = elements.push(encode('"]'));
    expect(element?.length).toBe(200_002);
    expect(buffers.size).toBeLessThan(20);
    set.mockRestore();
  });

  it("createJsonArrayElements splits any array, cut into chunks anywhere", () => {
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

describe("createJsonLines", () => {
  it.each([
    ["", []],
    ["\n\r\n \n", []],
    ["1\n2\n", ["1", "2"]],
    ["1\r\n\n2", ["1\r", "2"]],
    ['{"a":"ä\\n"}\n', ['{"a":"ä\\n"}']],
  ])("createJsonLines splits %j", (text, expected) => {
    for (const size of sizes) {
      expect(split(createJsonLines(100), text, size)).toEqual(expected);
    }
  });

  it("createJsonLines accepts a line of maxBytes and rejects a longer one", () => {
    for (const size of sizes) {
      expect(split(createJsonLines(3), "123\n1234\n", size)).toEqual(["123", "ResourceExhausted"]);
      expect(split(createJsonLines(3), "1234", size)).toEqual(["ResourceExhausted"]);
    }
  });
});
