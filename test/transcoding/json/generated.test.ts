import { describe, expect, it } from "vitest";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanSchema } from "../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createCodecs, type MessageCodec } from "../../../src/codec/index.ts";
import { contractCodecs } from "../../../src/contract/contract-types.ts";
import { listLimitOf } from "../../../src/plans/list-limits.ts";
import { codecWithin, createJsonReader } from "../../../src/transcoding/index.ts";

const description = "is too long";

describe("codecWithin", () => {
  it.each([PlanStatusSchema, CreatePlanStatusRequestSchema, CreateUserPlanStatusRequestSchema])(
    "returns the codec of %s with the limits that the server has",
    (desc) => {
      expect(codecWithin(desc, { codecs: contractCodecs, listLimits: listLimitOf })).toBe(
        contractCodecs.get(desc),
      );
    },
  );

  it("returns no codec if a list of a message inside of the message has a smaller limit than its codec", () => {
    const listLimits = (field: Parameters<typeof listLimitOf>[0]) => ({
      most: field.name === "traffic_categories" ? 127 : 1_000_000,
      description,
    });
    expect(codecWithin(PlanStatusSchema, { codecs: contractCodecs, listLimits })).toBeUndefined();
  });

  it("returns no codec that has its own copy of the functions of a message with lists, because its limits are not known", () => {
    const codec = contractCodecs.get(PlanStatusSchema) as MessageCodec<typeof PlanStatusSchema>;
    const plan = contractCodecs.get(PlanSchema) as MessageCodec<typeof PlanSchema>;
    const copying = { ...codec, copies: ["mobiledataplansharing.v1.Plan"] };
    const codecs = createCodecs([copying, plan]);
    expect(codecWithin(PlanStatusSchema, { codecs, listLimits: listLimitOf })).toBeUndefined();
    expect(codecWithin(PlanStatusSchema, { codecs })).toBeDefined();
  });

  it("returns no codec of a message that has none", () => {
    expect(codecWithin(PlanStatusSchema, { codecs: createCodecs() })).toBeUndefined();
    expect(codecWithin(PlanStatusSchema, {})).toBeUndefined();
  });
});

describe("createJsonReader with codecs", () => {
  /** A codec that counts the values that it has read. */
  function counted() {
    const codec = contractCodecs.get(PlanStatusSchema) as MessageCodec<typeof PlanStatusSchema>;
    let accepted = 0;
    const counting: typeof codec = {
      ...codec,
      readJson(json) {
        const read = codec.readJson(json);
        accepted += read === undefined ? 0 : 1;
        return read;
      },
    };
    return { codecs: createCodecs([counting]), accepted: () => accepted };
  }

  it("reads what is usual with the codec, and finds duplicate keys in it", () => {
    const { codecs, accepted } = counted();
    const read = createJsonReader(PlanStatusSchema, { codecs });
    const text = '{"plans":[{"planId":"a","planModules":[{"moduleName":"m"}]}]}';
    expect(read({ json: JSON.parse(text), text })).toMatchObject({ message: { plans: [{ planId: "a" }] } });
    const twice = '{"plans":[{"planId":"a","planId":"b"}]}';
    expect(read({ json: JSON.parse(twice), text: twice })).toEqual({
      violations: [{ field: "planId", description: "is set twice in one object" }],
    });
    expect(accepted()).toBe(2);
  });

  it("reads the rest without the codec, with the same violations", () => {
    const { codecs, accepted } = counted();
    const text = '{"plans":[{"planId":7,"planModules":{}}],"languageCode":null,"unknown":1}';
    const document = { json: JSON.parse(text), text };
    const expected = createJsonReader(PlanStatusSchema)(document);
    expect(expected).toHaveProperty("violations.2");
    expect(createJsonReader(PlanStatusSchema, { codecs })(document)).toEqual(expected);
    expect(accepted()).toBe(0);
  });
});
