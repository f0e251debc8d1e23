import { runInNewContext } from "node:vm";
import { create, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { StructSchema, TimestampSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { CreatePlanGroupRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { CreatePlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createWithDates } from "../../src/client/dates.ts";
import { expiresIn, type PlanStatusInit, planStatusOf, validate } from "../../src/client/index.ts";
import { PlanSchema, PlanStatusSchema } from "../../src/contract-entry.ts";

const date = new Date("2027-02-03T04:05:06.789Z");
const timestamp = timestampFromDate(date);

type Fields = Record<string, unknown>;

/** A Timestamp below a message: its path, such as `plans[0].expirationTime`, and fields that set only it. */
type Place = { path: string; fieldsWith(value: unknown): Fields };

/** Finds every Timestamp below a message type. */
function placesIn(desc: DescMessage): Place[] {
  return desc.fields.flatMap((field): Place[] => {
    const { message, localName, fieldKind, oneof } = field;
    // JSON has no times.
    if (message === undefined || message.typeName === StructSchema.typeName) {
      return [];
    }
    const isTime = message.typeName === TimestampSchema.typeName;
    const below: Place[] = isTime
      ? [{ path: "", fieldsWith: (value) => value as Fields }]
      : placesIn(message);
    if (below.length > 0 && (fieldKind === "map" || oneof !== undefined)) {
      throw new Error(`${desc.typeName}.${localName}: times in maps and oneofs are not supported`);
    }
    return below.map(({ path, fieldsWith }) => {
      const own = fieldKind === "list" ? `${localName}[0]` : localName;
      return {
        path: path === "" ? own : `${own}.${path}`,
        fieldsWith: (value) => ({
          [localName]: fieldKind === "list" ? [fieldsWith(value)] : fieldsWith(value),
        }),
      };
    });
  });
}

const build = (desc: DescMessage, fields: Fields): Message =>
  createWithDates(desc, fields as unknown as Message);

const requests: readonly DescMessage[] = [CreatePlanStatusRequestSchema, CreatePlanGroupRequestSchema];

describe.each(requests)("a Date in $typeName", (desc) => {
  const places = placesIn(desc);

  it("may stand for every Timestamp of the contract", () => {
    expect(places.length).toBeGreaterThan(1);
    for (const { path, fieldsWith } of places) {
      const given = fieldsWith(date);
      const copy = structuredClone(given);
      const message = build(desc, given);
      expect(message, path).toEqual(create(desc, fieldsWith(timestamp)));
      expect(fromBinary(desc, toBinary(desc, message)), path).toEqual(message);
      expect(given, path).toEqual(copy);
    }
  });

  it("is the only thing besides a Timestamp that is accepted, and the error names the field", () => {
    for (const { path, fieldsWith } of places) {
      for (const wrong of [
        date.getTime(),
        "2027-02-03T04:05:06Z",
        true,
        {},
        [],
        new Date(Number.NaN),
        new Map(),
      ]) {
        expect(() => build(desc, fieldsWith(wrong)), path).toThrow(TypeError);
        expect(() => build(desc, fieldsWith(wrong)), path).toThrow(`${path}: `);
      }
    }
  });
});

describe("planStatusOf and validate", () => {
  it("a Date that was assigned to a message is sent as a time, and the message stays as it is", () => {
    const planStatus = create(PlanStatusSchema, { title: "x" });
    Object.assign(planStatus, { expireTime: date });
    const request = createWithDates(CreatePlanStatusRequestSchema, { planStatus });
    const sent = fromBinary(CreatePlanStatusRequestSchema, toBinary(CreatePlanStatusRequestSchema, request));
    expect(sent.planStatus).toEqual(create(PlanStatusSchema, { title: "x", expireTime: timestamp }));
    expect(planStatus.expireTime).toBe(date);
    expect(
      validate(planStatus, { now: date.getTime() - 1 }).violations.map(({ field }) => field),
    ).not.toContain("expireTime");
  });

  it("planStatusOf accepts Dates, Timestamps and fields of Timestamps side by side", () => {
    const status = planStatusOf({
      updateTime: timestamp,
      expireTime: date,
      plans: [
        create(PlanSchema, { expirationTime: timestamp }),
        { expirationTime: date, planModules: [{ expirationTime: { seconds: 5n } }] },
      ],
      accountInfo: { validUntil: date },
    });
    expect([status.updateTime, status.expireTime, status.accountInfo?.validUntil]).toEqual([
      timestamp,
      timestamp,
      timestamp,
    ]);
    expect(status.plans.map(({ expirationTime }) => expirationTime)).toEqual([timestamp, timestamp]);
    expect(status.plans[1]?.planModules[0]?.expirationTime).toEqual(create(TimestampSchema, { seconds: 5n }));
  });

  it("planStatusOf prefers an expireTime that is a Date to expiresIn", () => {
    const { expireTime } = planStatusOf({ expireTime: date, expiresIn: { hours: 1 } }, { now: date });
    expect(expireTime).toEqual(timestamp);
  });

  it("planStatusOf accepts a Date of another realm, such as that of a test in jest", () => {
    const other = runInNewContext(`({ expireTime: new Date(${date.getTime()}) })`) as PlanStatusInit;
    expect(other.expireTime instanceof Date).toBe(false);
    expect(planStatusOf(other).expireTime).toEqual(timestamp);
  });

  it("validate compares Dates with the clock", () => {
    const now = date.getTime() - 60_000;
    const found = (expireTime: Date) =>
      validate({ languageCode: "en", updateTime: new Date(now), expireTime }, { now }).violations;
    expect(found(date)).toEqual([]);
    expect(found(new Date(now - 1))).toEqual([
      { field: "expireTime", description: expect.stringMatching(/^must be in the future/) },
    ]);
  });

  it.each<[string, unknown, string]>([
    [
      "milliseconds",
      1_796_056_897_696,
      "expireTime: 1796056897696 must be a valid Date or a Timestamp: write new Date(milliseconds)",
    ],
    ["text", "2027-02-03", 'expireTime: "2027-02-03" must be a valid Date or a Timestamp'],
    ["an invalid Date", new Date("x"), "expireTime: Invalid Date must be a valid Date or a Timestamp"],
    ["an array", [], "expireTime: an array must be a valid Date or a Timestamp"],
    [
      "an object without a prototype",
      Object.create(null),
      "expireTime: an object must be a valid Date or a Timestamp",
    ],
    ["a function", () => date, "expireTime: a function must be a valid Date or a Timestamp"],
    ["an object without fields", {}, "expireTime: an object must be a valid Date or a Timestamp"],
  ])("planStatusOf and validate throw TypeError for %s as a time", (_, expireTime, message) => {
    const init = { expireTime } as PlanStatusInit;
    expect(() => planStatusOf(init)).toThrow(new TypeError(message));
    expect(() => validate(init)).toThrow(new TypeError(message));
  });

  it.each([new Date(Number.NaN), Number.NaN, "2027-02-03" as unknown as Date])(
    "planStatusOf, expiresIn and validate throw TypeError if now is %s",
    (now) => {
      for (const call of [
        () => planStatusOf({}, { now }),
        () => expiresIn({ hours: 1 }, now),
        () => validate({}, { now }),
      ]) {
        expect(call).toThrow(TypeError);
        expect(call).toThrow(/^now: .* must be a valid Date, or milliseconds since the epoch$/);
      }
    },
  );

  it("the types accept Dates for times only, and nothing else for times", () => {
    const inits: PlanStatusInit[] = [
      { expireTime: date, plans: [{ planModules: [{ expirationTime: date }] }] },
      // @ts-expect-error milliseconds
      { expireTime: 1 },
      // @ts-expect-error text
      { plans: [{ expirationTime: "2027-02-03" }] },
      // @ts-expect-error not a time
      { title: date },
      // @ts-expect-error no such field
      { expirationTime: date },
    ];
    // The compiler is the test.
    expect(inits.length).toBe(5);
  });
});
