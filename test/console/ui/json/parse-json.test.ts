import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonNode, parseJson } from "../../../../src/console/ui/json/parse-json.ts";

const leaves = (node: JsonNode): JsonNode[] =>
  node.children.length === 0 ? [node] : node.children.flatMap(leaves);

describe("parseJson", () => {
  it("accepts what JSON.parse accepts, and nothing else", () => {
    const fragment = fc.constantFrom(
      ...'{}[]:,"\\- \n\t01.eE+'.split(""),
      '"a"',
      '"\\u00e9"',
      '"\\q"',
      "true",
      "nul",
      "null",
      "1e5",
      "-0.5",
    );
    const texts = fc.oneof(
      fc.json(),
      fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join("")),
      fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 1 })).map(([json, at, insert]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + insert + json.slice(place + 1);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(parseJson(text).errorAt === undefined).toBe(isJson);
      }),
      { numRuns: 2_000 },
    );
  });

  it("has the text of each value and key as it was written", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const { root } = parseJson(text);
        const rebuilt = (node: JsonNode): unknown =>
          node.kind === "array"
            ? node.children.map(rebuilt)
            : node.kind === "object"
              ? Object.fromEntries(
                  node.children.map((child) => [
                    JSON.parse(text.slice(child.keyStart, child.keyEnd)),
                    rebuilt(child),
                  ]),
                )
              : JSON.parse(text.slice(node.start, node.end));
        expect(JSON.stringify(rebuilt(root as JsonNode))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 300 },
    );
  });

  it("keeps long numbers and duplicate keys", () => {
    const text = '{"a": 12345678901234567890.10, "a": 1E400}';
    const { root } = parseJson(text);
    expect(leaves(root as JsonNode).map(({ start, end }) => text.slice(start, end))).toEqual([
      "12345678901234567890.10",
      "1E400",
    ]);
  });

  it("reads what is before an error", () => {
    const text = '{"plans": [{"planId": "a", "planName": ';
    const json = parseJson(text);
    expect(json.errorAt).toBe(text.length);
    expect(leaves(json.root as JsonNode).map(({ start, end }) => text.slice(start, end))).toEqual(['"a"']);
  });

  it("reads 1 MiB of brackets, and a string of 8 MiB, without recursion", () => {
    const depth = 512 * 1024;
    expect(parseJson("[".repeat(depth) + "]".repeat(depth)).errorAt).toBeUndefined();
    expect(parseJson(`"${"a\\n".repeat(1 << 21)}"`).errorAt).toBeUndefined();
    expect(parseJson(`"${"a\\n".repeat(1 << 21)}`).errorAt).toBe(0);
  });
});
