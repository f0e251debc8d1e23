import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodeProblem } from "../../src/contract/node-version.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const floors: string[] = manifest.engines.node.match(/\d+\.\d+\.\d+/g);
const newest = Number(floors.at(-1)?.split(".")[0]);

const before = (floor: string) => {
  const [major, minor] = floor.split(".").map(Number);
  return `${major}.${Number(minor) - 1}.99`;
};
const after = (floor: string) => {
  const [major, minor, patch] = floor.split(".").map(Number);
  return [`${major}.${minor}.${Number(patch) + 1}`, `${major}.${Number(minor) + 1}.0`];
};

describe("nodeProblem", () => {
  it.each([...floors.map(before), "25.9.0", "21.99.99", "0.12.0", "8.17.0"])(
    "rejects Node %s, which engines of package.json excludes",
    (version) => {
      expect(nodeProblem(version)?.message).toBe(
        `mdps needs Node ${floors.join(", ")} or a later release of one of these lines; this is Node ${version} (${process.execPath}). Install one from https://nodejs.org/en/download, and put it first in PATH.`,
      );
    },
  );

  it.each([...floors, ...floors.flatMap(after), `${newest + 1}.0.0`, "100.0.0"])(
    "accepts Node %s, which engines of package.json allows",
    (version) => {
      expect(nodeProblem(version)).toBeUndefined();
    },
  );

  it("tells lines older than all allowed ones from early releases of later lines", () => {
    const oldest = Number(floors[0]?.split(".")[0]);
    expect(nodeProblem(`${oldest - 1}.99.99`)).toMatchObject({ isOldLine: true });
    expect(nodeProblem(`${oldest}.0.0`)).toMatchObject({ isOldLine: false });
    expect(nodeProblem(`${oldest + 1}.0.0`)).toMatchObject({ isOldLine: false });
  });

  it("accepts the Node that runs this test", () => {
    expect(nodeProblem()).toBeUndefined();
  });
});
