import { type DescMessage, fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { NotificationType, NotificationTypeSchema } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import {
  PlanGroupSchema,
  type PlanStatus,
  PlanStatusSchema,
} from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { exampleNames, examples, findExample } from "../../src/examples/index.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { notificationsOf } from "../../src/plans/notifications.ts";
import { brokenTimeRules } from "../../src/plans/time-rules.ts";
import { createJsonReader } from "../../src/transcoding/index.ts";

const rules = createContractRules();
const hourMs = 3_600_000;

/** Times at which the year, the day or the month changes, and the ends of the emulator's clock. */
const times = [
  "1970-01-01T00:00:00Z",
  "2028-02-29T23:59:59.999Z",
  "2026-12-31T23:59:59Z",
  "9999-12-31T22:59:59Z",
].map((text) => new Date(text));

const cases = examples.map((example) => [example.name, example] as const);

/** Returns a body as a message, read as strictly as the body of a request. */
function read<D extends DescMessage>(desc: D, body: JsonObject) {
  const text = JSON.stringify(body);
  const result = createJsonReader(desc)({ json: JSON.parse(text), text });
  expect(result).not.toHaveProperty("violations");
  return fromJson(desc, JSON.parse(text));
}

describe("the examples", () => {
  it("have names that are unique and can be typed", () => {
    expect(new Set(exampleNames).size).toBe(examples.length);
    expect(exampleNames.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
  });

  it("have summaries of one line that fits a terminal", () => {
    expect(examples.filter(({ summary }) => !/^[a-z].{10,60}[^.]$/.test(summary))).toEqual([]);
  });

  it("send every notification that exists", () => {
    const sent = new Set(examples.flatMap(({ notifications }) => notifications));
    const all = Object.keys(NotificationType).filter((name) => /^NOTIFICATION_(?!UNDEFINED)/.test(name));
    expect([...sent].sort()).toEqual(all.sort());
  });

  it.each(cases)("%s satisfies every rule at any time of the clock, and an hour later", (_, example) => {
    for (const now of times) {
      const desc = example.kind === "planGroup" ? PlanGroupSchema : PlanStatusSchema;
      const message = read(desc, example.body(now));
      const found = rules(desc, message as never);
      const aged = [now.getTime(), now.getTime() + hourMs - 1].flatMap((nowMs) =>
        example.kind === "planGroup"
          ? []
          : brokenTimeRules(message as PlanStatus, "planStatus", { nowMs, clockSkewMs: 0 }),
      );
      expect([...found, ...aged]).toEqual([]);
    }
  });

  it.each(cases.filter(([, { kind }]) => kind === "planStatus"))(
    "%s sends the notifications that it states",
    (_, example) => {
      const status = read(PlanStatusSchema, example.body(new Date())) as PlanStatus;
      const { types, violations } = notificationsOf(status, "planStatus");
      expect(violations).toEqual([]);
      expect(types.map((type) => NotificationTypeSchema.value[type]?.name)).toEqual(example.notifications);
    },
  );

  it.each(cases)("%s is the same for the same time, and its time is the given one", (_, example) => {
    const now = new Date("2027-01-15T12:00:00Z");
    expect(example.body(now)).toEqual(example.body(now));
    expect(JSON.stringify(example.body(now))).toContain("2027-01-15T12:00:00.000Z");
  });

  it("are found by their names", () => {
    expect(findExample("low-quota")?.name).toBe("low-quota");
    expect(findExample("constructor")).toBeUndefined();
  });
});
