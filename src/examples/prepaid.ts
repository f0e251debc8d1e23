import type { JsonObject } from "@bufbuild/protobuf";
import { dollars, type Example, gigabytes, partsAt, unlimited } from "./example.ts";

/** Returns the status of a prepaid plan with three modules, one of them nearly used up. Times are relative to `now`. */
export function exampleStatus(now: Date): JsonObject {
  const { after, status, account } = partsAt(now);
  const common = { expirationTime: after(20), planModuleState: "ACTIVE", refreshPeriod: "MONTHLY" };
  const plan = {
    planId: "acme-199",
    planName: "ACME Plan 199",
    planCategory: "PREPAID",
    expirationTime: after(20),
    planState: "ACTIVE",
  };
  const modules = [
    {
      ...common,
      moduleName: "Data",
      description: "2 GB for everything",
      trafficCategories: ["GENERIC"],
      overUsagePolicy: "THROTTLED",
      maxRateKbps: "64",
      coarseBalanceLevel: "LOW_QUOTA",
      byteBalance: { quotaBytes: gigabytes(2), remainingBytes: "214748364" },
    },
    {
      ...common,
      moduleName: "Chat",
      description: "Unlimited chat",
      trafficCategories: ["MESSAGING"],
      byteBalance: { quotaBytes: unlimited },
    },
    {
      ...common,
      moduleName: "Music",
      description: "1 GB of music",
      trafficCategories: ["MUSIC"],
      overUsagePolicy: "BLOCKED",
      byteBalance: { quotaBytes: gigabytes(1), remainingBytes: "800000000" },
    },
  ];
  return status(plan, modules, { accountInfo: account() });
}

const plan = { planId: "acme-day-2gb", planName: "ACME 2 GB", planCategory: "PREPAID", planState: "ACTIVE" };

/** Returns the body of a prepaid plan with one module of data. */
function prepaidWith(now: Date, module: JsonObject, accountFields?: JsonObject): JsonObject {
  const { status, data, account, after } = partsAt(now);
  const ends = { ...plan, expirationTime: after(20) };
  return status(ends, [data(module)], { accountInfo: account(accountFields) });
}

/** Examples of users who pay in advance. */
export const prepaidExamples: readonly Example[] = [
  {
    name: "prepaid",
    summary: "prepaid plan of three modules, one nearly used up",
    kind: "planStatus",
    notifications: ["NOTIFICATION_LOW_BALANCE_WARNING"],
    body: exampleStatus,
  },
  {
    name: "low-quota",
    summary: "a tenth of the data is left",
    kind: "planStatus",
    notifications: ["NOTIFICATION_LOW_BALANCE_WARNING"],
    body: (now) =>
      prepaidWith(now, {
        coarseBalanceLevel: "LOW_QUOTA",
        byteBalance: { quotaBytes: gigabytes(2), remainingBytes: gigabytes(0.2) },
      }),
  },
  {
    name: "out-of-data",
    summary: "the data is used up and traffic is blocked",
    kind: "planStatus",
    notifications: ["NOTIFICATION_OUT_OF_DATA"],
    body: (now) =>
      prepaidWith(now, {
        coarseBalanceLevel: "OUT_OF_DATA",
        byteBalance: { quotaBytes: gigabytes(2), remainingBytes: "0" },
      }),
  },
  {
    name: "pay-as-you-go",
    summary: "the data is used up and the user pays by use",
    kind: "planStatus",
    notifications: ["NOTIFICATION_OUT_OF_DATA", "NOTIFICATION_PAY_AS_YOU_GO"],
    body: (now) =>
      prepaidWith(
        now,
        {
          overUsagePolicy: "PAY_AS_YOU_GO",
          coarseBalanceLevel: "OUT_OF_DATA",
          byteBalance: { quotaBytes: gigabytes(2), remainingBytes: "0" },
        },
        { payAsYouGoCharge: dollars(1.75) },
      ),
  },
  {
    name: "top-up",
    summary: "the user has added 20 dollars to the account",
    kind: "planStatus",
    notifications: ["NOTIFICATION_ACCOUNT_TOP_UP"],
    body: (now) => prepaidWith(now, {}, { accountBalance: dollars(32.5), accountTopUp: dollars(20) }),
  },
];
