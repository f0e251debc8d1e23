import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BadRequestSchema, ErrorInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { callRaw } from "../../support/http/raw-call.ts";
import { day } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent, protocols } from "../../support/test-server.ts";

let emulator: TestEmulator;
let token: string;
beforeAll(async () => {
  emulator = await startTestEmulator();
  emulator.state.clock.freezeAt(testTime);
  token = await emulator.token();
});
afterAll(() => emulator[Symbol.asyncDispose]());
beforeEach(() => emulator.control("connect").clearCalls({}));

type Rejected = {
  readonly method: "CreateUserPlanStatus" | "CreatePlanStatus" | "CreatePlanGroup";
  readonly parent?: string;
  readonly clientId?: string;
  readonly userKey?: string;
  /** The status or the group as JSON, perhaps not valid. */
  readonly body: string;
};

const oneModule = {
  moduleName: "m",
  description: "d",
  trafficCategories: ["GENERIC"],
  byteBalance: { quotaBytes: "9" },
};
const plan = (init: object) => ({ planId: "p", planName: "P", planModules: [oneModule], ...init });
const status = (init: object) =>
  JSON.stringify({
    plans: [plan({})],
    languageCode: "en",
    updateTime: new Date(testTime).toISOString(),
    expireTime: new Date(testTime + day).toISOString(),
    ...init,
  });

/** Each kind of rejection that names fields, and the beginning of a path as a caller over REST wrote it. */
const rejections: readonly (readonly [kind: string, Rejected, path: string])[] = [
  [
    "a rule of a field",
    { method: "CreatePlanStatus", body: status({ plans: [plan({ planId: "" })] }) },
    "plans[0].planId",
  ],
  ["a required field", { method: "CreateUserPlanStatus", clientId: "youtube", body: "{}" }, "languageCode"],
  [
    "a rule of time",
    { method: "CreatePlanStatus", body: status({ updateTime: "2001-01-01T00:00:00Z" }) },
    "updateTime",
  ],
  [
    "many rules",
    { method: "CreatePlanStatus", body: status({ plans: Array(30).fill(plan({ planId: "" })) }) },
    "plans[0].planId",
  ],
  [
    "a rule of a group",
    { method: "CreatePlanGroup", body: JSON.stringify({ dataPlans: Array(129).fill({}) }) },
    "planGroup.dataPlans",
  ],
  [
    "a value of the wrong type",
    { method: "CreatePlanStatus", body: '{"plans": [{"planId": 7}]}' },
    "plans[0].planId",
  ],
  [
    "an unknown field",
    { method: "CreatePlanStatus", body: '{"planStatus": {"languageCode": "en"}}' },
    "planStatus",
  ],
  [
    "an undefined enum value",
    { method: "CreatePlanStatus", body: '{"uiCompatibility": "NO"}' },
    "uiCompatibility",
  ],
  ["a text that is not JSON", { method: "CreatePlanStatus", body: '{"plans": [' }, ""],
  ["a user key that is missing", { method: "CreatePlanStatus", userKey: "", body: status({}) }, "userKey"],
  [
    "an operator that is none",
    { method: "CreatePlanStatus", parent: "operators/x", body: status({}) },
    "parent",
  ],
];

describe.each(protocols)("over %s, the journal keeps what was answered to", (protocol) => {
  it.each(rejections)("%s", async (_, { method, body, userKey = "k", clientId, ...init }, path) => {
    const isRest = protocol === "rest";
    const isGroup = method === "CreatePlanGroup";
    const operator = init.parent ?? parent;
    const targets = {
      CreateUserPlanStatus: `/v1/${operator}/clients/${clientId}/users/${userKey}/planStatus`,
      CreatePlanStatus: `/v1/${operator}/planStatuses?userKey=${userKey}`,
      CreatePlanGroup: `/v1/${operator}/planGroups`,
    };
    const fields = {
      parent: operator,
      [isGroup ? "planGroupId" : "userKey"]: userKey,
      ...(clientId && { clientId }),
    };
    const member = isGroup ? "planGroup" : "planStatus";
    const service = isGroup ? "PlanGroupService" : "PlanStatusService";
    const { error } = await callRaw({
      url: emulator.url,
      protocol,
      token,
      format: "json",
      method: isRest ? `POST ${targets[method]}` : `mobiledataplansharing.v1.${service}/${method}`,
      body: isRest && !isGroup ? body : `${JSON.stringify(fields).slice(0, -1)},"${member}":${body}}`,
    });
    const [call] = (await emulator.control("grpc").listCalls({})).calls;
    const answered = error?.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
    const pairs = (list: readonly { field: string; description: string }[] = []) =>
      list.map(({ field, description }) => `${field}: ${description}`);
    expect(pairs(answered)).not.toEqual([]);
    expect(pairs(call?.violations)).toEqual(pairs(answered));
    expect(call).toMatchObject({
      code: error?.code,
      errorMessage: error?.rawMessage,
      reason: error?.findDetails(ErrorInfoSchema)[0]?.reason,
    });
    if (isRest && path !== "") {
      expect(answered?.[0]?.field).toBe(path);
    }
  });
});
