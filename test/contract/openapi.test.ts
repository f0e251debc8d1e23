import { readFileSync } from "node:fs";
import { type DescService, getOption, hasOption, toJson } from "@bufbuild/protobuf";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { http } from "#deps/google/api/annotations_pb.js";
import { HttpRuleSchema } from "#deps/google/api/http_pb.js";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { clientIds } from "../../src/contract/resource-names.ts";

const text = readFileSync(new URL("../../gen/openapi.json", import.meta.url), "utf8");
const document: unknown = JSON.parse(text);

const userPlanStatus = at("paths", "/v1/operators/{asnId}/clients/{clientId}/users/{userKey}/planStatus");
const planStatuses = at("paths", "/v1/operators/{asnId}/planStatuses");
const planGroups = at("paths", "/v1/operators/{asnId}/planGroups");
const body = ["post", "requestBody", "content", "application/json", "schema"];

/** What stands at a path of keys. The keys hold dots and slashes, hence a list. */
function at(...keys: readonly (string | number)[]): unknown {
  return below(document, ...keys);
}

function below(tree: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    tree,
  );
}

function property(schema: string, name: string): unknown {
  return at("components", "schemas", schema, "properties", name);
}

function enumNames(name: string): unknown {
  return at("components", "schemas", name, "enum");
}

describe("gen/openapi.json", () => {
  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate(JSON.parse(text))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("contains no text that breaks the source code of generated clients: the end of a comment, or an invisible character", () => {
    const extensions = /^x-(google-api-http|resource-name|buf-validate)$/;
    const copied = JSON.stringify(document, (key, value) => (extensions.test(key) ? undefined : value));
    expect(copied).not.toContain("*/");
    expect(copied).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  });

  it("contains the target of every reference", () => {
    const references = [...text.matchAll(/"\$ref": "#\/(.*?)"/g)].map((match) => match[1] ?? "");
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((reference) => at(...reference.split("/")) === undefined)).toEqual([]);
  });

  it("contains every route of the contract and no other, with its google.api.http option", () => {
    const services: DescService[] = [PlanGroupService, PlanStatusService, PlanServingService];
    const rules = services
      .flatMap(({ methods }) => methods)
      .filter((rpc) => hasOption(rpc, http))
      .map((rpc) => ({
        selector: `${rpc.parent.typeName}.${rpc.name}`,
        ...(toJson(HttpRuleSchema, getOption(rpc, http)) as object),
      }));
    const described = Object.values(at("paths") as object).flatMap((item) =>
      Object.values(item as object).map((operation) => below(operation, "x-google-api-http")),
    );
    expect(described).toHaveLength(rules.length);
    expect(described).toEqual(expect.arrayContaining(rules));
  });

  it("contains the host and the scope that Google documents", () => {
    expect(at("servers")).toEqual([
      {
        url: "https://{host}",
        variables: {
          host: { default: "mobiledataplansharing.googleapis.com", description: expect.any(String) },
        },
      },
    ]);
    for (const path of [userPlanStatus, planStatuses, planGroups]) {
      expect(below(path, "post", "security")).toEqual([
        { oauth2: ["https://www.googleapis.com/auth/dataplansharing"] },
        { token: ["https://www.googleapis.com/auth/dataplansharing"] },
      ]);
    }
  });
});

describe("operators.clients.users.planStatus.create", () => {
  it("operators.clients.users.planStatus.create has operator, client and user key in the path", () => {
    expect(below(userPlanStatus, "post", "parameters")).toMatchObject([
      { name: "asnId", in: "path", required: true },
      { name: "clientId", in: "path", required: true, schema: { enum: clientIds } },
      { name: "userKey", in: "path", required: true },
    ]);
  });

  it("operators.clients.users.planStatus.create accepts only 32-bit ASNs without leading zeros", () => {
    const pattern = new RegExp(
      String(below(userPlanStatus, "post", "parameters", 0, "schema", "pattern")),
      "u",
    );
    const accepts = (asn: string) => pattern.test(asn);
    expect(["1", "15169", "999999999", "4294967295"].filter(accepts)).toHaveLength(4);
    expect(["", "0", "01", "-1", "4294967296", "9999999999", "1/x"].filter(accepts)).toEqual([]);
  });

  it("operators.clients.users.planStatus.create has a PlanStatus as its request and response", () => {
    expect(below(userPlanStatus, ...body)).toMatchObject({ $ref: "#/components/schemas/PlanStatus" });
    expect(
      below(userPlanStatus, "post", "responses", "200", "content", "application/json", "schema"),
    ).toEqual({ $ref: "#/components/schemas/PlanStatus" });
  });
});

