import { describe, expect, it } from "vitest";
import { createContract } from "../../../../src/console/contract/contract.ts";
import type { ContractEntry } from "../../../../src/console/contract/document.ts";
import { excerptOf, piecesOf } from "../../../../src/console/reference/search/excerpt.ts";
import { similarNames } from "../../../../src/console/reference/search/similar.ts";
import { builtContract } from "../../contract/built-contract.ts";

const contract = createContract(builtContract);

describe("the excerpt of a hit", () => {
  const entry = contract.find("mobiledataplansharing.v1.PlanModule.max_rate_kbps") as ContractEntry;

  it("is the first sentence that has a word of the query", () => {
    expect(excerptOf(entry, "Throttled")).toBe("Zero or absent: the module is not throttled.");
    expect(excerptOf(entry, "maxRateKbps")).toBe(entry.summary);
    expect(excerptOf(entry, "")).toBe(entry.summary);
  });

  it("marks the words of the query, whatever characters they have", () => {
    expect(piecesOf("a (plan) of plans", "PLAN (plan)")).toEqual([
      { text: "a ", isMatch: false },
      { text: "(plan)", isMatch: true },
      { text: " of ", isMatch: false },
      { text: "plan", isMatch: true },
      { text: "s", isMatch: false },
    ]);
    expect(piecesOf("x", "\\ [ ] { } . * + ? ^ $ | / -")).toEqual([{ text: "x", isMatch: false }]);
  });
});

describe("similar names", () => {
  it("are those that a query with a typing error may have meant", () => {
    expect(similarNames("PlanModul", contract)[0]).toBe("PlanModule");
    expect(similarNames("langaugeCode", contract)[0]).toBe("languageCode");
    expect(similarNames("zebra", contract)).toEqual([]);
    expect(similarNames("💥", contract)).toEqual([]);
  });
});
