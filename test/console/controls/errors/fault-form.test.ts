import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { FaultSchema } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { namesClient, reasonsByCode } from "../../../../src/console/controls/errors/fault-choices.ts";
import {
  emptyForm,
  errorsOf,
  type FaultForm,
  faultOf,
  formOf,
} from "../../../../src/console/controls/errors/fault-form.ts";
import { faultPresets } from "../../../../src/console/controls/errors/fault-presets.ts";
import { checkFault } from "../../../../src/emulator/faults/fault-check.ts";

/** The request for a form, as JSON, and what cannot be read of the form. */
function requestOf(changes: Partial<FaultForm>): { json: JsonValue; errors: object } {
  const { fault, errors } = faultOf({ ...emptyForm, ...changes });
  return { json: toJson(FaultSchema, fault), errors };
}

describe("the form of an injected error", () => {
  it("begins with the error that people try first", () => {
    expect(requestOf({})).toEqual({
      json: { error: { reason: "SERVER_OVERLOADED" }, nextCalls: 1 },
      errors: {},
    });
  });

  it("is a request with every condition, and an error with all its parts", () => {
    const form = {
      method: "CreateUserPlanStatus",
      operator: " 65001 ",
      clientId: "youtube",
      userKey: "+1415*",
      reason: "PLAN_STATUS_STALE",
      message: "later",
      retryDelay: "2s",
      delay: "1m30s",
      frequency: "share",
      count: "12.5 %",
    } as const;
    expect(requestOf(form)).toEqual({
      json: {
        match: {
          method: "CreateUserPlanStatus",
          operator: "operators/65001",
          clientId: "youtube",
          userKey: "+1415*",
        },
        delay: "90s",
        error: { reason: "PLAN_STATUS_STALE", message: "later", retryDelay: "2s" },
        share: 0.125,
      },
      errors: {},
    });
  });

  it.each<[Partial<FaultForm>, JsonValue]>([
    [
      { effect: "code", code: "RESOURCE_EXHAUSTED", frequency: "all" },
      { error: { code: "RESOURCE_EXHAUSTED" } },
    ],
    [
      { effect: "cut", cut: "WITHIN_ANSWER", frequency: "everyNth", count: "10" },
      { cut: "WITHIN_ANSWER", everyNth: 10 },
    ],
    [{ effect: "none", delay: "30s", frequency: "all" }, { delay: "30s" }],
    // The message and the retry delay belong to errors.
    [{ effect: "cut", message: "m", retryDelay: "x", frequency: "all" }, { cut: "BEFORE_ANSWER" }],
  ])("sends for %j only what belongs to the effect", (changes, json) => {
    expect(requestOf(changes)).toEqual({ json, errors: {} });
  });

  it.each<[Partial<FaultForm>, string[]]>([
    [{ delay: "soon", retryDelay: "2" }, ["delay", "retryDelay"]],
    [{ count: "" }, ["count"]],
    [{ count: "0" }, ["count"]],
    [{ count: "1.5" }, ["count"]],
    [{ count: "2147483648" }, ["count"]],
    [{ frequency: "share", count: "0" }, ["count"]],
    [{ frequency: "share", count: "101" }, ["count"]],
    [{ frequency: "share", count: "half" }, ["count"]],
  ])("says of %j that %j cannot be read", (changes, fields) => {
    expect(Object.keys(requestOf(changes).errors).sort()).toEqual(fields);
  });

  it("can be written for each fault, and gives it back", () => {
    const faults: JsonValue[] = [
      ...faultPresets.map(({ fault }) => toJson(FaultSchema, fault)),
      {
        match: {
          method: "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
          clientId: "youtube",
        },
        delay: "0.200s",
        error: { code: "DATA_LOSS", message: "x", retryDelay: "86400s" },
        share: 0.07,
      },
      { match: { operator: "operators/4294967295", userKey: "\\*" }, delay: "600s", nextCalls: 2147483647 },
    ];
    for (const json of faults) {
      const { fault, errors } = faultOf(formOf(fromJson(FaultSchema, json)));
      expect({ json: toJson(FaultSchema, fault), errors }).toEqual({ json, errors: {} });
    }
  });

  it("offers every reason that the emulator injects, and none that it rejects", () => {
    const offered = reasonsByCode.flatMap(([, reasons]) => reasons);
    expect(offered).toHaveLength(26);
    for (const reason of offered) {
      expect(checkFault(faultOf({ ...emptyForm, reason }).fault)).toEqual([]);
    }
  });

  it("offers a client only where a request of the method names one", () => {
    expect(
      ["", "CreateUserPlanStatus", "mobiledataplansharing.v1.PlanStatusService", "later"].map(namesClient),
    ).toEqual([true, true, true, true]);
    expect(["CreatePlanGroup", "mobiledataplansharing.v1.PlanGroupService"].map(namesClient)).toEqual([
      false,
      false,
    ]);
  });

  it("shows what the emulator rejects at the field that it is about", () => {
    const fault = fromJson(FaultSchema, {
      match: { method: "nope", operator: "65001", clientId: "no", userKey: "a b" },
      delay: "601s",
      error: { code: "UNAVAILABLE", retryDelay: "90000s" },
    });
    const violations = checkFault(fault).map((each) => ({ ...each, field: `fault.${each.field}` }));
    const { errors, others } = errorsOf(violations);
    expect(Object.keys(errors).sort()).toEqual(["clientId", "delay", "method", "operator", "retryDelay"]);
    expect(others).toEqual([]);
    expect(errorsOf([{ field: "fault", description: "must have an effect" }]).errors).toEqual({
      delay: "must have an effect",
    });
    expect(errorsOf([{ field: "elsewhere", description: "x" }]).others).toHaveLength(1);
  });
});

describe("the presets of injected errors", () => {
  it("are accepted by the emulator", () => {
    expect(faultPresets.flatMap(({ fault }) => checkFault(fault))).toEqual([]);
  });
});
