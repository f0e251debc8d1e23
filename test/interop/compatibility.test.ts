import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readVectors } from "../vectors/read-vectors.ts";
import { compatibilityText } from "./compatibility.ts";
import { forms } from "./judge.ts";
import { findLanguages } from "./language.ts";

const committed = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8");
const { cases } = readVectors();

describe("the table of compatibility", () => {
  it("has a row for each language that ran, a column for each protocol, and names what was skipped", () => {
    const text = compatibilityText(
      [
        { name: "Go: x 1", results: [{ protocol: "connect", passed: 3, total: 4 }], faults: ["one"] },
        { name: "Rust: y 2", results: [{ protocol: "grpc", passed: 4, total: 4 }], faults: [] },
        { name: "Java: z 3", skipped: "mvn is not installed", results: [], faults: [] },
      ],
      2,
    );
    expect(text.split("\n").filter((line) => /^[|-]/.test(line))).toEqual([
      "| Libraries | grpc | connect |",
      "| --- | --- | --- |",
      "| Go: x 1 | – | 3/4 |",
      "| Rust: y 2 | 4/4 | – |",
      "- Java: z 3: mvn is not installed",
    ]);
  });

  it("was written for the vectors that there are", () => {
    const totals = [...committed.matchAll(/\d+\/(\d+)/g)].map(([, total]) => Number(total));
    expect(new Set(totals)).toEqual(new Set([cases.length * forms.length]));
  });

  it("was written for the languages that there are, in the versions of their lock files", async () => {
    const rows = [...committed.matchAll(/^(?:\| |- )(\w.*?: .*?)(?: \||: )/gm)].map(([, name]) => name);
    const names = (await findLanguages()).map(({ language }) => language.name);
    expect(rows.toSorted()).toEqual(names.toSorted());
  });
});
