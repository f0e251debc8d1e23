import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compareDocuments } from "../../../src/contract-diff/openapi/compare-documents.ts";

const text = readFileSync(new URL("../../../gen/openapi.json", import.meta.url), "utf8");

// biome-ignore lint/suspicious/noExplicitAny: tests change the document in every way.
type Document = any;
type Change = (document: Document) => unknown;

const group = "/v1/operators/{asnId}/planGroups";
const status = "/v1/operators/{asnId}/clients/{clientId}/users/{userKey}/planStatus";
const post = (document: Document) => document.paths[status].post;
const schema = (document: Document, name: string) => document.components.schemas[name];
const parameter = (document: Document, name: string) =>
  post(document).parameters.find((one: Document) => one.name === name);
const moduleName = (document: Document) => schema(document, "PlanModule").properties.moduleName;

/** Returns what the check reports if the checked-in document changes in this way. */
function changesAfter(change: Change): string[] {
  const after = JSON.parse(text);
  change(after);
  const found: string[] = [];
  compareDocuments(JSON.parse(text), after, (where, what) => found.push(`${where}: ${what}`));
  return found;
}

describe("compareDocuments", () => {
  it("compareDocuments reports nothing for an unchanged document", () => {
    expect(changesAfter(() => undefined)).toEqual([]);
  });

  it.each<[string, Change]>([
    [`POST ${group}: was removed`, (d) => delete d.paths[group]],
    [`GET ${status}: was removed`, (d) => delete d.paths[status].get],
    [
      `POST ${status}: its operationId was changed from PlanStatusService_CreateUserPlanStatus to Push`,
      (d) => (post(d).operationId = "Push"),
    ],
    [
      `POST ${status}: the body of its HTTP rule was changed from plan_status to *`,
      (d) => (post(d)["x-google-api-http"].body = "*"),
    ],
    [
      `POST ${status}: {"oauth2":["https://www.googleapis.com/auth/dataplansharing"]} no longer grants access`,
      (d) => post(d).security[0].oauth2.push("another"),
    ],
    [
      `POST ${status} path parameter clientId: was removed or renamed`,
      (d) => (parameter(d, "clientId").name = "client"),
    ],
    [
      `POST ${status} query parameter mode: is new, and required`,
      (d) =>
        post(d).parameters.push({ name: "mode", in: "query", required: true, schema: { type: "string" } }),
    ],
    [
      `GET ${status} query parameter includeUiIncompatible: is required now`,
      (d) => (d.paths[status].get.parameters.find((one: Document) => one.in === "query").required = true),
    ],
    [
      `POST ${status} path parameter clientId.enum: no longer allows "AndroidSystemInfo"`,
      (d) => parameter(d, "clientId").schema.enum.pop(),
    ],
    [
      `POST ${status} path parameter userKey.maxLength: is an upper bound, and was lowered from 4096 to 512`,
      (d) => (parameter(d, "userKey").schema.maxLength = 512),
    ],
    [
      `POST ${status} path parameter asnId.x-resource-name.template: was changed from "operators/*" to "o/*"`,
      (d) => (parameter(d, "asnId")["x-resource-name"].template = "o/*"),
    ],
    [`POST ${status} body: application/json was removed`, (d) => (post(d).requestBody.content = {})],
    [`POST ${status} 200: was removed`, (d) => delete post(d).responses["200"]],
    [
      "PlanModule.usedBytes: was removed or renamed",
      (d) => delete schema(d, "PlanModule").properties.usedBytes,
    ],
    [
      'PlanModule.required: rejects "usedBytes" now',
      (d) => schema(d, "PlanModule").required.push("usedBytes"),
    ],
    [
      "PlanModule.moduleName.maxLength: is an upper bound, and was lowered from 1024 to 255",
      (d) => (moduleName(d).maxLength = 255),
    ],
    [
      "PlanModule.moduleName.minLength: is a lower bound, and was raised from 1 to 2",
      (d) => (moduleName(d).minLength = 2),
    ],
    [
      'PlanModule.moduleName.pattern: was changed from nothing to "^a"',
      (d) => (moduleName(d).pattern = "^a"),
    ],
    [
      'PlanModule.moduleName.x-buf-validate: was changed from string.max_len = "1024" to string.max_len = "255"',
      (d) => (moduleName(d)["x-buf-validate"].string.maxLen = "255"),
    ],
    [
      'PlanModule.moduleName.x-buf-validate: was changed from nothing to string.min_bytes = "2"',
      (d) => (moduleName(d)["x-buf-validate"].string.minBytes = "2"),
    ],
    [
      "PlanModule.usedBytes.x-buf-validate: was changed from nothing to required = true",
      (d) => (schema(d, "PlanModule").properties.usedBytes["x-buf-validate"].required = true),
    ],
    [
      'PlanModule.x-buf-validate: was changed from nothing to cel = {"id":"new"}',
      (d) => {
        const rules = schema(d, "PlanModule")["x-buf-validate"] ?? {};
        schema(d, "PlanModule")["x-buf-validate"] = { ...rules, cel: [...(rules.cel ?? []), { id: "new" }] };
      },
    ],
    [
      "PlanModule.planModuleState.x-buf-validate: was changed from enum.not_in = [0] to enum.not_in = [0,1]",
      (d) => schema(d, "PlanModule").properties.planModuleState["x-buf-validate"].enum.notIn.push(1),
    ],
    [
      'PlanModule.maxRateKbps.type: no longer allows "string"',
      (d) => (schema(d, "PlanModule").properties.maxRateKbps.type = "integer"),
    ],
    [
      'PlanModule.allOf: rejects {"required":["usedBytes"]} now',
      (d) => schema(d, "PlanModule").allOf.push({ required: ["usedBytes"] }),
    ],
    [
      "PlanModule.usedBytes.readOnly: was changed from nothing to true",
      (d) => (schema(d, "PlanModule").properties.usedBytes.readOnly = true),
    ],
    [
      "PlanModule.moduleName.contentEncoding: was changed, and the keyword is not known",
      (d) => (moduleName(d).contentEncoding = "base64"),
    ],
  ])("compareDocuments reports %s", (found, change) => {
    expect(changesAfter(change)).toContain(found);
  });

  it("compareDocuments reports an operation that needed no token and needs one now", () => {
    const open = JSON.parse(text);
    post(open).security = [];
    const found: string[] = [];
    compareDocuments(open, JSON.parse(text), (where, what) => found.push(`${where}: ${what}`));
    expect(found).toEqual([`POST ${status}: no token no longer grants access`]);
  });

  it("compareDocuments reports a changed type of an output-only field, and a removed enum value", () => {
    const typeChange = changesAfter((d) => (schema(d, "PlanStatus").properties.name = { type: "integer" }));
    expect(typeChange.join("\n")).toContain('PlanStatus.name.type: was changed from "string" to "integer"');
    const enumeration = changesAfter((d) => schema(d, "PlanCategory").enum.pop());
    expect(enumeration.join("\n")).toMatch(/PlanCategory\.enum: no longer allows/);
  });

  it.each<[string, Change]>([
    ["a new path", (d) => (d.paths["/v1/more"] = d.paths[group])],
    ["a new method", (d) => (d.paths[group].get = d.paths[group].post)],
    ["a new optional parameter", (d) => post(d).parameters.push({ name: "mode", in: "query", schema: {} })],
    ["a new optional field", (d) => (schema(d, "PlanModule").properties.more = { type: "string" })],
    ["a new enum value", (d) => schema(d, "PlanCategory").enum.push("NEW")],
    ["a larger upper bound", (d) => (moduleName(d).maxLength = 1025)],
    ["a smaller lower bound", (d) => (moduleName(d).minLength = 0)],
    ["a removed bound", (d) => delete moduleName(d).maxLength],
    ["a removed validation rule", (d) => delete moduleName(d)["x-buf-validate"].string.maxLen],
    [
      "a validation rule with a larger upper bound",
      (d) => (moduleName(d)["x-buf-validate"].string.maxLen = "1025"),
    ],
    ["a field that is no longer required", (d) => schema(d, "PlanModule").required.pop()],
    ["an operation that needs no token any more", (d) => (post(d).security = [])],
    [
      "the security of all operations in one place",
      (d) => {
        d.security = post(d).security;
        delete post(d).security;
      },
    ],
    ["more examples of a value", (d) => (moduleName(d).examples = ["5 GB"])],
    ["a scope that is no longer required", (d) => (post(d).security = [{ oauth2: [] }, { token: [] }])],
    ["a new alternative scope", (d) => post(d).security.push({ oauth2: ["another"] })],
    [
      "a field whose validation rules are ignored now",
      (d) => (moduleName(d)["x-buf-validate"].ignore = "IGNORE_ALWAYS"),
    ],
    ["a changed description", (d) => (schema(d, "PlanModule").description = "x")],
  ])("compareDocuments accepts %s", (_, change) => {
    expect(changesAfter(change)).toEqual([]);
  });
});
