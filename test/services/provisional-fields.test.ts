import { fromBinary, type JsonObject, toBinary, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { planStatusRecord } from "../../src/services/record-mapping.ts";
import { lineOfRecord, recordOfLine } from "../../src/transfer/record-line.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { callRaw } from "../support/http/raw-call.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  // Every invalid value is the caller's error: the server itself never fails.
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const clientId = "AndroidSystemInfo";

const statusOf = (androidSystemInfo: JsonObject) => planStatus({ planInfoPerClient: { androidSystemInfo } });

/** Parsed, because a literal with `__proto__` sets the prototype. */
const everyKind: JsonObject = JSON.parse(`{
  "text": "ไทย 😀 \\u0000", "number": -0.5, "large": 1e308, "yes": true, "no": false, "null": null,
  "list": [1, "a", null, [[]], {}], "object": {"": {"a.b": {"c[0]": 1}}},
  "__proto__": {"polluted": true}, "constructor": {"prototype": 1}, "fields": {"x": 1}, "@type": "t", "10": 1, "9": 2
}`);

function nested(levels: number): JsonObject {
  return levels === 1 ? {} : { o: nested(levels - 1) };
}
function nestedLists(levels: number): JsonObject {
  let list: unknown = [];
  for (let level = 2; level < levels; level++) {
    list = [list];
  }
  return { list } as JsonObject;
}

const at = "planStatus.planInfoPerClient.androidSystemInfo";
const tooDeep = `${at}: must not be nested deeper than 32 levels`;
const tooMany = `${at}: must contain no more than 4096 values`;

describe.each(protocols)("information for the Android system over %s", (protocol) => {
  const push = (userKey: string, androidSystemInfo: JsonObject) =>
    server
      .client(protocol)
      .createUserPlanStatus({ parent, clientId, userKey, planStatus: statusOf(androidSystemInfo) });
  const spelled = (text: string) => (protocol === "rest" ? text.replace(/^planStatus\./, "") : text);

  it(`is stored and returned as it was pushed over ${protocol}`, async () => {
    const userKey = freshKey();
    const pushed = await push(userKey, everyKind);
    expect(pushed.planInfoPerClient?.androidSystemInfo).toEqual(everyKind);
    const read = await server.client(protocol).getUserPlanStatus({ parent, clientId, userKey });
    expect(read).toEqual(pushed);
    expect(JSON.stringify(read.planInfoPerClient?.androidSystemInfo)).toContain('"__proto__"');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each<[string, JsonObject]>([
    ["an empty object", {}],
    ["32 levels of objects", nested(32)],
    ["32 levels of lists", nestedLists(32)],
    ["4096 values", { list: Array(4_095).fill(0) }],
    ["4096 keys", Object.fromEntries(Array.from({ length: 4_096 }, (_, index) => [`k${index}`, index]))],
  ])(`accepts %s over ${protocol}`, async (_, value) => {
    expect((await push(freshKey(), value)).planInfoPerClient?.androidSystemInfo).toEqual(value);
  });

  it.each<[string, JsonObject, string]>([
    ["33 levels of objects", nested(33), tooDeep],
    ["33 levels of lists", nestedLists(33), tooDeep],
    ["60 levels of objects", nested(60), tooDeep],
    ["4097 values", { list: Array(4_096).fill(0) }, tooMany],
    ["4097 values in two lists", { a: Array(2_048).fill(0), b: Array(2_047).fill(null) }, tooMany],
  ])(`rejects %s over ${protocol}`, async (_, value, expected) => {
    const error = await apiErrorOf(push(freshKey(), value));
    expect(error).toMatchObject({ code: "InvalidArgument", violations: [spelled(expected)] });
  });
});

describe.each(["connect", "grpc", "grpc-web"] as const)("binary over %s", (protocol) => {
  it.each<[number, string]>([
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
  ])(`rejects the number %d, which JSON cannot represent, over ${protocol}`, async (number, name) => {
    const planStatus = statusOf({ rates: [1, { down: number }] });
    const push = server
      .client(protocol)
      .createUserPlanStatus({ parent, clientId, userKey: freshKey(), planStatus });
    expect(await apiErrorOf(push)).toMatchObject({
      code: "InvalidArgument",
      reason: "FIELD_INVALID",
      violations: [`${at}["rates"][1]["down"]: must be a finite number, because JSON has no ${name}`],
    });
  });
});

describe("JSON over REST", () => {
  const send = (androidSystemInfo: string) =>
    callRaw({
      url: server.url,
      token: server.token,
      protocol: "rest",
      format: "json",
      method: `POST /v1/${parent}/clients/${clientId}/users/${freshKey()}/planStatus`,
      body: JSON.stringify(toJson(PlanStatusSchema, planStatus())).replace(
        /}$/,
        `,"planInfoPerClient":{"androidSystemInfo":${androidSystemInfo}}}`,
      ),
    });

  it.each([
    ["a number beyond a double", '{"a":1e999}', "must be within the range of a double"],
    ["a list", "[]", "must be an object, not an array"],
    ["a text", '"a"', "must be an object, not a string"],
    ["an unpaired surrogate", '{"a":"\\ud800"}', "must be valid Unicode: it has an unpaired surrogate"],
    ["120 levels", `${'{"a":'.repeat(120)}1${"}".repeat(120)}`, "must not be nested deeper than"],
    ["20,000 levels", `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, "must not be nested deeper than"],
  ])("rejects %s in a Struct", async (_, json, expected) => {
    const { error, text } = await send(json);
    expect(error).toBeDefined();
    expect(text).toContain(expected);
  });

  it("takes null as absent", async () => {
    expect((await send("null")).error).toBeUndefined();
  });

  it("does not select inside a Struct, which has no fields of its own", async () => {
    const userKey = freshKey();
    await server
      .client("rest")
      .createUserPlanStatus({ parent, clientId, userKey, planStatus: statusOf({ a: { b: 1 } }) });
    const path = `${server.url}/v1/${parent}/clients/${clientId}/users/${userKey}/planStatus`;
    const headers = { authorization: `Bearer ${server.token}` };
    const whole = await fetch(`${path}?$fields=planInfoPerClient.androidSystemInfo`, { headers });
    expect(await whole.json()).toEqual({ planInfoPerClient: { androidSystemInfo: { a: { b: 1 } } } });
    const inside = await fetch(`${path}?$fields=planInfoPerClient.androidSystemInfo.fields`, { headers });
    expect(inside.status).toBe(400);
    expect(await inside.text()).toContain("selects a field of androidSystemInfo, which has no fields");
  });
});

describe("records with provisional fields", () => {
  it("keeps them in the binary form of stores and in the lines of an export", () => {
    const status = statusOf(everyKind);
    status.cpidState = "SOME_STATE_1";
    expect(fromBinary(PlanStatusSchema, toBinary(PlanStatusSchema, status))).toEqual(status);
    const record = planStatusRecord(65001, clientId, "a/b+c==", status);
    const line = lineOfRecord(record);
    expect(line).toContain('"cpidState":"SOME_STATE_1"');
    expect(line).toContain('"__proto__":{"polluted":true}');
    expect(recordOfLine(line, createContractRules())).toEqual(record);
  });
});
