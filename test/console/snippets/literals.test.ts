import { spawnSync } from "node:child_process";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { literalOf, prettyJson } from "../../../src/console/snippets/literals.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;

const values = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom("__proto__", "a b", "class", "é", "0", "x"), fc.jsonValue()),
);

describe("prettyJson", () => {
  it("changes no value of a JSON text, nor the text of a number", () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(JSON.parse(prettyJson(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
    const text = `{"a": 12345678901234567890.10, "a": "\\u00e9", "filler": "${"x".repeat(80)}"}`;
    expect(prettyJson(text).replace(/\n */g, " ")).toBe(`{ ${text.slice(1, -1)} }`.replace(/\n/g, ""));
  });

  it("leaves texts of several lines, and those that are not JSON, as they are", () => {
    for (const text of ['{\n"a":1}', `{"a": ${"[".repeat(200)}`, `["${"a".repeat(90)}",]`]) {
      expect(prettyJson(text)).toBe(text);
    }
  });
});

describe("literalOf", () => {
  it("writes an expression of TypeScript whose JSON is the same", () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value);
        const literal = literalOf(text, "typescript");
        if (literal !== undefined) {
          expect(runInNewContext(`JSON.stringify(${literal})`)).toBe(JSON.stringify(JSON.parse(text)));
        }
      }),
    );
  });

  it.skipIf(!hasPython)(
    "writes an expression of Python whose JSON is the same (skipped where python3 is missing)",
    () => {
      const texts = fc.sample(values, 200).map((value) => JSON.stringify(value));
      const pairs = texts.flatMap((text) => {
        const literal = literalOf(text, "python");
        return literal === undefined ? [] : [{ text, literal }];
      });
      const script = `import json\n${pairs.map(({ literal }) => `print(json.dumps(${literal}))`).join("\n")}\n`;
      const { stdout, stderr } = spawnSync("python3", ["-"], {
        input: script,
        encoding: "utf8",
        maxBuffer: 1 << 26,
      });
      expect(stderr).toBe("");
      expect(
        stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ).toEqual(pairs.map(({ text }) => JSON.parse(text)));
    },
  );

  it("writes none where the value would change: rounded numbers, duplicate keys, lone surrogates, no JSON", () => {
    for (const text of [
      "12345678901234567890",
      "1e400",
      "1.10",
      "-0",
      '{"a":1,"a":2}',
      '"\\ud800"',
      "{",
      "",
    ]) {
      expect([text, literalOf(text, "typescript"), literalOf(text, "python")]).toEqual([
        text,
        undefined,
        undefined,
      ]);
    }
    expect(literalOf(`${"[".repeat(70)}${"]".repeat(70)}`, "python")).toBeUndefined();
  });
});
