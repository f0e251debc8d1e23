import { describe, expect, it } from "vitest";
import { parsePathTemplate } from "../../../../scripts/generate/openapi/path-template.ts";

const patterns = [
  ["operators", "{asn_id}"],
  ["operators", "{asn_id}", "planStatuses", "{user_key}"],
];

describe("parsePathTemplate", () => {
  it.each([
    ["/v1/things", "/v1/things", []],
    ["/v1/{user_key}", "/v1/{userKey}", ["user_key 0"]],
    ["/v1/{user_key=*}:push", "/v1/{userKey}:push", ["user_key 0"]],
    ["/v1/{plan.plan_id}", "/v1/{plan.planId}", ["plan.plan_id 0"]],
    ["/v1/{parent=operators/*}/planStatuses", "/v1/operators/{asnId}/planStatuses", ["parent 1"]],
    [
      "/v1/{name=operators/*/planStatuses/*}",
      "/v1/operators/{asnId}/planStatuses/{userKey}",
      ["name 1", "name 3"],
    ],
    ["/v1/{name=shelves/*/books/*}", "/v1/shelves/{name1}/books/{name3}", ["name 1", "name 3"]],
    ["/v1/{name=files/**}", "/v1/files/{name1}", ["name 1"]],
    ["/v1/{kind=things}/x", "/v1/things/x", []],
  ])("parsePathTemplate converts %s to %s", (template, path, parameters) => {
    const parsed = parsePathTemplate(template, patterns);
    expect(parsed.path).toBe(path);
    expect(parsed.parameters.map(({ field, index }) => `${field} ${index}`)).toEqual(parameters);
  });

  it.each([
    ["/v1/*/x", "/v1/*/x: OpenAPI cannot describe a wildcard without a variable"],
    [
      "/v1/{asn_id}/{parent=operators/*}",
      "/v1/{asn_id}/{parent=operators/*}: two parameters are named asnId",
    ],
  ])("parsePathTemplate throws for %s", (template, message) => {
    expect(() => parsePathTemplate(template, patterns)).toThrow(new Error(message));
  });
});
