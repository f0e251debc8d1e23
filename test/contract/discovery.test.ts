import { readFileSync } from "node:fs";
import type { DescService } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { pushScope, readScope } from "../../src/auth/scopes.ts";
import { compileRouter } from "../../src/transcoding/index.ts";

type Schema = { readonly [key: string]: unknown };

type Method = {
  readonly id: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly flatPath: string;
  readonly parameterOrder: readonly string[];
  readonly parameters: Readonly<Record<string, Schema>>;
  readonly request?: unknown;
  readonly response: unknown;
  readonly scopes: readonly string[];
  readonly deprecated?: boolean;
};

type Resource = {
  readonly methods?: Readonly<Record<string, Method>>;
  readonly resources?: Readonly<Record<string, Resource>>;
};

const text = readFileSync(new URL("../../gen/discovery.json", import.meta.url), "utf8");
const document = JSON.parse(text) as Resource & {
  readonly schemas: Readonly<Record<string, { id: string; properties: Record<string, Schema> }>>;
  readonly parameters: Readonly<Record<string, Schema>>;
  readonly auth: { oauth2: { scopes: Record<string, { description: string }> } };
};

/** Every method by the way to it: `operators.planStatuses.create`. */
function methodsOf({ methods = {}, resources = {} }: Resource, way = ""): [string, Method][] {
  return [
    ...Object.entries(methods).map(([name, method]): [string, Method] => [way + name, method]),
    ...Object.entries(resources).flatMap(([name, inner]) => methodsOf(inner, `${way}${name}.`)),
  ];
}

const methods = new Map(methodsOf(document));

const services: readonly DescService[] = [PlanGroupService, PlanStatusService, PlanServingService];
const router = compileRouter(services);

/** What a client of RFC 6570 makes of a template: `{+x}` leaves what a URL may hold, `{x}` encodes it. */
function expand(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\+?)(\w+)\}/g, (_, plus: string, name: string) => {
    const value = values[name] ?? "";
    return plus === "" ? encodeURIComponent(value) : encodeURI(value);
  });
}

describe("gen/discovery.json", () => {
  it("describes the API and its host", () => {
    expect(document).toMatchObject({
      kind: "discovery#restDescription",
      discoveryVersion: "v1",
      protocol: "rest",
      id: "mobiledataplansharing:v1",
      name: "mobiledataplansharing",
      version: "v1",
      title: "Mobile Data Plan Sharing API",
      canonicalName: "Mobile Data Plan Sharing",
      rootUrl: "https://mobiledataplansharing.googleapis.com/",
      baseUrl: "https://mobiledataplansharing.googleapis.com/",
      servicePath: "",
      basePath: "",
      batchPath: "batch",
      fullyEncodeReservedExpansion: true,
    });
  });

  it("contains the target of every reference", () => {
    const references = [...text.matchAll(/"\$ref": "(.*?)"/g)].map(([, name = ""]) => name);
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((name) => document.schemas[name] === undefined)).toEqual([]);
    expect(Object.entries(document.schemas).filter(([name, { id }]) => id !== name)).toEqual([]);
  });

  it("contains no unused schema", () => {
    expect(Object.keys(document.schemas).filter((name) => !text.includes(`"$ref": "${name}"`))).toEqual([]);
  });

  it("has a description for every enum value", () => {
    const enums: { enum: string[]; enumDescriptions: string[] }[] = [];
    JSON.parse(text, (_, value) => {
      if (Array.isArray(value?.enum)) {
        enums.push(value);
      }
      return value;
    });
    expect(enums.length).toBeGreaterThan(0);
    for (const each of enums) {
      expect(each.enumDescriptions).toHaveLength(each.enum.length);
      expect(each.enumDescriptions).not.toContain("");
    }
  });
});

