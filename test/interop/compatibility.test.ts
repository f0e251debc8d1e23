import { describe, expect, it } from "vitest";
import { committedFigures } from "../support/compatibility/figures.ts";
import { readVectors } from "../vectors/read-vectors.ts";
import { interopFigures, interopHeading } from "./compatibility.ts";
import { forms } from "./judge.ts";
import { findLanguages } from "./language.ts";

const committed = committedFigures(interopHeading).join("\n");
const { cases } = readVectors();

describe("docs/compatibility.md", () => {
  it("interopFigures has a row per language, a column per protocol, a list of skipped languages, and the languages per way", () => {
    const { lines } = interopFigures(
      [
        {
          name: "Go: x 1",
          code: "Go module",
          results: [{ protocol: "connect", passed: 3, total: 4 }],
          problems: ["one"],
        },
        {
          name: "Rust: y 2",
          code: "clone",
          results: [{ protocol: "grpc", passed: 4, total: 4 }],
          problems: [],
        },
        {
          name: "Rust, Tokio: y 2",
          code: "clone",
          results: [{ protocol: "grpc", passed: 4, total: 4 }],
          problems: [],
        },
        {
          name: "Python: x 1",
          code: "clone",
          results: [{ protocol: "grpc", passed: 4, total: 4 }],
          problems: ["exited with 1"],
        },
        { name: "Java: z 3", code: "Java jar", skipped: "mvn is not installed", results: [], problems: [] },
      ],
      2,
      [
        "| Client | compiles | push |",
        "| --- | --- | --- |",
        "| Go: generator 7, go | yes | yes |",
        "| Java: generator 7, okhttp | yes | no |",
      ],
    );
    expect(lines.filter((line) => /^[|-]/.test(line))).toEqual([
      "| Libraries | Code of the contract | grpc | grpc json | grpc-web | grpc-web json | connect | connect json | rest |",
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
      "| Go: x 1 | Go module | – | – | – | – | 3/4 | – | – |",
      "| Rust: y 2 | clone | 4/4 | – | – | – | – | – | – |",
      "| Rust, Tokio: y 2 | clone | 4/4 | – | – | – | – | – | – |",
      "| Python: x 1 | clone | 4/4 | – | – | – | – | – | – |",
      "- Java: z 3: mvn is not installed",
      "| Code of the contract | Languages |",
      "| --- | --- |",
      "| clone | Rust |",
      "| OpenAPI client | Go |",
    ]);
  });

  it("docs/compatibility.md was written for the current number of vectors", () => {
    const totals = [...committed.matchAll(/\d+\/(\d+)/g)].map(([, total]) => Number(total));
    expect(new Set(totals)).toEqual(new Set([cases.length * forms.length]));
  });

  it("docs/compatibility.md was written for the current languages and the versions in their lock files", async () => {
    const rows = [...committed.matchAll(/^(?:\| |- )(\w.*?: .*?)(?: \||: )/gm)].map(([, name]) => name);
    const names = (await findLanguages()).map(({ language }) => language.name);
    expect(rows.toSorted()).toEqual(names.toSorted());
  });
});
