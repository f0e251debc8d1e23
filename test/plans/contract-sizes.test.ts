import {
  create,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  ScalarType,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { CreatePlanGroupRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanGroupSchema, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { fullMessage, isOutputOnly, maxItemsOf, maxLengthOf, rulesOf } from "../support/full-message.ts";
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
    ["userKey", 4096, (userKey) => ({ userKey })],
    ["planStatus.title", 1024, (title) => ({ planStatus: planStatus({ title }) })],
    ["planStatus.subscriberId", 4096, (subscriberId) => ({ planStatus: planStatus({ subscriberId }) })],
    [
      "planStatus.plans[0].planName",
      1024,
      (planName) => ({ planStatus: planStatus({ plans: [plan({ planName })] }) }),
    ],
    [
      "planStatus.plans[0].planId",
      4096,
      (planId) => ({ planStatus: planStatus({ plans: [plan({ planId })] }) }),
    ],
    [
      "planStatus.plans[0].planModules[0].moduleName",
      1024,
      (moduleName) => ({ planStatus: statusOf(planModule({ moduleName })) }),
    ],
    [
      "planStatus.plans[0].planModules[0].description",
      4096,
      (description) => ({ planStatus: statusOf(planModule({ description })) }),
    ],
  ])("limits %s to %i characters, whatever their size in UTF-8 and UTF-16", (field, most, request) => {
    for (const character of ["x", "é", "ก", "😀"]) {
      expect(invalidFields(request(character.repeat(most)))).toEqual([]);
      expect(invalidFields(request(character.repeat(most + 1)))).toEqual([field]);
    }
    expect(invalidFields(request(`${"😀".repeat(most - 1)}x`))).toEqual([]);
    expect(invalidFields(request(`${"😀".repeat(most)}x`))).toEqual([field]);
    // Characters that are shown as one count by code points: a family of five, a vowel with its consonant.
    expect(invalidFields(request("ก็".repeat(most / 2)))).toEqual([]);
    expect(invalidFields(request(`${"ก็".repeat(most / 2)}ก`))).toEqual([field]);
  });

  it("limits languageCode to 4096 characters", () => {
    const code = `abcdefgh${"-abcdefg".repeat(511)}`;
    expect(code).toHaveLength(4096);
    expect(invalidFields({ planStatus: planStatus({ languageCode: code }) })).toEqual([]);
    expect(invalidFields({ planStatus: planStatus({ languageCode: `${code}h` }) })).toEqual([
      "planStatus.languageCode",
    ]);
  });

  it("limits cpidState to 64 characters", () => {
    expect(invalidFields({ planStatus: planStatus({ cpidState: "A".repeat(64) }) })).toEqual([]);
    expect(invalidFields({ planStatus: planStatus({ cpidState: "A".repeat(65) }) })).toEqual([
      "planStatus.cpidState",
    ]);
  });

  it("limits planGroupId to 4096 characters", () => {
    const invalidFieldsOf = (planGroupId: string) => {
      const request = create(CreatePlanGroupRequestSchema, { parent: "operators/1", planGroupId });
      return rules(CreatePlanGroupRequestSchema, request).map(({ field }) => field);
    };
    expect(invalidFieldsOf("😀".repeat(4096))).toEqual([]);
    expect(invalidFieldsOf("x".repeat(4097))).toEqual(["planGroupId"]);
  });
});

describe("the length of a list", () => {
  it("limits the plans of a status to 128", () => {
    const ofPlans = (length: number) => ({
      planStatus: planStatus({ plans: Array.from({ length }, () => plan()) }),
    });
    expect(invalidFields(ofPlans(128))).toEqual([]);
    expect(invalidFields(ofPlans(129))).toEqual(["planStatus.plans"]);
  });

  it("limits the modules of a plan to 128", () => {
    const ofModules = (length: number) => ({
      planStatus: statusOf(...Array.from({ length }, () => planModule())),
    });
    expect(invalidFields(ofModules(128))).toEqual([]);
    expect(invalidFields(ofModules(129))).toEqual(["planStatus.plans[0].planModules"]);
  });

  it("limits the traffic categories of a module to 128", () => {
    const ofCategories = (length: number) => ({
      planStatus: statusOf(planModule({ trafficCategories: Array.from({ length }, () => 1 as const) })),
    });
    expect(invalidFields(ofCategories(128))).toEqual([]);
    expect(invalidFields(ofCategories(129))).toEqual([
      "planStatus.plans[0].planModules[0].trafficCategories",
    ]);
  });

  it("limits the plans of a group to 128", () => {
    const invalidFieldsOf = (length: number) => {
      const request = create(CreatePlanGroupRequestSchema, {
        parent: "operators/1",
        planGroupId: "k",
        planGroup: { dataPlans: Array.from({ length }, () => plan()) },
      });
      return rules(CreatePlanGroupRequestSchema, request).map(({ field }) => field);
    };
    expect(invalidFieldsOf(128)).toEqual([]);
    expect(invalidFieldsOf(129)).toEqual(["planGroup.dataPlans"]);
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
        return maxLengthOf(field) === undefined && !boundOtherwise(field) ? [at] : [];
      }
      // Code limits the values of a Struct: see struct-rules.ts.
      return field.message === undefined || field.message.typeName === StructSchema.typeName
        ? []
        : unbounded(field.message);
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

describe("a message with every field", () => {
  const largest = fullMessage(PlanStatusSchema);

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
      const status = fullMessage(PlanStatusSchema, character);
      expect(invalidFields({ planStatus: status })).toEqual([]);
      expect(Buffer.byteLength(toJsonString(PlanStatusSchema, status))).toBeLessThan(mebibyte);
    },
  );

  it("is smaller than 1 MiB as a request for a group", () => {
    const request = create(CreatePlanGroupRequestSchema, {
      parent: "operators/4294967295",
      planGroupId: "x".repeat(4096),
      planGroup: fullMessage(PlanGroupSchema),
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
