import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { PlanGroupSchema, PlanStatusSchema } from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { groupView, phoneView } from "../../../../src/console/subscribers/phone/phone-view.ts";
import { testTime } from "../../../support/test-clock.ts";

const soon = "2026-03-05T12:00:00Z";
const later = "2026-03-09T12:00:00Z";
const amount = { currencyCode: "EUR", units: "5", nanos: 250_000_000 };

const module = {
  coarseBalanceLevel: "HIGH_QUOTA",
  trafficCategories: ["MUSIC"],
  expirationTime: soon,
  overUsagePolicy: "THROTTLED",
  maxRateKbps: "64",
  description: "Some data",
  moduleName: "Data",
  usedBytes: "1000",
  planModuleState: "ACTIVE",
  refreshPeriod: "DAILY",
};

const plans = [
  {
    planName: "Plan",
    planId: "plan-1",
    planCategory: "PREPAID",
    expirationTime: soon,
    planState: "ACTIVE",
    planModules: [
      { ...module, byteBalance: { quotaBytes: "4000", remainingBytes: "1000" } },
      { ...module, timeBalance: { quotaMinutes: "40", remainingMinutes: "10" } },
    ],
  },
];

/** A status with every field. */
const status: JsonObject = {
  name: "operators/65001/planStatuses/key",
  plans,
  languageCode: "en-US",
  expireTime: soon,
  updateTime: "2026-03-01T11:00:00Z",
  title: "Contract",
  subscriberId: "subscriber-1",
  accountInfo: {
    accountBalance: amount,
    loanBalance: amount,
    unpaidLoan: amount,
    accountBalanceStatus: "VALID",
    validUntil: soon,
    payAsYouGoCharge: amount,
    accountTopUp: amount,
  },
  uiCompatibility: "UI_COMPATIBLE",
  notifications: ["NOTIFICATION_PAY_AS_YOU_GO"],
  planInfoPerClient: {
    youtube: { rateLimitedStreaming: { maxMediaRateKbps: 1500 } },
    androidSystemInfo: { meteredness: "UNMETERED" },
  },
  cpidState: "REGISTERED",
};

const group: JsonObject = {
  name: "operators/65001/planGroups/key",
  dataPlans: plans,
  responseStaleTime: soon,
  lastUpdatedTime: "2026-03-01T11:00:00Z",
};

/** A field without fields of its own, and where it is in JSON. */
type Leaf = { readonly path: readonly (string | number)[]; readonly field: DescField };

/** Returns every field of a message and of the messages in it. Of lists, that of the first item. */
function leavesOf(desc: DescMessage, prefix: readonly (string | number)[] = []): Leaf[] {
  return desc.fields.flatMap((field) => {
    const path = [...prefix, field.jsonName, ...(field.fieldKind === "list" ? [0] : [])];
    // The second module has the balance that excludes that of the first.
    const at = path.map((part, index) =>
      path[index - 1] === "planModules" && path.includes("timeBalance") ? 1 : part,
    );
    const { message } = field as { message?: DescMessage };
    const isLeaf = message === undefined || message.typeName.startsWith("google.protobuf.");
    return isLeaf ? [{ path: at, field }] : leavesOf(message, at);
  });
}

/** Returns a valid value that differs. */
function otherValue(value: JsonValue | undefined, { path, field }: Leaf): JsonValue {
  if (field.enum !== undefined) {
    const found = field.enum.values.find(({ number, name }) => number > 0 && name !== value);
    return found?.name ?? "";
  }
  if (field.message?.typeName === TimestampSchema.typeName) {
    return later;
  }
  if (typeof value === "number" || /^\d+$/.test(String(value))) {
    return typeof value === "number" ? value + 1 : String(BigInt(String(value)) * 3n);
  }
  switch (path.at(-1)) {
    case "languageCode":
      return "ar";
    case "currencyCode":
      return "USD";
    case "androidSystemInfo":
      return { meteredness: "METERED" };
    default:
      return `${value}2`;
  }
}

function valueAt(json: JsonValue | undefined, path: Leaf["path"]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((value, part) => (value as JsonObject | undefined)?.[part], json);
}

function withValue(json: JsonObject, leaf: Leaf): JsonObject {
  const copy = structuredClone(json);
  const holder = valueAt(copy, leaf.path.slice(0, -1)) as JsonObject;
  holder[leaf.path.at(-1) as string] = otherValue(valueAt(json, leaf.path), leaf);
  return copy;
}

function draw(desc: DescMessage, json: JsonObject): string {
  const view =
    desc === PlanStatusSchema
      ? phoneView(fromJson(PlanStatusSchema, json), testTime)
      : groupView(fromJson(PlanGroupSchema, json), testTime);
  return JSON.stringify(view, (_, value) => (typeof value === "bigint" ? String(value) : value));
}

describe.each([
  ["a plan status", PlanStatusSchema, status],
  ["a plan group", PlanGroupSchema, group],
] as const)("of %s", (_, desc, json) => {
  const leaves = leavesOf(desc).map((leaf) => [leaf.path.join("."), leaf] as const);

  it.each(leaves)("%s is drawn, or listed as not shown", (_, leaf) => {
    expect(valueAt(json, leaf.path)).toBeDefined();
    expect(draw(desc, withValue(json, leaf))).not.toBe(draw(desc, json));
  });
});
