import { readFileSync } from "node:fs";
import { type MessageShape, toJson } from "@bufbuild/protobuf";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { exampleOf } from "../../scripts/release/examples/example.ts";
import type { RecordOptions } from "../../src/push/input/push-request.ts";
import { createRecordParser } from "../../src/push/input/record-parser.ts";
import { messages } from "../support/messages.ts";
import { statusJson } from "../support/push-inputs.ts";
import { readVectors } from "../vectors/read-vectors.ts";

const schema = JSON.parse(
  readFileSync(new URL("../../gen/push-record.schema.json", import.meta.url), "utf8"),
) as { $id: string };
const ajv = new Ajv2020({ allowUnionTypes: true, keywords: ["enumDescriptions"], strictRequired: false });
formats.default(ajv);
const isValid = ajv.compile(schema);

type Json = Record<string, unknown>;

// Creating a parser compiles the rules, which takes long.
const parserFor = (options: RecordOptions) =>
  createRecordParser({ parent: "operators/65001", client: "youtube", ...options });
const parsers = new Map<string | undefined, ReturnType<typeof parserFor>>();

/** Whether `mdps validate` accepts a record, except for rules about the current time. */
function isAccepted(record: unknown, options: RecordOptions = {}): boolean {
  const parse = parsers.get(options.userKeyField) ?? parserFor(options);
  parsers.set(options.userKeyField, parse);
  const bytes = Buffer.from(JSON.stringify(record));
  return "request" in parse({ index: 1, end: bytes.length, crc: 0, bytes });
}

const status = statusJson("t");
const module = { moduleName: "Data", description: "2 GB", byteBalance: { quotaBytes: "5" } };
const withModule = (more: Json) => ({
  ...status,
  plans: [{ planId: "p", planModules: [{ ...module, ...more }] }],
});
const request = (planStatus: Json = status) => ({ userKey: "u", planStatus });
const full = exampleOf(CreateUserPlanStatusRequestSchema) as Json;

