import { describe, expect, it } from "vitest";
import { createContract, membersOf } from "../../../../src/console/contract/contract.ts";
import type { ContractEntry } from "../../../../src/console/contract/document.ts";
import { createSearch } from "../../../../src/console/reference/search/search.ts";
import { builtContract } from "../../contract/built-contract.ts";

const contract = createContract(builtContract);
const search = createSearch(contract);
const entries = builtContract.types.flatMap((type): ContractEntry[] => [type, ...membersOf(type)]);

const found = (query: string) => search(query).map(({ entry }) => entry.fullName);
const squashed = (name: string) => name.replaceAll(/[^a-z0-9]/gi, "").toLowerCase();
const v1 = (name: string) => `mobiledataplansharing.v1.${name}`;

describe("the search of the reference", () => {
  it("finds everything first by its full name", () => {
    const wrong = entries.filter(({ fullName }) => found(fullName)[0] !== fullName);
    expect(entries.length).toBeGreaterThan(400);
    expect(wrong.map(({ fullName }) => fullName)).toEqual([]);
  });

  it("finds everything by its name, before what only mentions it", () => {
    const wrong = entries.filter(({ name, fullName }) => {
      const hits = search(name);
      const rank = hits.findIndex(({ entry }) => entry.fullName === fullName);
      const before = hits.slice(0, rank).map(({ entry }) => squashed(entry.fullName));
      return rank === -1 || before.some((each) => !each.endsWith(squashed(name)));
    });
    expect(wrong.map(({ fullName }) => fullName)).toEqual([]);
  });

  it("finds every field by its name in JSON and by that of its message", () => {
    const fields = builtContract.types.flatMap((type) =>
      type.kind === "message"
        ? type.fields.map((field) => ({ field, query: `${type.name}.${field.jsonName}` }))
        : [],
    );
    expect(fields.length).toBeGreaterThan(150);
    const wrong = fields.filter(({ field, query }) => found(query)[0] !== field.fullName);
    expect(wrong.map(({ query }) => query)).toEqual([]);
  });

  it("takes a name in any notation", () => {
    for (const query of ["planModules", "plan_modules", "plan modules", "PLAN-MODULES"]) {
      expect(found(query)[0], query).toBe(v1("Plan.plan_modules"));
    }
  });

  it("finds by words of the comment, and needs all of them", () => {
    expect(found("not throttled")).toContain(v1("PlanModule.max_rate_kbps"));
    expect(found("throttled zebra")).toEqual([]);
  });

  it("finds reasons of errors by HTTP status and code, and the methods that send them", () => {
    expect(found("409")).toContain(v1("ErrorReason.PLAN_STATUS_STALE"));
    expect(found("ABORTED")).toContain(v1("ErrorReason.PLAN_STATUS_STALE"));
    expect(found("PLAN_STATUS_STALE")).toContain(v1("PlanStatusService.CreateUserPlanStatus"));
  });

  it("finds methods by their routes", () => {
    expect(found("/emulator/v1/clock:advance")[0]).toBe(
      "mobiledataplansharing.emulator.v1.EmulatorService.AdvanceClock",
    );
  });

  it.each(["", "  ", "\u0000", "%", "💥", "(", "\\", "a".repeat(10_000)])("takes any text: %j", (query) => {
    expect(Array.isArray(search(query))).toBe(true);
  });
});
