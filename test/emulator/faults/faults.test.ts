import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { FaultSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { MatchedCall } from "../../../src/emulator/faults/call-matcher.ts";
import { createFaults, type Faults, maxFaults } from "../../../src/emulator/faults/faults.ts";
import { apiErrorOf } from "../../support/api-error.ts";

const overloaded = { error: { reason: "SERVER_OVERLOADED" } };
const lost = { cut: "BEFORE_ANSWER" };

const call: MatchedCall = {
  method: PlanStatusService.method.createUserPlanStatus,
  asn: 65001,
  clientId: "youtube",
  userKey: "+14155550100",
};

function faultsOf(...injected: readonly JsonValue[]): Faults {
  const faults = createFaults();
  for (const fault of injected) {
    faults.add(fromJson(FaultSchema, fault));
  }
  return faults;
}

/** The names of the faults of so many calls; "" for a call that none applies to. */
function namesOf(faults: Faults, calls: number): string[] {
  return Array.from({ length: calls }, () => faults.take(call)?.name ?? "");
}

/** Name, matched and affected calls of each fault. */
const counts = (faults: Faults) =>
  faults.list().map(({ name, matchedCalls, affectedCalls }) => [name, matchedCalls, affectedCalls]);

describe("the frequency of a fault", () => {
  it("is every call by default", () => {
    const faults = faultsOf(overloaded);
    expect(namesOf(faults, 3)).toEqual(["faults/1", "faults/1", "faults/1"]);
    expect(counts(faults)).toEqual([["faults/1", 3n, 3n]]);
  });

  it("is the next calls, after which the fault is deleted", () => {
    const faults = faultsOf({ ...overloaded, nextCalls: 2 });
    expect(namesOf(faults, 1)).toEqual(["faults/1"]);
    expect(counts(faults)).toEqual([["faults/1", 1n, 1n]]);
    expect(namesOf(faults, 2)).toEqual(["faults/1", ""]);
    expect(faults.list()).toEqual([]);
  });

  it("is every n-th call", () => {
    const faults = faultsOf({ ...overloaded, everyNth: 3 });
    expect(namesOf(faults, 7)).toEqual(["", "", "faults/1", "", "", "faults/1", ""]);
    expect(counts(faults)).toEqual([["faults/1", 7n, 2n]]);
  });

  it.each([0.001, 0.1, 0.5, 0.9])("is a share of %d of many calls", (share) => {
    const faults = faultsOf({ ...overloaded, share });
    const affected = namesOf(faults, 100_000).filter(Boolean).length;
    // Six standard deviations of a binomial distribution.
    expect(Math.abs(affected - share * 100_000)).toBeLessThan(6 * Math.sqrt(100_000 * share * (1 - share)));
    expect(counts(faults)).toEqual([["faults/1", 100_000n, BigInt(affected)]]);
  });

  it("is the same calls each time for a share", () => {
    expect(namesOf(faultsOf({ ...overloaded, share: 0.3 }), 200)).toEqual(
      namesOf(faultsOf({ ...overloaded, share: 0.3 }), 200),
    );
  });

  it("is every call for a share of 1", () => {
    expect(namesOf(faultsOf({ ...overloaded, share: 1 }), 1_000)).not.toContain("");
  });
});

describe("several faults", () => {
  it("queue up: a call that has an effect does not count for newer ones with an effect", () => {
    const faults = faultsOf({ ...overloaded, nextCalls: 2 }, { ...lost, nextCalls: 1 });
    expect(namesOf(faults, 2)).toEqual(["faults/1", "faults/1"]);
    expect(counts(faults)).toEqual([["faults/2", 0n, 0n]]);
    expect(namesOf(faults, 2)).toEqual(["faults/2", ""]);
  });

  it("count what an older one matches but does not affect", () => {
    const faults = faultsOf({ ...overloaded, everyNth: 2 }, { ...lost, everyNth: 2 });
    // The second one counts calls 1, 3 and 5.
    expect(namesOf(faults, 5)).toEqual(["", "faults/1", "faults/2", "faults/1", ""]);
    expect(counts(faults)).toEqual([
      ["faults/1", 5n, 2n],
      ["faults/2", 3n, 1n],
    ]);
  });

  it("add up their delays, and have the effect of the oldest one with an effect", () => {
    const faults = faultsOf(
      { delay: "0.5s" },
      { delay: "1s", ...lost },
      { delay: "100s", ...overloaded },
      { delay: "2s", nextCalls: 1 },
    );
    expect(faults.take(call)).toMatchObject({ name: "faults/2", delayMs: 3_500, cut: 2, error: undefined });
    expect(faults.take(call)).toMatchObject({ name: "faults/2", delayMs: 1_500 });
    expect(counts(faults)).toEqual([
      ["faults/1", 2n, 2n],
      ["faults/2", 2n, 2n],
      ["faults/3", 0n, 0n],
    ]);
  });

  it("are named by the oldest if they only delay a call", () => {
    const faults = faultsOf({ delay: "1s", everyNth: 2 }, { delay: "2s" }, { delay: "0.000000001s" });
    expect(faults.take(call)).toMatchObject({ name: "faults/2", delayMs: 2_001 });
    expect(faults.take(call)).toMatchObject({ name: "faults/1", delayMs: 3_001 });
  });
});

describe("the matcher of a fault", () => {
  const service = "mobiledataplansharing.v1.PlanStatusService";

  it.each([
    {},
    { method: "CreateUserPlanStatus" },
    { method: service },
    { method: `${service}/CreateUserPlanStatus` },
    { operator: "operators/65001" },
    { clientId: "youtube" },
    { userKey: "+1415*" },
    { userKey: "*" },
    { method: service, operator: "operators/65001", clientId: "youtube", userKey: "*0100" },
  ])("matches a call that has all that is set: %j", (match) => {
    expect(namesOf(faultsOf({ ...overloaded, match }), 1)).toEqual(["faults/1"]);
  });

  it.each([
    { method: "CreatePlanStatus" },
    { method: "mobiledataplansharing.v1.PlanGroupService" },
    { operator: "operators/65002" },
    { clientId: "mobiledataplan" },
    { userKey: "+1415" },
    { userKey: "+1415\\*" },
    { method: service, operator: "operators/65002", clientId: "youtube", userKey: "*0100" },
  ])("does not match a call without something that is set: %j", (match) => {
    const faults = faultsOf({ ...overloaded, match });
    expect(namesOf(faults, 1)).toEqual([""]);
    expect(counts(faults)).toEqual([["faults/1", 0n, 0n]]);
  });

  it("does not match a call without an operator or a client if one is set", () => {
    const faults = faultsOf(
      { ...overloaded, match: { operator: "operators/1" } },
      { ...overloaded, match: { clientId: "youtube" } },
    );
    expect(faults.take({ ...call, asn: undefined, clientId: undefined })).toBeUndefined();
  });
});

describe("the set of faults", () => {
  it("names faults by numbers that are never used again", () => {
    const faults = faultsOf(overloaded, { ...lost, name: "faults/7", matchedCalls: "5", affectedCalls: "5" });
    expect(counts(faults)).toEqual([
      ["faults/1", 0n, 0n],
      ["faults/2", 0n, 0n],
    ]);
    expect(faults.delete("faults/2")).toBe(true);
    expect(faults.delete("faults/2")).toBe(false);
    faults.clear();
    expect(faults.size).toBe(0);
    expect(faults.add(fromJson(FaultSchema, lost)).name).toBe("faults/3");
  });

  it("is not changed by changes of what was given or returned", () => {
    const faults = createFaults();
    const given = fromJson(FaultSchema, { ...overloaded, nextCalls: 3 });
    const returned = faults.add(given);
    given.frequency = { case: "nextCalls", value: 1 };
    returned.effect = { case: undefined };
    faults.take(call);
    expect(faults.list()).toMatchObject([{ effect: { case: "error" }, affectedCalls: 1n }]);
  });

  it("rejects more faults than there may be, and the one that is invalid", async () => {
    const faults = createFaults();
    const fault = fromJson(FaultSchema, overloaded);
    for (let count = 0; count < maxFaults; count++) {
      faults.add(fault);
    }
    const added = async () => faults.add(fault);
    expect(await apiErrorOf(added())).toMatchObject({
      reason: "EMULATOR_LIMIT_REACHED",
      message: "the emulator has 1000 faults, the most that it may have; delete some of them",
    });
    expect(faults.size).toBe(maxFaults);
  });
});
