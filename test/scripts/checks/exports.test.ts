import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportChanges } from "../../../scripts/checks/export-changes.ts";
import { exportedNames } from "../../../scripts/checks/exported-names.ts";

const root = join(import.meta.dirname, "../../..");

describe("exportedNames", () => {
  const names = exportedNames(root);

  it.each([
    [".", "src/index.ts"],
    ["./client", "src/client/index.ts"],
    ["./server", "src/server/server.ts"],
    ["./transcoding/client", "src/transcoding/public/client.ts"],
    ["./gen/mobiledataplansharing/v1/enums_pb", "gen/mobiledataplansharing/v1/enums_pb.ts"],
  ])("exportedNames lists the values that importing %s returns", async (entry, source) => {
    const values = (names[entry] ?? []).filter((name) => !name.startsWith("type "));
    expect(values).toEqual(Object.keys(await import(join(root, source))).sort());
  });

  it("exportedNames lists exported types with the prefix type", () => {
    expect(names["./client"]).toContain("type PlanSharingClientOptions");
    expect(names["./server"]).toContain("type ServerOptions");
  });
});

describe("exportChanges", () => {
  it("exportChanges lists removed and added names and entry points", () => {
    const snapshot = { "./a": ["same", "lost", "type Lost"], "./gone": ["x"] };
    const now = { "./a": ["same", "more"], "./b": ["y"] };
    expect(exportChanges(snapshot, now)).toEqual({
      removed: ["./a: lost", "./a: type Lost", "./gone as a whole"],
      added: ["./a: more", "./b as a whole"],
    });
  });

  it("exportChanges returns empty lists for equal names", () => {
    expect(exportChanges({ "./a": ["x"] }, { "./a": ["x"] })).toEqual({ removed: [], added: [] });
  });
});
