import { describe, expect, it } from "vitest";
import { fieldPathText, parseFieldPath } from "../../../../src/console/ui/json/field-path.ts";
import { findNode } from "../../../../src/console/ui/json/find-node.ts";
import { parseJson } from "../../../../src/console/ui/json/parse-json.ts";

/** Returns the text at a path, and what of the path is absent. */
function at(text: string, path: string): string | undefined {
  const found = findNode(parseJson(text), path);
  return found && [text.slice(found.node.start, found.node.end), fieldPathText(found.rest)].join(" | ");
}

const push = `{
  "parent": "operators/65001",
  "planStatus": {
    "plans": [{ "planModules": [{ "moduleName": "A" }, { "byteBalance": { "quotaBytes": "5" } }] }],
    "labels": { "a.b": 1, "x[0]": { "y": 2 }, "quote\\"d": 3 },
    "language_code": "en"
  }
}`;

describe("findNode", () => {
  it("finds fields, items and keys of maps", () => {
    expect(at(push, "planStatus.plans[0].planModules[1].byteBalance")).toBe('{ "quotaBytes": "5" } | ');
    expect(at(push, "planStatus.plans[0].planModules[0].moduleName")).toBe('"A" | ');
    expect(at(push, 'planStatus.labels["a.b"]')).toBe("1 | ");
    expect(at(push, 'planStatus.labels["x[0]"].y')).toBe("2 | ");
    expect(at(push, 'planStatus.labels["quote\\"d"]')).toBe("3 | ");
    expect(at("[[1, 2], [3]]", "[1][0]")).toBe("3 | ");
  });

  it("takes snake_case and lowerCamelCase for the same field, in the path and in the text", () => {
    expect(at(push, "plan_status.language_code")).toBe('"en" | ');
    expect(at(push, "planStatus.languageCode")).toBe('"en" | ');
    expect(at('{"plan_id": 1, "planId": 2}', "plan_id")).toBe("1 | ");
    expect(at('{"plan_id": 1, "planId": 2}', "planId")).toBe("2 | ");
  });

  it("leads to the nearest parent if the field is absent, and says what is absent", () => {
    expect(at(push, "planStatus.plans[0].planModules[0].byteBalance.quotaBytes")).toBe(
      '{ "moduleName": "A" } | byteBalance.quotaBytes',
    );
    expect(at(push, "planStatus.plans[0].planModules[7].description")).toMatch(/ \| \[7\]\.description$/);
    expect(at("{}", "userKey")).toBe("{} | userKey");
    expect(at('{"a": 5}', 'a["x y"].b')).toBe("5 | x y.b");
  });

  it("takes the last of duplicate keys", () => {
    expect(at('{"a": 1, "a": 2}', "a")).toBe("2 | ");
  });

  it("finds nothing for a text that is no path, and in a text without a value", () => {
    for (const path of ["", "a[", "a[x]", 'a["x]', "a..b", "]"]) {
      expect(at(push, path), path).toBeUndefined();
    }
    expect(at("", "a")).toBeUndefined();
  });
});

describe("parseFieldPath", () => {
  it("reads keys of every type of a map", () => {
    expect(parseFieldPath('a[true].b[-5]["\\u00e9"][3]')).toEqual(["a", "true", "b", "-5", "é", 3]);
  });

  it("is reversed by fieldPathText", () => {
    const paths = ["a.b[0].c", 'm["x.y"]', "[0][1]", 'a["]"].b'];
    expect(paths.map((path) => fieldPathText(parseFieldPath(path) ?? []))).toEqual(paths);
  });
});