describe("the methods", () => {
  const toPush = { scopes: [pushScope] };
  const toRead = { scopes: [readScope] };
  it.each<[string, Partial<Method>]>([
    [
      "operators.clients.users.planStatus.create",
      {
        httpMethod: "POST",
        path: "v1/{+parent}/clients/{clientId}/users/{userKey}/planStatus",
        flatPath: "v1/operators/{operatorsId}/clients/{clientId}/users/{userKey}/planStatus",
        parameterOrder: ["parent", "clientId", "userKey"],
        request: { $ref: "PlanStatus" },
        response: { $ref: "PlanStatus" },
        ...toPush,
      },
    ],
    [
      "operators.planStatuses.create",
      {
        httpMethod: "POST",
        path: "v1/{+parent}/planStatuses",
        flatPath: "v1/operators/{operatorsId}/planStatuses",
        parameterOrder: ["parent", "userKey"],
        request: { $ref: "PlanStatus" },
        response: { $ref: "PlanStatus" },
        ...toPush,
      },
    ],
    [
      "operators.planGroups.create",
      {
        httpMethod: "POST",
        path: "v1/{+parent}/planGroups",
        flatPath: "v1/operators/{operatorsId}/planGroups",
        parameterOrder: ["parent"],
        request: { $ref: "CreatePlanGroupRequest" },
        response: { $ref: "PlanGroup" },
        deprecated: true,
        ...toPush,
      },
    ],
    [
      "operators.clients.users.planStatus.get",
      {
        httpMethod: "GET",
        path: "v1/{+parent}/clients/{clientId}/users/{userKey}/planStatus",
        flatPath: "v1/operators/{operatorsId}/clients/{clientId}/users/{userKey}/planStatus",
        parameterOrder: ["parent", "clientId", "userKey"],
        response: { $ref: "PlanStatus" },
        ...toRead,
      },
    ],
    [
      "operators.planStatuses.get",
      {
        httpMethod: "GET",
        path: "v1/{+name}",
        flatPath: "v1/operators/{operatorsId}/planStatuses/{planStatusesId}",
        parameterOrder: ["name"],
        response: { $ref: "PlanStatus" },
        ...toRead,
      },
    ],
    [
      "operators.planGroups.get",
      {
        httpMethod: "GET",
        path: "v1/{+name}",
        flatPath: "v1/operators/{operatorsId}/planGroups/{planGroupsId}",
        parameterOrder: ["name"],
        response: { $ref: "PlanGroup" },
        ...toRead,
      },
    ],
  ])("describes the method %s as Google documents it", (way, expected) => {
    const { description, parameters, ...method } = (methods.get(way) ?? {}) as Method & {
      description?: string;
    };
    expect(method).toEqual({ id: `mobiledataplansharing.${way}`, ...expected });
    expect(description).toMatch(/^[A-Z].*\.\n\nErrors:/s);
    expect(parameters).toBeDefined();
  });

  it("contains the methods of the contract and no others", () => {
    expect(methods.size).toBe(services.flatMap((service) => service.methods).length);
  });

  it("marks the methods that Google does not serve", () => {
    const extensions = [...methods].filter(([, method]) =>
      String((method as unknown as Schema).description).endsWith(
        "Not served by mobiledataplansharing.googleapis.com.",
      ),
    );
    expect(extensions.map(([way]) => way).sort()).toEqual([
      "operators.clients.users.planStatus.get",
      "operators.planGroups.get",
      "operators.planStatuses.get",
    ]);
  });

  it("uses only scopes that the document declares", () => {
    expect(Object.keys(document.auth.oauth2.scopes).sort()).toEqual([pushScope, readScope].sort());
    for (const { description } of Object.values(document.auth.oauth2.scopes)) {
      expect(description).not.toBe("");
    }
  });

  it.each([...methods])(
    "leads to the route of the method %s",
    (way, { httpMethod, path, flatPath, parameters }) => {
      const resource = way.split(".").at(-2);
      const values = {
        parent: "operators/65001",
        name: `operators/65001/${resource}/a%252Fb`,
        clientId: "youtube",
        userKey: "a/b+c==%",
      };
      for (const name of Object.keys(values).filter((key) => path.includes(`${key}}`))) {
        const { pattern = "" } = parameters[name] ?? {};
        expect(values[name as keyof typeof values]).toMatch(new RegExp(String(pattern)));
      }
      const found = router.match(httpMethod, `/${expand(path, values)}`);
      expect(found, path).toHaveProperty("binding");
      const rpc = found !== undefined && "binding" in found ? found.binding.method.name : "";
      expect(rpc.toLowerCase().startsWith(way.split(".").at(-1) ?? "?")).toBe(true);
      const flat = {
        operatorsId: "65001",
        planStatusesId: "a",
        planGroupsId: "a",
        clientId: "c",
        userKey: "u",
      };
      expect(router.match(httpMethod, `/${expand(flatPath, flat)}`)).toMatchObject({
        binding: found !== undefined && "binding" in found ? found.binding : undefined,
      });
    },
  );
});