describe("gen/push-record.schema.json", () => {
  it("has the URL of the newest release as its id", () => {
    expect(schema.$id).toMatch(/^https:\/\/.*\/releases\/latest\/download\/push-record\.schema\.json$/);
  });

  it("accepts every valid request of the test vectors, and the examples of a release", () => {
    const { cases } = readVectors();
    const requests = cases
      .filter(({ method }) => method === "CreateUserPlanStatus")
      .map((each) => each.request);
    const accepted = [...requests, full].filter((each) => isAccepted(each));
    expect(accepted.length).toBeGreaterThan(20);
    for (const each of accepted) {
      expect(isValid(each), JSON.stringify([each, isValid.errors])).toBe(true);
    }
  });

  it.each<[string, (message: MessageShape<typeof CreateUserPlanStatusRequestSchema>) => unknown]>([
    ["the names of JSON", (message) => toJson(CreateUserPlanStatusRequestSchema, message)],
    [
      "the names of the protos",
      (message) => toJson(CreateUserPlanStatusRequestSchema, message, { useProtoFieldName: true }),
    ],
    [
      "numbers of enums",
      (message) => toJson(CreateUserPlanStatusRequestSchema, message, { enumAsInteger: true }),
    ],
    [
      "all fields without presence",
      (message) => toJson(CreateUserPlanStatusRequestSchema, message, { alwaysEmitImplicit: true }),
    ],
  ])("accepts every record that mdps validate accepts, with %s", (_, jsonOf) => {
    const seen = { accepted: 0, rejected: 0 };
    fc.assert(
      fc.property(messages(CreateUserPlanStatusRequestSchema), (message) => {
        let json: unknown;
        try {
          json = jsonOf(message as never);
        } catch {
          // Some messages have no JSON, for example because of the range of times.
          return;
        }
        if (isAccepted(json)) {
          seen.accepted += 1;
          expect(isValid(json), JSON.stringify(isValid.errors)).toBe(true);
        } else {
          seen.rejected += 1;
        }
      }),
      { numRuns: 200 },
    );
    expect(Math.min(seen.accepted, seen.rejected)).toBeGreaterThan(10);
  });

  it.each<[string, unknown, RecordOptions?]>([
    ["a request without parent and clientId", request()],
    ["a request whose parent and clientId are empty", { ...request(), parent: "", clientId: null }],
    ["64-bit integers as numbers", request(withModule({ usedBytes: 5, maxRateKbps: 1 }))],
    ["null for a field", request(withModule({ refreshPeriod: null, timeBalance: null }))],
    [
      "a 32-bit integer as a string",
      request({
        ...status,
        planInfoPerClient: { youtube: { rateLimitedStreaming: { maxMediaRateKbps: "5" } } },
      }),
    ],
    ["output-only fields", request({ ...status, name: "n", notifications: ["NOTIFICATION_OUT_OF_DATA"] })],
    ["a plain status with the user key beside it", { ...status, msisdn: "49" }, { userKeyField: "msisdn" }],
    [
      "a plain status with proto names",
      { language_code: "de", update_time: status.updateTime, expire_time: status.expireTime, msisdn: "49" },
      { userKeyField: "msisdn" },
    ],
    [
      "a plain status whose own field is the user key",
      { ...status, subscriberId: "49" },
      { userKeyField: "subscriberId" },
    ],
    ["the request of a plan group", { planGroupId: "49", planGroup: { dataPlans: [{ planId: "p" }] } }],
    ["the request of a plan group with proto names", { plan_group_id: "49", plan_group: { data_plans: [] } }],
    ["the request of an empty plan group", { planGroupId: "49", parent: "operators/1" }],
    [
      "a plain plan group with the id beside it",
      { msisdn: "49", dataPlans: [{ planId: "p" }], lastUpdatedTime: status.updateTime },
      { userKeyField: "msisdn" },
    ],
    [
      "a plain status whose user key has the name of a plan group's id",
      { ...status, planGroupId: "49" },
      { userKeyField: "planGroupId" },
    ],
  ])("accepts %s", (_, record, options) => {
    expect(isAccepted(record, options)).toBe(true);
    expect(isValid(record), JSON.stringify(isValid.errors)).toBe(true);
    expect(isValid([record, record]), JSON.stringify(isValid.errors)).toBe(true);
  });

  it.each<[string, unknown, RecordOptions?]>([
    ["a text", "x"],
    ["an empty object", {}],
    ["a missing user key", { planStatus: status }],
    ["an empty user key", { ...request(), userKey: "" }],
    ["another parent", { ...request(), parent: "65001" }],
    ["an unknown client", { ...request(), clientId: "netflix" }],
    ["a missing language", request({ ...status, languageCode: undefined })],
    ["null for a required field", request({ ...status, languageCode: null })],
    ["an invalid language", request({ ...status, languageCode: "a?" })],
    ["a day as a time", request({ ...status, updateTime: "2026-01-01" })],
    ["a misspelt field", request({ ...status, tittle: "x" })],
    ["a misspelt field of a plain status", { ...status, msisdn: "49", plan: [] }, { userKeyField: "msisdn" }],
    ["a user key that is a number", { ...status, msisdn: 49 }, { userKeyField: "msisdn" }],
    ["an unknown enum value", request(withModule({ coarseBalanceLevel: "LOW" }))],
    ["a zero value that means nothing", request(withModule({ planModuleState: "PLAN_STATE_UNSPECIFIED" }))],
    ["a negative quantity", request(withModule({ usedBytes: "-1" }))],
    ["a quantity with a fraction", request(withModule({ usedBytes: 1.5 }))],
    ["two balances", request(withModule({ timeBalance: {} }))],
    ["plans that are no list", request({ ...status, plans: {} })],
    ["a plan without an id", request({ ...status, plans: [{}] })],
    ["a plan group without an id", { planGroup: {} }],
    ["a plan group with a client", { planGroupId: "49", planGroup: {}, clientId: "youtube" }],
    ["a plan without an id in a group", { planGroupId: "49", planGroup: { dataPlans: [{}] } }],
    [
      "a status field in a plan group",
      { msisdn: "49", dataPlans: [], plans: [] },
      { userKeyField: "msisdn" },
    ],
  ])("rejects %s", (_, record, options) => {
    expect(isAccepted(record, options)).toBe(false);
    const json: unknown = JSON.parse(JSON.stringify(record));
    expect(isValid(json)).toBe(false);
    expect(isValid([request(), json])).toBe(false);
  });
});
