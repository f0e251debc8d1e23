import { type Example, gigabytes, partsAt, unlimited } from "./example.ts";

const plan = {
  planId: "acme-family",
  planName: "ACME Family",
  planCategory: "POSTPAID",
  planState: "ACTIVE",
};

/** Examples of users who pay by invoice, and of other balances than bytes. */
export const balanceExamples: readonly Example[] = [
  {
    name: "postpaid",
    summary: "postpaid plan whose data is reset every month",
    kind: "planStatus",
    notifications: [],
    body(now) {
      const { status, data } = partsAt(now);
      const quota = {
        description: "20 GB every month",
        refreshPeriod: "MONTHLY",
        overUsagePolicy: "THROTTLED",
        maxRateKbps: "256",
        byteBalance: { quotaBytes: gigabytes(20), remainingBytes: gigabytes(15) },
      };
      return status(plan, [data(quota)]);
    },
  },
  {
    name: "unlimited",
    summary: "postpaid plan without a limit and without an end",
    kind: "planStatus",
    notifications: [],
    body(now) {
      const module = {
        moduleName: "Data",
        description: "Unlimited data",
        planModuleState: "ACTIVE",
        trafficCategories: ["GENERIC"],
        coarseBalanceLevel: "HIGH_QUOTA",
        byteBalance: { quotaBytes: unlimited },
      };
      return partsAt(now).status({ ...plan, planId: "acme-max", planName: "ACME Max" }, [module]);
    },
  },
  {
    name: "time-balance",
    summary: "ten hours of video, three of them left",
    kind: "planStatus",
    notifications: [],
    body(now) {
      const { status, after } = partsAt(now);
      const module = {
        moduleName: "Video",
        description: "10 hours of video",
        expirationTime: after(20),
        planModuleState: "ACTIVE",
        trafficCategories: ["VIDEO"],
        overUsagePolicy: "BLOCKED",
        timeBalance: { quotaMinutes: "600", remainingMinutes: "180" },
      };
      return status({ ...plan, planId: "acme-video", planName: "ACME Video" }, [module]);
    },
  },
  {
    name: "youtube",
    summary: "plan that limits the bit rate of YouTube",
    kind: "planStatus",
    notifications: [],
    body(now) {
      const { status, data } = partsAt(now);
      const planInfoPerClient = { youtube: { rateLimitedStreaming: { maxMediaRateKbps: 1500 } } };
      return status(plan, [data()], { planInfoPerClient });
    },
  },
  {
    name: "minimal",
    summary: "only what the contract requires, and a user without a plan",
    kind: "planStatus",
    notifications: [],
    body: (now) => ({
      languageCode: "en-US",
      updateTime: now.toISOString(),
      expireTime: partsAt(now).after(1),
    }),
  },
  {
    name: "plan-group",
    summary: "the older form of a plan status",
    kind: "planGroup",
    notifications: [],
    body(now) {
      const { data, after } = partsAt(now);
      return {
        dataPlans: [{ ...plan, planModules: [data()] }],
        responseStaleTime: after(1),
        lastUpdatedTime: now.toISOString(),
      };
    },
  },
];