describe("operators.planStatuses.create", () => {
  it("operators.planStatuses.create requires the user key in the query", () => {
    expect(below(planStatuses, "post", "parameters")).toMatchObject([
      { name: "asnId", in: "path" },
      { name: "userKey", in: "query", required: true, schema: { type: "string", minLength: 1 } },
    ]);
    expect(below(planStatuses, ...body)).toMatchObject({ $ref: "#/components/schemas/PlanStatus" });
  });
});

describe("operators.planGroups.create", () => {
  it("marks operators.planGroups.create as deprecated, and no other method", () => {
    expect(below(planGroups, "post", "deprecated")).toBe(true);
    expect(below(planStatuses, "post", "deprecated")).toBeUndefined();
    expect(below(userPlanStatus, "post", "deprecated")).toBeUndefined();
  });

  it("operators.planGroups.create has planGroupId and planGroup in the body and a PlanGroup as its response", () => {
    expect(Object.keys(below(planGroups, ...body, "properties") as object)).toEqual([
      "planGroupId",
      "planGroup",
    ]);
    expect(below(planGroups, ...body)).toMatchObject({
      properties: { planGroupId: { type: "string" }, planGroup: { $ref: "#/components/schemas/PlanGroup" } },
    });
    expect(below(planGroups, ...body, "required")).toContain("planGroupId");
    expect(below(planGroups, "post", "responses", "200", "content", "application/json", "schema")).toEqual({
      $ref: "#/components/schemas/PlanGroup",
    });
  });
});

