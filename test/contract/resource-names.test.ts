import { getOption } from "@bufbuild/protobuf";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { describe, expect, it } from "vitest";
import { GetUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import {
  asnOfParent,
  clientIds,
  parentOf,
  parseResourceName,
  resourceName,
} from "../../src/contract/resource-names.ts";

describe("asnOfParent", () => {
  it.each([1, 65001, 4_294_967_295])("parses the parent of ASN %i that parentOf returns", (asn) => {
    expect(parentOf(asn)).toBe(`operators/${asn}`);
    expect(asnOfParent(parentOf(asn))).toBe(asn);
  });

  it.each([
    "",
    "operators/",
    "operators/0",
    "operators/01",
    "operators/4294967296",
    "operators/1/x",
    "x/1",
    "1",
  ])("returns undefined for the parent %j", (text) => {
    expect(asnOfParent(text)).toBeUndefined();
  });
});

describe("a resource name", () => {
  it.each([
    ["491701234567", "491701234567"],
    ["a/b+c==", "a%2Fb+c=="],
    ["100%", "100%25"],
    ["%2F", "%252F"],
    ["%25", "%2525"],
    ["/%/", "%2F%25%2F"],
    ["a b\"'😀", "a b\"'😀"],
    ["..", ".."],
  ])("escapes the ID %j as %j and parses the name back", (id, escaped) => {
    for (const collection of ["planStatuses", "planGroups"] as const) {
      const name = resourceName(65001, collection, id);
      expect(name).toBe(`operators/65001/${collection}/${escaped}`);
      expect(name.split("/")).toHaveLength(4);
      expect(parseResourceName(name, collection)).toEqual({ asn: 65001, id });
    }
  });

  it.each([
    "",
    "operators/65001/planStatuses",
    "operators/65001/planStatuses/",
    "operators/65001/planStatuses/a/b",
    "operators/65001/planGroups/a",
    "operators/0/planStatuses/a",
    "operators/x/planStatuses/a",
    "x/65001/planStatuses/a",
  ])("returns undefined for the plan status name %j", (name) => {
    expect(parseResourceName(name, "planStatuses")).toBeUndefined();
  });
});

it.each([CreateUserPlanStatusRequestSchema, GetUserPlanStatusRequestSchema])(
  "clientIds lists the values that $name.client_id allows",
  (desc) => {
    const { type } = getOption(desc.field.clientId, fieldRules);
    expect(type.case === "string" ? type.value.in : undefined).toEqual(clientIds);
  },
);
