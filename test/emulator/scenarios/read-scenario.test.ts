import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { PlanGroupSchema, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { checkFault } from "../../../src/emulator/faults/fault-check.ts";
import { readScenario, type ScenarioContext } from "../../../src/emulator/scenarios/read-scenario.ts";
import { ScenarioError } from "../../../src/emulator/scenarios/scenario.ts";
import { parseSource, type Source } from "../../../src/emulator/scenarios/source-text.ts";
import { createContractRules } from "../../../src/plans/contract-rules.ts";

const nowMs = Date.UTC(2027, 0, 15, 12);
const rules = createContractRules();

function read(text: string, context: Partial<ScenarioContext> = {}) {
  const source = parseSource(text);
  expect(source).not.toHaveProperty("problems");
  return readScenario(source as Source, "test.yaml", {
    rules,
    clockMode: "real",
    nowMs,
    machineMs: nowMs,
    clockSkewMs: 60_000,
    parent: "operators/65001",
    checkFault,
    ...context,
  });
}

/** Returns the errors of a scenario, such as `3:5 records[0].userKey: value is required`. */
function errorsOf(text: string, context: Partial<ScenarioContext> = {}): string[] {
  try {
    read(text, context);
  } catch (error) {
    expect(error).toBeInstanceOf(ScenarioError);
    return (error as ScenarioError).problems.map(
      ({ line, column, path, description }) => `${line}:${column} ${path}: ${description}`,
    );
  }
  throw new Error("the scenario has no errors");
}

const day = 86_400_000;

describe("a scenario", () => {
  it("may be empty or have nothing but comments below its keys", () => {
    const nothing = { clock: undefined, enforced: undefined, devices: [], faults: [], records: [] };
    expect(read("{}")).toEqual(nothing);
    expect(read("description: nothing\nrecords:\n# - userKey: a\nclock:\nfaults:\n")).toEqual(nothing);
  });

  it("takes null in a record as if the key was absent", () => {
    const { records } = read("records: [{parent: null, planGroupId: a, example: null}]");
    expect(records.map(({ key }) => key.asn)).toEqual([65001]);
  });

  it("has statuses for one client and for every client, groups, and names of examples", () => {
    const { records } = read(`
records:
  - clientId: youtube
    userKey: a/b
    planStatus: {languageCode: en, updateTime: now, expireTime: +1d}
  - parent: operators/7
    userKey: b
    example: low-quota
  - planGroupId: c
    planGroup: {responseStaleTime: +2d}
  - {plan_group_id: d, example: plan-group}
  - planGroupId: e
`);
    expect(records.map(({ key }) => Object.values(key).join(" "))).toEqual([
      "planStatus 65001 youtube a/b",
      "planStatus 7  b",
      "planGroup 65001  c",
      "planGroup 65001  d",
      "planGroup 65001  e",
    ]);
    expect(records.map(({ expiresAtMs }) => expiresAtMs && (expiresAtMs - nowMs) / day)).toEqual([
      1,
      1,
      2,
      1,
      undefined,
    ]);
  });

  it("stores what a push would store, with name and notifications", () => {
    const { records } = read("records: [{userKey: a/b, example: low-quota}, {planGroupId: c}]");
    const [status, group] = records.map(({ value }) => value) as [Uint8Array, Uint8Array];
    expect(fromBinary(PlanStatusSchema, status)).toMatchObject({
      name: "operators/65001/planStatuses/a%2Fb",
      notifications: [NotificationType.NOTIFICATION_LOW_BALANCE_WARNING],
    });
    expect(fromBinary(PlanGroupSchema, group).name).toBe("operators/65001/planGroups/c");
  });

  it("has times relative to the clock that it sets, which is relative to that of the emulator", () => {
    const text = "clock: {mode: FROZEN, time: +10d}\nrecords: [{userKey: a, example: minimal}]";
    const { clock, records } = read(text, { machineMs: 5 });
    expect(clock).toEqual({ mode: "frozen", ms: nowMs + 10 * day });
    expect(records[0]?.expiresAtMs).toBe(nowMs + 11 * day);
  });

  it("has times of the machine if it sets a real clock", () => {
    const { clock, records } = read("clock: {mode: REAL}\nrecords: [{userKey: a, example: minimal}]", {
      nowMs: nowMs + 99 * day,
    });
    expect(clock).toEqual({ mode: "real", ms: nowMs });
    expect(records[0]?.expiresAtMs).toBe(nowMs + day);
  });

  it("leaves a frozen clock frozen if it only sets a time", () => {
    expect(read("clock: {time: +1d}", { clockMode: "frozen" }).clock).toEqual({
      mode: "frozen",
      ms: nowMs + day,
    });
  });

  it("has times relative to the clock of the emulator if it sets none", () => {
    const later = nowMs + 500 * day;
    const { records } = read("records: [{userKey: a, example: minimal}]", { nowMs: later });
    const status = fromBinary(PlanStatusSchema, records[0]?.value as Uint8Array);
    expect(timestampMs(status.updateTime as never)).toBe(later);
  });

  it.each([
    ["{mode: REAL}", { mode: "real", ms: nowMs }],
    ["{}", undefined],
    ["{mode: SHIFTED}", { mode: "shifted", ms: nowMs }],
    ["{mode: FROZEN}", { mode: "frozen", ms: nowMs }],
    ["{mode: SHIFTED, time: -1d}", { mode: "shifted", ms: nowMs - day }],
    ['{time: "2030-01-01T00:00:00+01:00"}', { mode: "shifted", ms: Date.UTC(2029, 11, 31, 23) }],
    ['{mode: FROZEN, time: "1970-01-01T00:00:00Z"}', { mode: "frozen", ms: 0 }],
  ])("sets the clock with %s", (clock, expected) => {
    expect(read(`clock: ${clock}`).clock).toEqual(expected);
  });

  it("has faults, devices and registration in the form of the API", () => {
    const { enforced, devices, faults } = read(`
parent: operators/9
registration: {enforced: true}
devices: [{userKey: a}, {parent: operators/8, userKey: b}]
faults: [{error: {reason: SERVER_OVERLOADED, retryDelay: 2s}, nextCalls: 3}]
`);
    expect({ enforced, devices }).toEqual({
      enforced: true,
      devices: [
        { asn: 9, userKey: "a" },
        { asn: 8, userKey: "b" },
      ],
    });
    expect(faults).toMatchObject([{ effect: { case: "error" }, frequency: { case: "nextCalls", value: 3 } }]);
  });
});

describe("the errors of a scenario", () => {
  it("are reported all at once, with line, column and path, in the order of the text", () => {
    const text = `
clock: {mode: STOPPED, time: 1960-01-01T00:00:00Z}
registration: {enforced: "yes"}
recods: []
devices:
  - {userKey: ""}
faults:
  - {nextCalls: 0, match: {metod: x}}
records:
  - userKey: a
    planStatus:
      languageCode: "?"
      updateTime: now
      expireTime: -1d
      plans:
        - planCategory: PREPAID
          planModules: [{moduleName: Data, maxRateKbps: x, coarseBalanceLevel: LOW_QUOTA}]
  - userKey: 5
    example: low-qouta
  - 7
  - planGroupId: g
    planGroup: {dataPlans: [{}]}
`;
    expect(errorsOf(text)).toEqual([
      "2:9 clock.mode: must be one of MODE_UNSPECIFIED, REAL, SHIFTED, FROZEN",
      "2:24 clock.time: must be a time from 1970 to 9999",
      "3:16 registration.enforced: must be true or false, not a string",
      "4:1 recods: is not a key of a scenario; did you mean records?",
      "6:6 devices[0].userKey: value is required",
      "8:6 faults[0].nextCalls: must be greater than or equal to 1",
      "8:28 faults[0].match.metod: is not a field of CallMatcher; did you mean method?",
      "11:5 records[0].planStatus.accountInfo: value is required when a plan is PREPAID",
      expect.stringMatching(
        /^12:7 records\[0\]\.planStatus\.languageCode: must be a well-formed language tag/,
      ),
      "14:7 records[0].planStatus.expireTime: must be in the future: it is 24.0 hours in the past by the server's clock",
      "16:11 records[0].planStatus.plans[0].planId: value is required",
      "17:25 records[0].planStatus.plans[0].planModules[0].description: value is required",
      "17:25 records[0].planStatus.plans[0].planModules[0].byteBalance.remainingBytes: value is required when coarseBalanceLevel is LOW_QUOTA",
      expect.stringMatching(
        /^17:44 records\[0\]\.planStatus\.plans\[0\]\.planModules\[0\]\.maxRateKbps: must be an integer/,
      ),
      "18:5 records[1].userKey: must be a string, not a number",
      expect.stringMatching(/^19:5 records\[1\]\.example: must be one of .+; did you mean low-quota\?$/),
      "20:5 records[2]: must be an object",
      "22:29 records[3].planGroup.dataPlans[0].planId: value is required",
    ]);
  });

  it("have their places in JSON too", () => {
    const text = JSON.stringify(
      { records: [{ userKey: "a" }, { userKey: "b", planStatus: {} }] },
      undefined,
      1,
    );
    expect(errorsOf(text)).toEqual([
      "3:3 records[0].planStatus: value is required",
      "8:4 records[1].planStatus.languageCode: value is required",
      "8:4 records[1].planStatus.expireTime: value is required",
      "8:4 records[1].planStatus.updateTime: value is required",
    ]);
  });

  it.each([
    ["a text that is no object", "just text", /^1:1 : must be an object with some of the keys description,/],
    ["nothing", "", /^1:1 : must be an object/],
    ["a list that is none", "records: {a: 1}", /^1:1 records: must be a list/],
    ["a description that is no text", "description: 5", /^1:1 description: must be a string/],
    ["an operator that is none", "parent: operators/065001", /^1:1 parent: must be operators\/\{asn_id\}/],
    [
      "an operator beyond the limit",
      "records: [{parent: operators/4294967296, example: minimal, userKey: a}]",
      /parent: must be operators/,
    ],
    [
      "an unknown client",
      "records: [{clientId: yuotube, example: minimal, userKey: a}]",
      /clientId: .*did you mean youtube/,
    ],
    ["no user key", "records: [{example: minimal}]", /^1:11 records\[0\]\.userKey: value is required/],
    [
      "an example and a status",
      "records: [{userKey: a, example: minimal, planStatus: {}}]",
      /example: must not be set together with planStatus/,
    ],
    ["an example of the other kind", "records: [{userKey: a, example: plan-group}]", /records\[0\]/],
    ["the example of a status for a group", "records: [{planGroupId: a, example: minimal}]", /records\[0\]/],
    [
      "an invalid time",
      "records: [{userKey: a, planStatus: {languageCode: en, updateTime: now, expireTime: +1y}}]",
      /expireTime: must be an RFC 3339 time .* or a time relative to the clock, such as "\+20d"/,
    ],
    [
      "a time beyond the clock skew",
      "records: [{userKey: a, planStatus: {languageCode: en, updateTime: +61s, expireTime: +1d}}]",
      /updateTime: must be in the past/,
    ],
    [
      "a status of 31 days ago",
      "records: [{userKey: a, planStatus: {languageCode: en, updateTime: -31d, expireTime: +1d}}]",
      /updateTime: must be at most 30 days old/,
    ],
    [
      "a real clock with a time",
      "clock: {mode: REAL, time: now}",
      /^1:21 clock\.time: must not be set if the mode is REAL/,
    ],
    ["a clock after 9999", "clock: {time: +9000w}", /.*/],
    [
      "a clock mode without a name",
      "clock: {mode: 7}",
      /^1:9 clock\.mode: must be one of REAL, SHIFTED, FROZEN/,
    ],
    ["a fault that the emulator rejects", "faults: [{nextCalls: 1}]", /^1:10 faults\[0\]: .+/],
  ])("name %s", (_, text, expected) => {
    // Late enough for a time after 9999.
    const context = text.startsWith("clock: {time: +9000w") ? { nowMs: Date.UTC(9990, 0) } : {};
    expect(errorsOf(text, context).join("\n")).toMatch(expected);
  });

  it("name the first of two records with the same operator, client and key", () => {
    expect(
      errorsOf(
        "records:\n- {userKey: a, example: minimal}\n- {userKey: b, example: minimal}\n- {userKey: a, example: minimal}",
      ),
    ).toEqual(["4:3 records[2]: has the same operator, client and key as records[0]"]);
  });

  it("do not include what only follows from another error", () => {
    const text =
      'records: [{userKey: a, planStatus: {languageCode: 5, updateTime: x, expireTime: +1d, plans: [{planId: 7}, 8, {planId: ""}]}}]';
    expect(errorsOf(text).map((error) => error.replace(/^\S+ ([^:]+): (.{17}).*$/, "$1: $2"))).toEqual([
      "records[0].planStatus.languageCode: must be a string,",
      "records[0].planStatus.updateTime: must be an RFC 33",
      "records[0].planStatus.plans[0].planId: must be a string,",
      "records[0].planStatus.plans[1]: must be an object",
      "records[0].planStatus.plans[2].planId: value is required",
    ]);
  });

  it("limit the number of records, devices and faults", () => {
    const many = (count: number) => JSON.stringify(Array(count).fill(0));
    expect(errorsOf(`{"records": ${many(10_001)}}`)).toEqual([
      "1:2 records: must have at most 10000 items, not 10001",
    ]);
    expect(errorsOf(`{"devices": ${many(10_001)}}`)[0]).toMatch(/at most 10000 items/);
    expect(errorsOf(`{"faults": ${many(1_001)}}`)[0]).toMatch(/at most 1000 items/);
  });

  it("are at most a thousand and some, of which the message lists a hundred", () => {
    const text = `{"records": ${JSON.stringify(Array(5_000).fill({}))}}`;
    let message = "";
    try {
      read(text);
    } catch (error) {
      message = (error as Error).message;
    }
    const lines = message.split("\n");
    expect(lines).toHaveLength(101);
    expect(lines[0]).toBe("test.yaml:1:14: records[0].userKey: value is required");
    expect(lines.at(-1)).toMatch(/^test\.yaml: 9\d\d more errors are not listed$/);
  });
});
