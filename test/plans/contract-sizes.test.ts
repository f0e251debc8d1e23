import {
  create,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  ScalarType,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CreatePlanGroupRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanGroupSchema, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { isOutputOnly, maxBytesOf, maxItemsOf, maximalMessage, rulesOf } from "../support/maximal-message.ts";
import { accountInfo, plan, planModule, planStatus, statusOf } from "../support/plan-statuses.ts";

const rules = createContractRules();
const mebibyte = 1024 * 1024;

function invalidFields(init: MessageInitShape<typeof CreateUserPlanStatusRequestSchema>): string[] {
  const request = create(CreateUserPlanStatusRequestSchema, {
    parent: "operators/65001",
    clientId: "mobiledataplan",
    userKey: "k",
    planStatus: planStatus(),
    ...init,
  });
  return rules(CreateUserPlanStatusRequestSchema, request).map(({ field }) => field);
}

describe("the length of a string", () => {
  it.each<[string, number, (text: string) => MessageInitShape<typeof CreateUserPlanStatusRequestSchema>]>([
    ["userKey", 1024, (userKey) => ({ userKey })],
    ["planStatus.title", 1024, (title) => ({ planStatus: planStatus({ title }) })],
    ["planStatus.subscriberId", 256, (subscriberId) => ({ planStatus: planStatus({ subscriberId }) })],
    [
      "planStatus.plans[0].planName",
      256,
      (planName) => ({ planStatus: planStatus({ plans: [plan({ planName })] }) }),
    ],
    [
      "planStatus.plans[0].planId",
      256,
      (planId) => ({ planStatus: planStatus({ plans: [plan({ planId })] }) }),
    ],
    [
      "planStatus.plans[0].planModules[0].moduleName",
      256,
      (moduleName) => ({ planStatus: statusOf(planModule({ moduleName })) }),
    ],
    [
      "planStatus.plans[0].planModules[0].description",
      1024,
      (description) => ({ planStatus: statusOf(planModule({ description })) }),
    ],
  ])("limits %s to %i bytes of UTF-8", (field, most, request) => {
    expect(invalidFields(request("x".repeat(most)))).toEqual([]);
    expect(invalidFields(request("x".repeat(most + 1)))).toEqual([field]);
    expect(invalidFields(request("é".repeat(most / 2)))).toEqual([]);
    expect(invalidFields(request(`${"é".repeat(most / 2)}x`))).toEqual([field]);
  });

  it("limits languageCode to 64 bytes", () => {
    const code = `abcdefgh${"-abcdefgh".repeat(6)}`;
    expect(invalidFields({ planStatus: planStatus({ languageCode: `${code}-a` }) })).toEqual([]);
    expect(invalidFields({ planStatus: planStatus({ languageCode: `${code}-ab` }) })).toEqual([
      "planStatus.languageCode",
    ]);
  });

  it("limits planGroupId to 1024 bytes", () => {
    const invalidFieldsOf = (length: number) => {
      const planGroupId = "x".repeat(length);
      const request = create(CreatePlanGroupRequestSchema, { parent: "operators/1", planGroupId });
      return rules(CreatePlanGroupRequestSchema, request).map(({ field }) => field);
    };
    expect(invalidFieldsOf(1024)).toEqual([]);
    expect(invalidFieldsOf(1025)).toEqual(["planGroupId"]);
  });
});

describe("the length of a list", () => {
  it("limits the plans of a status to 16", () => {
    const ofPlans = (length: number) => ({
      planStatus: planStatus({ plans: Array.from({ length }, () => plan()) }),
    });
    expect(invalidFields(ofPlans(16))).toEqual([]);
    expect(invalidFields(ofPlans(17))).toEqual(["planStatus.plans"]);
  });

  it("limits the modules of a plan to 16", () => {
    const ofModules = (length: number) => ({
      planStatus: statusOf(...Array.from({ length }, () => planModule())),
    });
    expect(invalidFields(ofModules(16))).toEqual([]);
    expect(invalidFields(ofModules(17))).toEqual(["planStatus.plans[0].planModules"]);
  });

  it("limits the traffic categories of a module to 16", () => {
    const ofCategories = (length: number) => ({
      planStatus: statusOf(planModule({ trafficCategories: Array.from({ length }, () => 1 as const) })),
    });
    expect(invalidFields(ofCategories(16))).toEqual([]);
    expect(invalidFields(ofCategories(17))).toEqual(["planStatus.plans[0].planModules[0].trafficCategories"]);
  });

  it("limits the plans of a group to 16", () => {
    const invalidFieldsOf = (length: number) => {
      const request = create(CreatePlanGroupRequestSchema, {
        parent: "operators/1",
        planGroupId: "k",
        planGroup: { dataPlans: Array.from({ length }, () => plan()) },
      });
      return rules(CreatePlanGroupRequestSchema, request).map(({ field }) => field);
    };
    expect(invalidFieldsOf(16)).toEqual([]);
    expect(invalidFieldsOf(17)).toEqual(["planGroup.dataPlans"]);
  });
});

describe("every string and list of a request", () => {
  /** Strings limited by a pattern or a list of values. */
  const boundOtherwise = (field: DescField) => {
    const type = rulesOf(field)?.type;
    return type?.case === "string" && (type.value.pattern !== "" || type.value.in.length > 0);
  };

  function unbounded(desc: DescMessage): string[] {
    return desc.fields.flatMap((field): string[] => {
      const at = `${desc.name}.${field.name}`;
      if (isOutputOnly(field)) {
        return [];
      }
      if (field.fieldKind === "list" && maxItemsOf(field) === undefined) {
        return [at];
      }
      if (field.fieldKind === "scalar" && field.scalar === ScalarType.STRING) {
        return maxBytesOf(field) === undefined && !boundOtherwise(field) ? [at] : [];
      }
      return field.message === undefined ? [] : unbounded(field.message);
    });
  }

  it.each([CreateUserPlanStatusRequestSchema, CreatePlanStatusRequestSchema, CreatePlanGroupRequestSchema])(
    "limits the length of every string and list of $name",
    (desc) => {
      // The rules of Money are options of the fields that contain it.
      expect(unbounded(desc).filter((name) => name !== "Money.currency_code")).toEqual([]);
    },
  );
});

describe("the largest valid message", () => {
  const largest = maximalMessage(PlanStatusSchema);

  it("is valid", () => {
    expect(invalidFields({ planStatus: largest })).toEqual([]);
    expect(largest.plans[15]?.planModules[15]?.trafficCategories).toHaveLength(16);
  });

  it("is smaller than the server's limit of 1 MiB, as JSON and as binary", () => {
    expect(Buffer.byteLength(toJsonString(PlanStatusSchema, largest))).toBeLessThan(mebibyte);
    expect(toBinary(PlanStatusSchema, largest).length).toBeLessThan(mebibyte);
  });

  it.each(["é", "語", "😀", '"'])(
    "is valid and smaller than 1 MiB when its strings consist of %s",
    (character) => {
      const status = maximalMessage(PlanStatusSchema, character);
      expect(invalidFields({ planStatus: status })).toEqual([]);
      expect(Buffer.byteLength(toJsonString(PlanStatusSchema, status))).toBeLessThan(mebibyte);
    },
  );

  it("is smaller than 1 MiB as a request for a group", () => {
    const request = create(CreatePlanGroupRequestSchema, {
      parent: "operators/4294967295",
      planGroupId: "x".repeat(1024),
      planGroup: maximalMessage(PlanGroupSchema),
    });
    expect(rules(CreatePlanGroupRequestSchema, request)).toEqual([]);
    expect(Buffer.byteLength(toJsonString(CreatePlanGroupRequestSchema, request))).toBeLessThan(mebibyte);
    expect(toBinary(CreatePlanGroupRequestSchema, request).length).toBeLessThan(mebibyte);
  });

  it("sets every field of accountInfo", () => {
    expect(Object.keys(largest.accountInfo ?? {})).toEqual(
      expect.arrayContaining(Object.keys(accountInfo({ accountTopUp: {} }))),
    );
  });
});
