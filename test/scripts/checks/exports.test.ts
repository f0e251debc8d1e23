import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportChanges } from "../../../scripts/checks/export-changes.ts";
import { exportedNames } from "../../../scripts/checks/exported-names.ts";

const root = join(import.meta.dirname, "../../..");

describe("the names that are exported", () => {
  const names = exportedNames(root);

  it.each([
    [".", "src/index.ts"],
    ["./client", "src/client/index.ts"],
    ["./server", "src/server/server.ts"],
    ["./transcoding/client", "src/transcoding/client/index.ts"],
    ["./gen/mobiledataplansharing/v1/enums_pb", "gen/mobiledataplansharing/v1/enums_pb.ts"],
  ])("of %s are those that a program finds when it runs", async (entry, source) => {
    const values = (names[entry] ?? []).filter((name) => !name.startsWith("type "));
    expect(values).toEqual(Object.keys(await import(join(root, source))).sort());
  });

  it("have the types too", () => {
    expect(names["./client"]).toContain("type PlanSharingClientOptions");
    expect(names["./server"]).toContain("type ServerOptions");
  });
});

describe("a change of names", () => {
  it("is told apart: what was lost, and what is new", () => {
    const snapshot = { "./a": ["kept", "lost", "type Lost"], "./gone": ["x"] };
    const now = { "./a": ["kept", "more"], "./b": ["y"] };
    expect(exportChanges(snapshot, now)).toEqual({
      removed: ["./a: lost", "./a: type Lost", "./gone as a whole"],
      added: ["./a: more", "./b as a whole"],
    });
  });

  it("is nothing where nothing was changed", () => {
    expect(exportChanges({ "./a": ["x"] }, { "./a": ["x"] })).toEqual({ removed: [], added: [] });
  });
});
