import { describe, expect, it } from "vitest";
import {
  firstOpenNodes,
  linesOf,
  type Mark,
  placeMarks,
  toggled,
  withMore,
} from "../../../../src/console/ui/json/json-lines.ts";
import { type JsonNode, parseJson } from "../../../../src/console/ui/json/parse-json.ts";

/** The lines as they are first shown, without indentation: values, `end`, and `gap n`. */
function shown(text: string, marks: readonly Mark[] = []) {
  const json = parseJson(text);
  const placed = placeMarks(json, marks);
  const open = firstOpenNodes(json, placed);
  const texts = (nodes = open) =>
    linesOf(json, nodes, placed).map((line) => {
      if (line.kind !== "value") {
        return line.kind === "end" ? "end" : `gap ${line.count}`;
      }
      return line.isOpen ? "open" : text.slice(line.node.start, line.node.end);
    });
  return { json, placed, open, texts };
}

describe("the lines of a JSON text", () => {
  it("shows a small text in full, one line for each value", () => {
    expect(shown('{"a": [1, {"b": {}}], "c": []}').texts()).toEqual([
      "open",
      "open",
      "1",
      "open",
      "{}",
      "end",
      "end",
      "[]",
      "end",
    ]);
  });

  it("shows a bounded number of lines of a large text at first", () => {
    const wide = JSON.stringify(Array.from({ length: 50_000 }, (_, at) => ({ at, list: [1, 2, 3] })));
    expect(shown(wide).texts().length).toBeLessThan(600);
    const flat = JSON.stringify(Array.from({ length: 500_000 }, () => 1));
    expect(shown(flat).texts().at(-2)).toBe("gap 499900");
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(shown(deep).texts().length).toBeLessThan(1_000);
  });

  it("shows more of a long list when asked", () => {
    const { json, open, texts } = shown(JSON.stringify(Array.from({ length: 500 }, (_, at) => at)));
    expect(texts().slice(-3)).toEqual(["99", "gap 400", "end"]);
    const more = withMore(open, json.root as JsonNode, 100);
    expect(texts(more).slice(-3)).toEqual(["299", "gap 200", "end"]);
  });

  it("closes and opens an object", () => {
    const { json, open, texts } = shown('{"a": 1}');
    const closed = toggled(open, json.root as JsonNode);
    expect(texts(closed)).toEqual(['{"a": 1}']);
    expect(texts(toggled(closed, json.root as JsonNode))).toEqual(["open", "1", "end"]);
  });

  it("shows what is marked, however far down it is", () => {
    const text = JSON.stringify({ plans: Array.from({ length: 3_000 }, (_, at) => ({ planId: `p${at}` })) });
    const { texts } = shown(text, [{ path: "plans[2500].planId", description: "too long" }]);
    const lines = texts();
    expect(lines.slice(lines.indexOf("gap 2400"))).toEqual([
      "gap 2400",
      "open",
      '"p2500"',
      "end",
      "gap 499",
      "end",
      "end",
    ]);
  });
});

describe("placeMarks", () => {
  it("counts the marks inside each parent, and lists those that fit nowhere", () => {
    const json = parseJson('{"a": {"b": 1}}');
    const { at, inside, elsewhere } = placeMarks(json, [
      { path: "a.b", description: "one" },
      { path: "a.c.d", description: "two" },
      { path: "", description: "three" },
    ]);
    const root = json.root as JsonNode;
    const a = root.children[0] as JsonNode;
    expect(at.get(a)).toEqual([{ path: "a.c.d", description: "two", rest: "c.d" }]);
    expect(at.get(a.children[0] as JsonNode)).toEqual([{ path: "a.b", description: "one", rest: "" }]);
    expect([inside.get(root)?.count, inside.get(a)?.count]).toEqual([2, 1]);
    expect(elsewhere).toEqual([{ path: "", description: "three" }]);
  });
});