describe("the parameters", () => {
  const string = { type: "string" };
  it.each<[string, string, object]>([
    [
      "operators.planStatuses.create",
      "parent",
      { ...string, location: "path", required: true, pattern: "^operators/[^/]+$" },
    ],
    ["operators.planStatuses.create", "userKey", { ...string, location: "query", required: true }],
    [
      "operators.clients.users.planStatus.create",
      "parent",
      { ...string, location: "path", required: true, pattern: "^operators/[^/]+$" },
    ],
    [
      "operators.clients.users.planStatus.create",
      "clientId",
      { ...string, location: "path", required: true },
    ],
    ["operators.clients.users.planStatus.create", "userKey", { ...string, location: "path", required: true }],
    [
      "operators.planStatuses.get",
      "name",
      { ...string, location: "path", required: true, pattern: "^operators/[^/]+/planStatuses/[^/]+$" },
    ],
    ["operators.planStatuses.get", "includeUiIncompatible", { type: "boolean", location: "query" }],
  ])("describes, for the method %s, the parameter %s as it is sent", (way, name, expected) => {
    const { description, ...parameter } = methods.get(way)?.parameters[name] ?? {};
    expect(parameter).toEqual(expected);
    expect(description).toMatch("required" in expected ? /^Required\. / : /^[A-Z]/);
  });

  it("has no parameters for fields of the body", () => {
    expect(Object.keys(methods.get("operators.planStatuses.create")?.parameters ?? {})).toEqual([
      "parent",
      "userKey",
    ]);
    expect(Object.keys(methods.get("operators.planGroups.create")?.parameters ?? {})).toEqual(["parent"]);
  });

  it("lists the system parameters that the server accepts", () => {
    expect(Object.keys(document.parameters)).toEqual([
      "$.xgafv",
      "alt",
      "fields",
      "key",
      "prettyPrint",
      "quotaUser",
    ]);
    for (const parameter of Object.values(document.parameters)) {
      expect(parameter).toMatchObject({ location: "query", description: expect.any(String) });
    }
  });
});

describe("the schemas", () => {
  const int64 = { type: "string", format: "int64" };
  const time = { type: "string", format: "google-datetime" };
  const listOf = (items: object) => ({ type: "array", items: expect.objectContaining(items) });
  it.each<[string, string, object]>([
    ["PlanStatus", "name", { type: "string", readOnly: true }],
    ["PlanStatus", "plans", listOf({ $ref: "Plan" })],
    ["PlanStatus", "languageCode", { type: "string" }],
    ["PlanStatus", "expireTime", time],
    ["PlanStatus", "updateTime", time],
    ["PlanStatus", "accountInfo", { $ref: "AccountInfo" }],
    [
      "PlanStatus",
      "uiCompatibility",
      { type: "string", enum: ["UI_COMPATIBILITY_UNSPECIFIED", "UI_COMPATIBLE", "UI_INCOMPATIBLE"] },
    ],
    [
      "PlanStatus",
      "notifications",
      { ...listOf({ type: "string", enum: expect.any(Array) }), readOnly: true },
    ],
    ["PlanGroup", "dataPlans", listOf({ $ref: "Plan" })],
    ["PlanGroup", "lastUpdatedTime", time],
    ["PlanModule", "maxRateKbps", int64],
    ["PlanModule", "usedBytes", int64],
    ["PlanModule", "byteBalance", { $ref: "ByteQuota" }],
    ["PlanModule", "trafficCategories", listOf({ type: "string" })],
    ["ByteQuota", "quotaBytes", int64],
    ["TimeQuota", "remainingMinutes", int64],
    ["RateLimitedStreaming", "maxMediaRateKbps", { type: "integer", format: "int32" }],
    ["AccountInfo", "accountBalance", { $ref: "Money" }],
    ["Money", "units", int64],
    ["Money", "nanos", { type: "integer", format: "int32" }],
    ["Money", "currencyCode", { type: "string" }],
    ["CreatePlanGroupRequest", "planGroup", { $ref: "PlanGroup" }],
  ])("describes %s.%s in Google's JSON format", (schema, name, expected) => {
    const { description, enumDescriptions, ...property } = document.schemas[schema]?.properties[name] ?? {};
    expect(property).toEqual(expected);
    expect(description).toEqual(expect.any(String));
  });

  it("omits path parameters from the schemas of requests", () => {
    expect(Object.keys(document.schemas.CreatePlanGroupRequest?.properties ?? {})).toEqual([
      "planGroupId",
      "planGroup",
    ]);
  });

  it("marks required and output-only fields", () => {
    const { languageCode, name } = document.schemas.PlanStatus?.properties ?? {};
    expect(languageCode?.description).toMatch(/^Required\. The language/);
    expect(name?.description).toMatch(/^Output only\. Resource name/);
  });
});
