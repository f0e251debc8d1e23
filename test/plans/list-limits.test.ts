import { create, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { describe, expect, it } from "vitest";
import { PlanSchema } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { listLimitOf } from "../../src/plans/list-limits.ts";
import { compile } from "../scripts/generate/openapi/compile.ts";

const { files } = compile({
  "lists/v1/lists.proto": `
    syntax = "proto3";
    package lists.v1;
    import "buf/validate/validate.proto";
    message Lists {
      repeated string texts = 1 [(buf.validate.field).repeated.max_items = 3];
      map<string, string> pairs = 2 [(buf.validate.field).map.max_pairs = 2];
      repeated string others = 3 [(buf.validate.field).repeated.min_items = 1];
      repeated string free = 4;
    }`,
});
const lists = files[0]?.messages[0] as DescMessage;
const limit = (name: string) => listLimitOf(lists.fields.find((field) => field.name === name) as DescField);

describe("listLimitOf", () => {
  it("returns max_items and max_pairs with the descriptions of protovalidate", () => {
    const message = create(lists, {
      texts: ["a", "b", "c", "d"],
      pairs: { a: "", b: "", c: "" },
      others: ["a"],
    } as never);
    const { violations = [] } = createValidator().validate(lists, message);
    expect([limit("texts"), limit("pairs")]).toEqual([
      { most: 3, description: violations[0]?.message },
      { most: 2, description: violations[1]?.message },
    ]);
  });

  it("returns the general limit for lists without one of their own", () => {
    const general = { most: 32_770, description: "must contain no more than 32770 item(s)" };
    expect([limit("others"), limit("free"), listLimitOf(PlanStatusSchema.field.notifications)]).toEqual([
      general,
      general,
      general,
    ]);
  });

  it("limits the values of a Struct", () => {
    expect(listLimitOf(StructSchema.field.fields)).toEqual({
      most: 4_096,
      description: "must contain no more than 4096 values",
    });
  });

  it("allows a status as many notifications as its modules and its account can trigger", () => {
    const plans = listLimitOf(PlanStatusSchema.field.plans).most;
    const modules = listLimitOf(PlanSchema.field.planModules).most;
    expect(listLimitOf(PlanStatusSchema.field.notifications).most).toBe(2 * plans * modules + 2);
  });

  it("allows as many plans and modules as the contract", () => {
    expect(listLimitOf(PlanStatusSchema.field.plans).most).toBe(128);
    expect(listLimitOf(PlanSchema.field.planModules).most).toBe(128);
  });
});
