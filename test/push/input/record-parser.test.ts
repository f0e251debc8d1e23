import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { maxSentSize, type RawRecord } from "../../../src/push/input/record.ts";
import { createRecordParser, type ParserOptions } from "../../../src/push/input/record-parser.ts";
import { pushMethods } from "../../../src/push/send/push-methods.ts";
import { statusJson } from "../../support/push-inputs.ts";

const filled: ParserOptions = { parent: "operators/65001", client: "youtube" };

function parse(text: string | Uint8Array, options = filled, more: Partial<RawRecord> = {}) {
  const bytes = Buffer.from(text as string);
  const times = () => ({ nowMs: Date.now(), clockSkewMs: 60_000 });
  return createRecordParser(options, times)({ index: 1, end: bytes.length, crc: 0, bytes, ...more });
}

/** Returns the request of a valid record with its body over REST, and the message that other protocols send. */
const requestOf = (text: string | Uint8Array, options = filled) => {
  const [rest, rpc] = [parse(text, options), parse(text, { ...options, protocol: "grpc" })];
  if (!("request" in rest && "request" in rpc)) {
    return expect.fail(JSON.stringify(rest));
  }
  const { method } = rest.request;
  const message = fromBinary(pushMethods[method].input, rpc.request.body as Uint8Array);
  return { ...rest.request, body: String(rest.request.body), message };
};

const violationsOf = (...args: Parameters<typeof parse>) => {
  const parsed = parse(...args);
  return "violations" in parsed
    ? parsed.violations.map(({ field, description }) => `${field}: ${description}`)
    : expect.fail("the record is valid");
};

const status = statusJson("t");
const json = (value: unknown) => JSON.stringify(value);

