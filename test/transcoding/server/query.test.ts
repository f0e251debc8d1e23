import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { systemNames } from "../../../src/transcoding/server/query.ts";

it("docs/transcoding.md lists every system parameter, with the names of one parameter on one line", () => {
  const docs = readFileSync(new URL("../../../docs/transcoding.md", import.meta.url), "utf8");
  const [, section = ""] = docs.split("## System parameters\n");
  const rows = (section.split("\n## ")[0] ?? "").matchAll(/^\| (`.+?`) \|/gm);
  const listed = Array.from(rows, ([, names = ""]) => names.replaceAll("`", "").split(", "));
  const known = Map.groupBy(Object.entries(systemNames), ([, kind]) => kind);
  expect(listed).toEqual(Array.from(known.values(), (entries) => entries.map(([name]) => name)));
});
