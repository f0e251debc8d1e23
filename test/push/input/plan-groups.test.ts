import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CreatePlanGroupRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { createRecordParser, type ParserOptions } from "../../../src/push/input/record-parser.ts";
import { statusJson } from "../../support/push-inputs.ts";

const parent = "operators/65001";

function parse(text: string, options: ParserOptions) {
  const bytes = Buffer.from(text);
  return createRecordParser(options)({ index: 1, end: bytes.length, crc: 0, bytes });
}

/** Returns the request of a valid record with its body over REST, and the message that other protocols send. */
function requestOf(text: string, options: ParserOptions = { parent }) {
  const [rest, rpc] = [parse(text, options), parse(text, { ...options, protocol: "grpc" })];
  if (!("request" in rest && "request" in rpc)) {
    return expect.fail(JSON.stringify(rest));
  }
  const message = fromBinary(CreatePlanGroupRequestSchema, rpc.request.body as Uint8Array);
  return { ...rest.request, body: String(rest.request.body), message };
}

function violationsOf(text: string, options: ParserOptions = { parent }): string[] {
  const parsed = parse(text, options);
  return "violations" in parsed
    ? parsed.violations.map(({ field, description }) => `${field}: ${description}`)
    : expect.fail("the record is valid");
}

describe("createRecordParser with plan groups", () => {
  it("says how a plan group is recognised if a plain record has no field of a status or a group", () => {
    const hint =
      "record: has no field of a status, as which it is read; a plan group is recognised by dataPlans";
    const options = { parent, userKeyField: "id" };
    expect(violationsOf('{"id":"g6"}', options).at(-1)).toBe(hint);
    expect(violationsOf('{"id":"g6","title":"a"}', options)).not.toContain(hint);
  });

  it("sends the request message of a plan group as it is written, without the parent, which is in the path", () => {
    const group =
      '{ "dataPlans": [ {"planId":"p", "planName":"caf\\u00e9"} ], "lastUpdatedTime":"2026-01-01T00:00:00Z"}';
    expect(
      requestOf(`{"planGroupId":"491701234567", "parent": "operators/7", "planGroup": ${group} }`, {}),
    ).toMatchObject({
      method: "createPlanGroup",
      parent: "operators/7",
      clientId: "",
      userKey: "491701234567",
      body: `{"planGroupId":"491701234567", "planGroup": ${group} }`,
      notifications: [],
      message: {
        parent: "operators/7",
        planGroupId: "491701234567",
        planGroup: { dataPlans: [{ planId: "p" }] },
      },
    });
  });

  it("sets a missing parent, ignores the client and accepts a group without content", () => {
    const request = requestOf('{"plan_group_id":"g"}', { parent, client: "youtube" });
    expect(request).toMatchObject({
      parent,
      clientId: "",
      message: { parent },
      body: '{"plan_group_id":"g"}',
    });
    expect(request.message.planGroup).toBeUndefined();
    expect(violationsOf('{"planGroupId":"g"}', {})).toEqual([
      "parent: value is required; --operator sets it for all records",
    ]);
  });

  it("sends a plain PlanGroup inside a request, as it is written without the field of the id", () => {
    const options = { parent, userKeyField: "msisdn" };
    const body = '{"planGroupId":"4\\"9","planGroup":{"dataPlans":[{"planId":"p"}]}}';
    expect(requestOf('{"msisdn":"4\\"9","dataPlans":[{"planId":"p"}]}', options)).toMatchObject({
      method: "createPlanGroup",
      userKey: '4"9',
      body,
      message: { planGroupId: '4"9', planGroup: { dataPlans: [{ planId: "p" }] } },
    });
    expect(violationsOf('{"dataPlans":[]}', options)).toEqual([
      "msisdn: value is required: it identifies the user",
    ]);
  });

  it("distinguishes groups from statuses by the fields that only one of them has", () => {
    const status = JSON.stringify(statusJson("t"));
    const plain = { parent, client: "any", userKeyField: "k" };
    const ofStatus = (text: string) => violationsOf(text, plain);
    expect(ofStatus(status.replace("{", '{"k":"u","lastUpdatedTime":"2026-01-01T00:00:00Z",'))).toEqual([
      expect.stringMatching(/^lastUpdatedTime: is not a field of PlanStatus/),
    ]);
    expect(ofStatus('{"k":"u","responseStaleTime":"2026-01-01T00:00:00Z","plans":[]}')).toEqual([
      expect.stringMatching(/^plans: is not a field of PlanGroup/),
    ]);
    expect(violationsOf('{"planGroupId":"u","planStatus":{}}')).toEqual([
      expect.stringMatching(/^planStatus: is not a field of CreatePlanGroupRequest/),
    ]);
  });

  it("applies the rules of the contract, with the paths of the fields in the record", () => {
    const plans = '"dataPlans":[{"planModules":[{"description":"d","usedBytes":"-1"}]}]';
    expect(violationsOf(`{"planGroupId":"a b","planGroup":{${plans}}}`)).toEqual([
      expect.stringMatching(/^planGroupId: must not contain white space/),
      "planGroup.dataPlans[0].planId: value is required",
      "planGroup.dataPlans[0].planModules[0].moduleName: value is required",
      expect.stringMatching(/^planGroup\.dataPlans\[0]\.planModules\[0]\.usedBytes: must be/),
      expect.stringMatching(/^planGroup\.dataPlans\[0]\.planModules\[0]: must set at least one of/),
    ]);
    expect(violationsOf(`{"k":"","dataPlans":[{}]}`, { parent, userKeyField: "k" })).toEqual([
      "k: value is required",
      "dataPlans[0].planId: value is required",
    ]);
  });

  it("sends a group with unknown fields to Google's hosts, with warnings", () => {
    const module = '{"moduleName":"m","description":"d","voiceBalance":{}}';
    const group = `{"dataPlans":[{"planId":"p","planModules":[${module}]}],"new":1}`;
    const google = { parent, endpoint: "production" };
    const { body, warnings } = requestOf(`{"planGroupId":"u","planGroup":${group}}`, google);
    expect(body).toBe(`{"planGroupId":"u","planGroup":${group}}`);
    expect(warnings?.map(({ field, description }) => `${field}: ${description}`)).toEqual([
      "planGroup.dataPlans[0].planModules[0].voiceBalance: is not a field of PlanModule",
      "planGroup.new: is not a field of PlanGroup",
      expect.stringMatching(/^planGroup\.dataPlans\[0]\.planModules\[0]: must set at least one of/),
    ]);
    const rpc = parse('{"planGroupId":"u","planGroup":{"new":1}}', { ...google, protocol: "grpc" });
    expect("request" in rpc && rpc.request.warnings).toEqual([
      { field: "planGroup.new", description: "is not a field of PlanGroup; it is not sent" },
    ]);
    const plain = requestOf('{"k":"user-1","dataPlans":[],"of user-1":1}', { ...google, userKeyField: "k" });
    expect(plain.warnings?.map(({ field }) => field)).toEqual(['"of ***"']);
  });

  it("returns the id of an invalid group, so that it can be masked in messages", () => {
    const userKeyOf = (text: string, userKeyField?: string) => {
      const parsed = parse(text, { parent, userKeyField });
      return "violations" in parsed ? parsed.userKey : expect.fail("the record is valid");
    };
    expect(userKeyOf('{"planGroupId":"491701234567","planGroup":{"dataPlans":[{}]}}')).toBe("491701234567");
    expect(userKeyOf('{"planGroupId":"491701234567","planGroup":{"x":1}}')).toBe("491701234567");
    expect(userKeyOf('{"plan_group_id":"491701234567","planGroup":7}')).toBe("491701234567");
    expect(userKeyOf('{"k":"491701234567","dataPlans":7}', "k")).toBe("491701234567");
  });
});
