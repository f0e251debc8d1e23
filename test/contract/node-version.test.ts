import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodeProblem } from "../../src/contract/node-version.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const minimum: string = manifest.engines.node.replace(">=", "");
const [major = 0, minor = 0, patch = 0] = minimum.split(".").map(Number);

describe("nodeProblem", () => {
  it.each([`${major - 1}.99.99`, `${major}.${minor - 1}.99`, "0.12.0", "8.17.0"])(
    "rejects Node %s, which engines of package.json excludes",
    (version) => {
      expect(nodeProblem(version)).toBe(
        `mdps needs Node ${minimum} or later; this is Node ${version} (${process.execPath}). Install a later one from https://nodejs.org/en/download, and put it first in PATH.`,
      );
    },
  );

  it.each([
    minimum,
    `${major}.${minor}.${patch + 1}`,
    `${major}.${minor + 1}.0`,
    `${major + 1}.0.0`,
    "100.0.0",
  ])("accepts Node %s, which engines of package.json allows", (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  });

  it("accepts the Node that runs this test", () => {
    expect(nodeProblem()).toBeUndefined();
  });
});
