import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rawMembers } from "../../../src/push/input/raw-members.ts";

const membersOf = (text: string) => rawMembers(Buffer.from(text));

describe("rawMembers", () => {
  it.each<[string, [string, string][]]>([
    ["{}", []],
    [" { \n} ", []],
    ['{"a":1}', [["a", "1"]]],
    [
      '\n{ "a" : {"b":[1,{"c":"}"}]} , "d\\u0065": "x,\\"y" }',
      [
        ["a", '{"b":[1,{"c":"}"}]}'],
        ["de", '"x,\\"y"'],
      ],
    ],
    [
      '{"{,":-0e1,"":null}',
      [
        ["{,", "-0e1"],
        ["", "null"],
      ],
    ],
    ['{"é:":"ü\\\\"}', [["é:", '"ü\\\\"']]],
  ])("rawMembers finds the members of %s", (text, members) => {
    expect(membersOf(text).map(({ key, value }) => [key, value])).toEqual(members);
  });

  it("rawMembers returns text that is the same object when it is joined", () => {
    const blanks = fc.constantFrom(undefined, 1, "\t");
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), blanks, (object, indent) => {
        const text = JSON.stringify(object, undefined, indent);
        const members = membersOf(text);
        expect(members.map(({ key }) => key)).toEqual(Object.keys(JSON.parse(text)));
        const joined = `{${members.map((member) => member.text).join(",")}}`;
        expect(JSON.parse(joined)).toEqual(JSON.parse(text));
        for (const { key, value } of members) {
          expect(JSON.parse(value)).toEqual(JSON.parse(text)[key]);
        }
      }),
    );
  });
});