describe("the schemas", () => {
  it.each([
    ["PlanStatus", ["languageCode", "expireTime", "updateTime"]],
    ["Plan", ["planId"]],
    ["PlanModule", ["description", "moduleName"]],
    ["AccountInfo", ["accountBalance", "accountBalanceStatus", "validUntil"]],
    ["PlanGroup", undefined],
  ])("requires only the required fields of %s", (name, required) => {
    expect(at("components", "schemas", name, "required")).toEqual(required);
  });

  it("marks output-only fields as readOnly", () => {
    expect(property("PlanStatus", "name")).toMatchObject({ type: "string", readOnly: true });
    expect(property("PlanStatus", "notifications")).toMatchObject({ type: "array", readOnly: true });
    expect(property("PlanGroup", "name")).toMatchObject({ readOnly: true });
  });

  it.each([
    ["ByteQuota", "quotaBytes"],
    ["ByteQuota", "remainingBytes"],
    ["TimeQuota", "quotaMinutes"],
    ["TimeQuota", "remainingMinutes"],
    ["PlanModule", "usedBytes"],
    ["PlanModule", "maxRateKbps"],
  ])("describes %s.%s as a non-negative int64 string", (schema, name) => {
    expect(property(schema, name)).toMatchObject({
      type: "string",
      format: "int64",
      pattern: "^[0-9]+$",
    });
  });

  it("describes times as RFC 3339, rates as int32 and money as signed", () => {
    expect(property("PlanStatus", "expireTime")).toMatchObject({ type: "string", format: "date-time" });
    expect(property("RateLimitedStreaming", "maxMediaRateKbps")).toMatchObject({
      type: "integer",
      format: "int32",
    });
    expect(property("google.type.Money", "units")).toMatchObject({ format: "int64", pattern: "^-?[0-9]+$" });
  });

  it("allows either a byte balance or a time balance", () => {
    expect(at("components", "schemas", "PlanModule", "allOf")).toEqual([
      { not: { required: ["byteBalance", "timeBalance"] } },
    ]);
  });

  it("lists enum values in the documented order", () => {
    expect(enumNames("PlanCategory")).toEqual(["PLAN_CATEGORY_UNSPECIFIED", "PREPAID", "POSTPAID"]);
    expect(enumNames("BalanceLevel")).toEqual([
      "BALANCE_LEVEL_UNSPECIFIED",
      "NO_PLAN",
      "OUT_OF_DATA",
      "LOW_QUOTA",
      "HIGH_QUOTA",
    ]);
    expect(enumNames("PlanModuleTrafficCategory")).toEqual([
      "PLAN_MODULE_TRAFFIC_CATEGORY_UNSPECIFIED",
      "GENERIC",
      "VIDEO",
      "VIDEO_BROWSING",
      "VIDEO_OFFLINE",
      "MUSIC",
      "GAMING",
      "SOCIAL",
      "MESSAGING",
      "APP_STORE",
    ]);
    expect(enumNames("OverUsagePolicy")).toEqual([
      "OVER_USAGE_POLICY_UNSPECIFIED",
      "THROTTLED",
      "BLOCKED",
      "PAY_AS_YOU_GO",
    ]);
    expect(enumNames("PlanState")).toEqual([
      "PLAN_STATE_UNSPECIFIED",
      "ACTIVE",
      "INACTIVE",
      "EXPIRING_SOON",
      "NEWLY_ACTIVE",
      "EXPIRED",
    ]);
    expect(enumNames("RefreshPeriod")).toEqual([
      "REFRESH_PERIOD_NONE",
      "DAILY",
      "MONTHLY",
      "BIWEEKLY",
      "WEEKLY",
    ]);
    expect(enumNames("AccountBalanceStatus")).toEqual([
      "ACCOUNT_BALANCE_STATUS_UNSPECIFIED",
      "VALID",
      "INVALID",
    ]);
    expect(enumNames("UiCompatibility")).toEqual([
      "UI_COMPATIBILITY_UNSPECIFIED",
      "UI_COMPATIBLE",
      "UI_INCOMPATIBLE",
    ]);
    expect(enumNames("NotificationType")).toEqual([
      "NOTIFICATION_UNDEFINED",
      "NOTIFICATION_LOW_BALANCE_WARNING",
      "NOTIFICATION_DATA_EXPIRATION_WARNING",
      "NOTIFICATION_OUT_OF_DATA",
      "NOTIFICATION_PLAN_ACTIVATION",
      "NOTIFICATION_PAY_AS_YOU_GO",
      "NOTIFICATION_ACCOUNT_TOP_UP",
      "NOTIFICATION_DATA_EXPIRED",
    ]);
  });

  it("excludes the zero values that Google does not document", () => {
    expect(property("AccountInfo", "accountBalanceStatus")).toMatchObject({
      not: { enum: ["ACCOUNT_BALANCE_STATUS_UNSPECIFIED"] },
    });
    for (const [schema, name] of [
      ["Plan", "planState"],
      ["PlanModule", "planModuleState"],
    ] as const) {
      expect(property(schema, name)).toMatchObject({ not: { enum: ["PLAN_STATE_UNSPECIFIED"] } });
    }
  });

  it("contains the rules that JSON Schema cannot express", () => {
    for (const name of ["PlanStatus", "PlanModule"]) {
      expect(at("components", "schemas", name, "x-buf-validate", "cel", 0)).toEqual({
        id: expect.any(String),
        message: expect.any(String),
        expression: expect.any(String),
      });
    }
  });

  it("describes Google's error body for every error response", () => {
    const responses = at("components", "responses") as Record<string, unknown>;
    expect(Object.keys(responses)).toEqual([
      "BadRequest",
      "Unauthorized",
      "Forbidden",
      "NotFound",
      "Conflict",
      "ContentTooLarge",
      "TooManyRequests",
      "ServiceUnavailable",
      "Error",
    ]);
    for (const [name, response] of Object.entries(responses)) {
      expect(below(response, "content", "application/json", "schema"), name).toEqual({
        $ref: "#/components/schemas/ErrorResponse",
      });
    }
    expect(property("ErrorResponse", "error")).toEqual({ $ref: "#/components/schemas/ErrorStatus" });
    expect(Object.keys(at("components", "schemas", "ErrorStatus", "properties") as object)).toEqual([
      "code",
      "message",
      "status",
      "details",
    ]);
  });

  it("describes the headers of errors: the challenge for a token and the time until a retry", () => {
    const headersOf = (name: string) =>
      Object.keys((at("components", "responses", name, "headers") as object | undefined) ?? {});
    expect(headersOf("Unauthorized")).toEqual(["WWW-Authenticate"]);
    expect(headersOf("TooManyRequests")).toEqual(["Retry-After"]);
    expect(headersOf("ServiceUnavailable")).toEqual(["Retry-After"]);
    expect(headersOf("Forbidden")).toEqual([]);
  });

  it("has the version of the package and says who answers questions about it", () => {
    const packageJson = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    ) as Record<string, string>;
    expect(at("info")).toMatchObject({
      version: packageJson.version,
      description: expect.stringContaining("Ignore unknown fields in responses."),
      contact: { name: packageJson.name, url: expect.stringMatching(/^https:/) },
      license: { identifier: packageJson.license },
    });
  });

  it.each(
    Object.entries(at("paths") as Record<string, Record<string, unknown>>).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => [`${method} ${path}`, operation] as const),
    ),
  )("has a named response for each status that clients of %s handle", (route, operation) => {
    // Reads find nothing. A push may name a user without a device, except that groups notify nobody.
    const notFound = route.endsWith("planGroups") ? [] : ["404"];
    const conflict = route.startsWith("get ") ? [] : ["409"];
    const statuses = ["200", "400", "401", "403", ...notFound, ...conflict, "413", "429", "503", "default"];
    expect(Object.keys(below(operation, "responses") as object)).toEqual(statuses);
  });
});
