import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberValue, withoutMember } from "../../../src/push/input/member-text.ts";

const countOf = (text: string) => Object.keys(JSON.parse(text)).length;
const is = (key: string) => (each: string) => each === key;

const valueIn = (text: string, key: string) =>
  memberValue(Buffer.from(text), is(key), countOf(text))?.toString();
const without = (text: string, key: string) =>
  withoutMember(Buffer.from(text), is(key), countOf(text)).toString();

/** JSON objects with any keys and values, with and without white space. */
const texts = fc
  .tuple(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), fc.constantFrom(undefined, 1, "\t"))
  .map(([object, indent]) => `\n${JSON.stringify(object, undefined, indent)} `);

describe("memberValue", () => {
  it.each<[string, string, string | undefined]>([
    ["{}", "a", undefined],
    [" { \n} ", "a", undefined],
    ['{"a":1}', "a", "1"],
    ['{"a":1}', "b", undefined],
    ['\n{ "a" : {"b":[1,{"c":"}"}]} , "d\\u0065": "x,\\"y" }', "a", '{"b":[1,{"c":"}"}]}'],
    ['\n{ "a" : {"b":[1,{"c":"}"}]} , "d\\u0065": "x,\\"y" }', "de", '"x,\\"y"'],
    ['{"{,":-0e1,"":null}', "{,", "-0e1"],
    ['{"{,":-0e1,"":null}', "", "null"],
    ['{"é:":"ü\\\\"}', "é:", '"ü\\\\"'],
  ])("in %s of %j is %s", (text, key, value) => {
    expect(valueIn(text, key)).toBe(value);
  });

  it("is the value of each member of any object", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const object = JSON.parse(text);
        for (const key of Object.keys(object)) {
          expect(JSON.parse(valueIn(text, key) ?? "")).toEqual(object[key]);
        }
      }),
    );
  });
});

describe("withoutMember", () => {
  it.each([
    ['{"a":1}', "a", "{}"],
    [' { "a" : 1 } ', "a", "{}"],
    ['{"a":1,"b":2,"c":3}', "a", '{"b":2,"c":3}'],
    ['{"a":1,"b":2,"c":3}', "b", '{"a":1,"c":3}'],
    ['{"a":1,"b":2,"c":3}', "c", '{"a":1,"b":2}'],
    [' {"a":1, "b" : 2 , "c": 1.50e0 } ', "b", '{"a":1, "c": 1.50e0 }'],
    [' {"a":1} ', "b", '{"a":1}'],
  ])("removes from %s the member %j, which leaves %s", (text, key, rest) => {
    expect(without(text, key)).toBe(rest);
  });

  it("leaves all other members of any object", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const object = JSON.parse(text);
        for (const key of Object.keys(object)) {
          const { [key]: _, ...rest } = object;
          expect(JSON.parse(without(text, key))).toEqual(rest);
        }
      }),
    );
  });
});