describe("createRecordParser", () => {
  it("parses a request message and sets only the missing parent and clientId", () => {
    expect(requestOf(json({ userKey: "u", planStatus: status }))).toMatchObject({
      method: "createUserPlanStatus",
      message: { parent: "operators/65001", clientId: "youtube", userKey: "u" },
      body: json(status),
    });
    const own = { parent: "operators/7", client_id: "mobiledataplan", userKey: "u", plan_status: status };
    expect(requestOf(json(own))).toMatchObject({
      message: { parent: "operators/7", clientId: "mobiledataplan" },
      body: json(status),
    });
  });

  it("parses a record without clientId as one for all clients only if the client is any", () => {
    const record = json({ userKey: "u", planStatus: status });
    expect(requestOf(record, { ...filled, client: "any" }).method).toBe("createPlanStatus");
    expect(violationsOf(record, { parent: "operators/1" })).toEqual([
      "clientId: value is required; --client sets it for all records",
    ]);
  });

  it("parses and sends 64-bit integers exactly that are JSON numbers, whatever of the record is sent", () => {
    const plans =
      '"plans":[{"planId":"p","planModules":[{"moduleName":"a","description":"b","byteBalance":{"quotaBytes":9223372036854775807,"remainingBytes":9007199254740993}}]}]';
    const own = json(status).replace("{", `{${plans},`);
    const balance = { quotaBytes: 9223372036854775807n, remainingBytes: 9007199254740993n };
    const message = { planStatus: { plans: [{ planModules: [{ balance: { value: balance } }] }] } };
    const inRequest = requestOf(`{"userKey":"u","planStatus":${own}}`);
    expect(inRequest).toMatchObject({ message, body: own });
    const asStatus = requestOf(own.replace("{", '{"msisdn":"1",'), { ...filled, userKeyField: "msisdn" });
    expect(asStatus).toMatchObject({ message, body: own });
  });

  it("parses a plain PlanStatus with the user key in a field of any name", () => {
    const options = { ...filled, userKeyField: "msisdn" };
    const request = requestOf(json({ msisdn: "491701234567", ...status }), options);
    expect(request).toMatchObject({ userKey: "491701234567", body: json(status) });
    const own = { ...filled, userKeyField: "subscriberId" };
    const text = json({ ...status, subscriberId: "s-1" });
    expect(requestOf(text, own)).toMatchObject({
      userKey: "s-1",
      message: { planStatus: { subscriberId: "s-1" } },
    });
    expect(violationsOf(json(status), options)).toEqual([
      "msisdn: value is required: it identifies the user",
    ]);
    expect(violationsOf(json({ msisdn: 49, ...status }), options)).toEqual([
      expect.stringMatching(/^msisdn: must be a string; .*--coerce$/),
    ]);
    expect(violationsOf(`{"msisdn":"1","msisdn":"2",${json(status).slice(1)}`, options)).toEqual([
      "msisdn: is set twice in one object",
    ]);
  });

  it("returns all violations of a record, with the paths of the fields in the record", () => {
    const bad = { ...status, languageCode: "", expireTime: status.updateTime, plans: [{}] };
    expect(violationsOf(json({ userKey: "u", planStatus: bad }))).toEqual([
      "planStatus.plans[0].planId: value is required",
      "planStatus.languageCode: value is required",
      expect.stringMatching(/^planStatus\.expireTime: must be in the future/),
    ]);
    expect(violationsOf(json({ k: "", ...bad }), { ...filled, userKeyField: "k" })).toEqual([
      "k: value is required",
      "plans[0].planId: value is required",
      "languageCode: value is required",
      expect.stringMatching(/^expireTime: must be in the future/),
    ]);
  });

  it("returns the notifications of a record, and the violations of fields that they require", () => {
    const module = { moduleName: "Data", description: "d", coarseBalanceLevel: "LOW_QUOTA" };
    const of = (planModule: object) =>
      json({ userKey: "u", planStatus: { ...status, plans: [{ planId: "p", planModules: [planModule] }] } });
    expect(requestOf(of({ ...module, byteBalance: { remainingBytes: "1" } })).notifications).toEqual([
      NotificationType.NOTIFICATION_LOW_BALANCE_WARNING,
    ]);
    expect(violationsOf(of(module))).toEqual([
      expect.stringMatching(
        /^planStatus\.plans\[0]\.planModules\[0]\.byteBalance\.remainingBytes: value is required/,
      ),
    ]);
  });

  it.each<[string, string | Uint8Array, Partial<RawRecord>, string]>([
    ["is not JSON", '{"userKey":', {}, "record: must be JSON"],
    [
      "is cut off",
      '{"userKey":',
      { last: true },
      "record: must be JSON; the input ends here without a line break, so it may be cut off",
    ],
    ["is not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), {}, "record: must be UTF-8"],
    ["is not an object", "[]", {}, "record: must be a JSON object"],
    ["is null", "null", {}, "record: must be a JSON object"],
    ["contains a key twice", '{"userKey":"a","userKey":"b"}', {}, "userKey: is set twice in one object"],
    [
      "contains an unknown field",
      '{"userKey":"a","msisdn":"b"}',
      {},
      "msisdn: is not a field of CreateUserPlanStatusRequest",
    ],
    ["has no planStatus", '{"userKey":"a"}', {}, "planStatus: value is required"],
    [
      "is larger than 1 MiB",
      `{"userKey":"${"x".repeat(10 * 1024 * 1024)}"}`,
      {},
      `record: is 10485774 bytes long, but at most ${maxSentSize} bytes can be sent`,
    ],
  ])("returns one violation for a record that %s", (_, text, more, expected) => {
    const [first, ...rest] = violationsOf(text, filled, more);
    expect(first?.replace(/: unexpected text at character \d+/, "")).toBe(expected);
    expect(rest).toEqual([]);
  });

  it.each([".", ".."])(
    "returns a violation for the user key %j, which a URL path cannot contain",
    (userKey) => {
      expect(violationsOf(json({ userKey, planStatus: status }))).toEqual([
        expect.stringMatching(/^userKey: must not be/),
      ]);
    },
  );

  it("masks the user key as a whole in the warnings of a record, in every spelling", () => {
    const warningsOf = (userKey: string, name: string) => {
      const record = { userKey, planStatus: { ...status, [name]: 1 } };
      const { warnings = [] } = requestOf(json(record), { ...filled, unknownFields: "warn" });
      return warnings.map(({ field }) => field);
    };
    expect(warningsOf("4917", "of 4917")).toEqual(['planStatus."of ***"']);
    expect(warningsOf("a/bc", "of a%2Fbc")).toEqual(['planStatus."of ***"']);
    expect(warningsOf("plan", "other")).toEqual(["planStatus.other"]);
    expect(warningsOf("$&a", "of $&a")).toEqual(['planStatus."of ***"']);
  });

  it.each([
    ["120 modules with an unknown balance", '"voiceBalance":{}', "x"],
    ["120 modules with an unknown level", '"coarseBalanceLevel":"MID"', "x"],
    ["120 modules with an unknown number of a level", '"coarseBalanceLevel":77', "x"],
    [
      "600 modules with an unknown balance and a name that is too long",
      '"voiceBalance":{}',
      "x".repeat(1_025),
    ],
  ])("sends a status with %s to Google's hosts", (_, balance, name) => {
    const module = `{"moduleName":"${name}","description":"d",${balance}}`;
    const plan = `{"planId":"p","planModules":[${Array(120).fill(module)}]}`;
    const own = json(status).replace("{", `{"plans":[${Array(name === "x" ? 1 : 5).fill(plan)}],`);
    const record = `{"userKey":"u","planStatus":${own}}`;
    expect(requestOf(record, { ...filled, endpoint: "production" }).body).toBe(own);
    expect(violationsOf(record)).not.toEqual([]);
  });

  it.each([
    ["plan_status", "plan_modules", "module_name"],
    ["plan_status", "planModules", "moduleName"],
    ["planStatus", "plan_modules", "module_name"],
  ])("sends a status with an unknown balance whose record spells %s and %s", (field, modules, name) => {
    const module = `{"${name}":"m","description":"d","voice_balance":{}}`;
    const own = json(status).replace("{", `{"plans":[{"plan_id":"p","${modules}":[${module}]}],`);
    const { body, warnings } = requestOf(`{"user_key":"u","${field}":${own}}`, {
      ...filled,
      endpoint: "production",
    });
    expect(body).toBe(own);
    expect(warnings?.map((warning) => `${warning.field}: ${warning.description}`)).toEqual([
      `${field}.plans[0].${modules}[0].voice_balance: is not a field of PlanModule`,
      "planStatus.plans[0].planModules[0]: must set at least one of byteBalance, timeBalance and coarseBalanceLevel",
    ]);
  });

  it("sends a CPID state of another form to Google's hosts, with warnings", () => {
    const record = json({ userKey: "u", planStatus: { ...status, cpidState: "active".repeat(20) } });
    const { warnings } = requestOf(record, { ...filled, endpoint: "production" });
    expect(warnings?.map(({ field }) => field)).toEqual(["planStatus.cpidState", "planStatus.cpidState"]);
    expect(violationsOf(record)).toEqual([
      "planStatus.cpidState: must be at most 64 characters (a limit of this project, not of Google)",
      "planStatus.cpidState: must be capital letters A to Z, digits and underscores, such as CPID_STATE",
    ]);
  });
});
