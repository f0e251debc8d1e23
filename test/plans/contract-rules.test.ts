import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  GetPlanGroupRequestSchema,
  GetPlanStatusRequestSchema,
  GetUserPlanStatusRequestSchema,
} from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import {
  BalanceLevel,
  PlanCategory,
  type PlanState,
  UiCompatibility,
} from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreatePlanGroupRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  CreatePlanStatusRequestSchema,
  CreateUserPlanStatusRequestSchema,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { Plan, PlanModule } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import {
  type AccountInfoInit,
  accountInfo,
  day,
  fromNow,
  type MoneyInit,
  money,
  type PlanInit,
  type PlanModuleInit,
  plan,
  planModule,
  planStatus,
  statusOf,
} from "../support/plan-statuses.ts";

const rules = createContractRules();

/** What is wrong with a status, as `path: description`, the path relative to the status. */
function faultsOf(status: PlanStatus): string[] {
  const request = create(CreateUserPlanStatusRequestSchema, {
    parent: "operators/65001",
    clientId: "mobiledataplan",
    userKey: "491701234567",
    planStatus: status,
  });
  return rules(CreateUserPlanStatusRequestSchema, request).map(
    ({ field, description }) => `${field.replace(/^planStatus\./, "")}: ${description}`,
  );
}

const faultsOfPlan = (init: PlanInit) => faultsOf(planStatus({ plans: [plan(), plan(init)] }));
const faultsOfModule = (init: PlanModuleInit) => faultsOf(statusOf(planModule(), planModule(init)));
const faultsOfAccount = (init: AccountInfoInit) => faultsOf(planStatus({ accountInfo: accountInfo(init) }));

/** A value that an enum has or has not, as a peer might send it. */
const raw = <Enum extends number>(value: number) => value as Enum;

describe("a plan status", () => {
  it("needs languageCode, expireTime and updateTime, and nothing else", () => {
    expect(faultsOf(planStatus())).toEqual([]);
    expect(faultsOf(create(PlanStatusSchema))).toEqual([
      "languageCode: value is required",
      "expireTime: value is required",
      "updateTime: value is required",
    ]);
  });

  it.each(["de", "en-US", "sr-Latn", "zh-Hant-TW", "es-419", "de-CH-1901", "hy-Latn-IT-arevela"])(
    "takes the language code %s",
    (languageCode) => {
      expect(faultsOf(planStatus({ languageCode }))).toEqual([]);
    },
  );

  it.each(["en_US", "en-", "-US", "en--US", "en US", " en", "en\n", "ë", "abcdefghi", "en-abcdefghi", "12"])(
    "refuses the language code %j",
    (languageCode) => {
      expect(faultsOf(planStatus({ languageCode }))).toEqual([
        "languageCode: must be a BCP-47 language code, such as en-US",
      ]);
    },
  );

  it.each([
    UiCompatibility.UI_COMPATIBILITY_UNSPECIFIED,
    UiCompatibility.UI_COMPATIBLE,
    UiCompatibility.UI_INCOMPATIBLE,
  ])("takes uiCompatibility %i", (uiCompatibility) => {
    expect(faultsOf(planStatus({ uiCompatibility }))).toEqual([]);
  });

  it("refuses a uiCompatibility that is not defined", () => {
    expect(faultsOf(planStatus({ uiCompatibility: raw(3) }))).toEqual([
      "uiCompatibility: must be one of UI_COMPATIBILITY_UNSPECIFIED, UI_COMPATIBLE, UI_INCOMPATIBLE",
    ]);
  });

  it("takes whatever stands in the fields that only the server sets", () => {
    expect(faultsOf(planStatus({ name: "no name", notifications: [raw(99)] }))).toEqual([]);
  });
});

describe("accountInfo", () => {
  const ofCategories = (...categories: number[]) =>
    planStatus({ plans: categories.map((planCategory) => plan({ planCategory: raw(planCategory) })) });

  it("value is required when any plan is PREPAID", () => {
    expect(faultsOf(ofCategories(PlanCategory.POSTPAID, PlanCategory.PREPAID))).toEqual([
      "accountInfo: value is required when a plan is PREPAID",
    ]);
  });

  it("is not needed otherwise", () => {
    expect(faultsOf(ofCategories(PlanCategory.POSTPAID, PlanCategory.PLAN_CATEGORY_UNSPECIFIED))).toEqual([]);
  });

  it("may stand beside plans of every category", () => {
    const status = ofCategories(PlanCategory.PREPAID, PlanCategory.POSTPAID);
    expect(faultsOf(Object.assign(status, { accountInfo: accountInfo() }))).toEqual([]);
  });

  it("needs accountBalance, accountBalanceStatus and validUntil, and nothing else", () => {
    expect(faultsOf(planStatus({ accountInfo: accountInfo() }))).toEqual([]);
    expect(faultsOf(planStatus({ accountInfo: {} }))).toEqual([
      "accountInfo.accountBalance: value is required",
      "accountInfo.accountBalanceStatus: value is required",
      "accountInfo.validUntil: value is required",
    ]);
  });

  it("may have been valid until a time in the past", () => {
    expect(faultsOfAccount({ validUntil: fromNow(-365 * day) })).toEqual([]);
  });

  it.each([1, 2])("takes accountBalanceStatus %i", (status) => {
    expect(faultsOfAccount({ accountBalanceStatus: raw(status) })).toEqual([]);
  });

  it("refuses accountBalanceStatus ACCOUNT_BALANCE_STATUS_UNSPECIFIED", () => {
    expect(faultsOfAccount({ accountBalanceStatus: raw(0) })).toEqual([
      "accountInfo.accountBalanceStatus: must be one of VALID, INVALID",
    ]);
  });

  it("refuses an accountBalanceStatus that is not defined", () => {
    expect(faultsOfAccount({ accountBalanceStatus: raw(3) })).toEqual([
      "accountInfo.accountBalanceStatus: must be one of VALID, INVALID",
    ]);
  });
});

describe.each(["accountBalance", "loanBalance", "unpaidLoan", "payAsYouGoCharge", "accountTopUp"] as const)(
  "the Money in %s",
  (field) => {
    const faultsOfMoney = (init: MoneyInit) => faultsOfAccount({ [field]: money(init) });

    it.each<[string, MoneyInit]>([
      ["nothing", { units: 0n, nanos: 0 }],
      ["-1.75", { units: -1n, nanos: -750_000_000 }],
      ["0.000000001", { units: 0n, nanos: 1 }],
      ["-0.999999999", { units: 0n, nanos: -999_999_999 }],
      ["0.999999999", { units: 0n, nanos: 999_999_999 }],
      ["whole units below zero", { units: -5n, nanos: 0 }],
      ["as many units as there can be", { units: 2n ** 63n - 1n, nanos: 999_999_999 }],
      ["as few units as there can be", { units: -(2n ** 63n), nanos: -999_999_999 }],
      ["a currency that is none today", { currencyCode: "ZZZ" }],
    ])("may be %s", (_, init) => {
      expect(faultsOfMoney(init)).toEqual([]);
    });

    it.each(["", "US", "USDX", "usd", "U$D", "ÜSD", "USD\n", "840"])(
      "refuses the currency %j",
      (currencyCode) => {
        expect(faultsOfMoney({ currencyCode })).toEqual([
          `accountInfo.${field}.currencyCode: must be three capital letters (ISO 4217), such as EUR`,
        ]);
      },
    );

    it.each([1_000_000_000, -1_000_000_000, 2 ** 31 - 1])("refuses %i nanos", (nanos) => {
      expect(faultsOfMoney({ units: 0n, nanos })).toEqual([
        `accountInfo.${field}.nanos: must be from -999999999 to 999999999`,
      ]);
    });

    it.each<[string, MoneyInit]>([
      ["units above and nanos below zero", { units: 1n, nanos: -1 }],
      ["units below and nanos above zero", { units: -1n, nanos: 1 }],
    ])("refuses %s", (_, init) => {
      expect(faultsOfMoney(init)).toEqual([
        `accountInfo.${field}.nanos: must not have the opposite sign of units`,
      ]);
    });
  },
);

describe("a plan", () => {
  it("needs planId, and nothing else: no name, no category, no modules, no expirationTime", () => {
    expect(faultsOfPlan({})).toEqual([]);
    expect(faultsOfPlan({ planId: "" })).toEqual(["plans[1].planId: value is required"]);
  });

  it("may have expired", () => {
    expect(faultsOfPlan({ expirationTime: fromNow(-day) })).toEqual([]);
  });

  it("refuses a planCategory that is not defined", () => {
    expect(faultsOfPlan({ planCategory: raw(3) })).toEqual([
      "plans[1].planCategory: must be one of PLAN_CATEGORY_UNSPECIFIED, PREPAID, POSTPAID",
    ]);
  });
});

describe.each([
  ["planState", "plans[1]", (state: number) => faultsOfPlan({ planState: raw<PlanState>(state) })],
  [
    "planModuleState",
    "plans[0].planModules[1]",
    (state: number) => faultsOfModule({ planModuleState: raw<PlanState>(state) }),
  ],
])("%s", (field, path, faults) => {
  const expected = `${path}.${field}: must be one of ACTIVE, INACTIVE, EXPIRING_SOON, NEWLY_ACTIVE, EXPIRED`;

  it.each([1, 2, 3, 4, 5])("may be %i", (state) => {
    expect(faults(state)).toEqual([]);
  });

  it("may not be PLAN_STATE_UNSPECIFIED, which is not the same as absent", () => {
    expect(faults(0)).toEqual([expected]);
  });

  it("may not be a number that is not defined", () => {
    expect(faults(6)).toEqual([expected]);
    expect(faults(-1)).toEqual([expected]);
  });
});

describe("a module", () => {
  const at = "plans[0].planModules[1]";

  it("needs moduleName, description and a balance, and nothing else", () => {
    expect(faultsOfModule({})).toEqual([]);
    expect(
      faultsOfModule({ moduleName: "", description: "", balance: { case: undefined } }).toSorted(),
    ).toEqual([
      `${at}.description: value is required`,
      `${at}.moduleName: value is required`,
      `${at}: must set at least one of byteBalance, timeBalance and coarseBalanceLevel`,
    ]);
  });

  it.each<[string, PlanModuleInit]>([
    ["a byte balance alone", { balance: { case: "byteBalance", value: { quotaBytes: 1n } } }],
    ["a byte balance that says nothing", { balance: { case: "byteBalance", value: {} } }],
    ["a time balance alone", { balance: { case: "timeBalance", value: { quotaMinutes: 1n } } }],
    ["a time balance that says nothing", { balance: { case: "timeBalance", value: {} } }],
    ["a coarse level alone", { balance: { case: undefined }, coarseBalanceLevel: BalanceLevel.HIGH_QUOTA }],
    [
      "a coarse level beside bytes",
      {
        balance: { case: "byteBalance", value: { remainingBytes: 1n } },
        coarseBalanceLevel: BalanceLevel.NO_PLAN,
      },
    ],
    [
      "a coarse level beside minutes",
      {
        balance: { case: "timeBalance", value: { remainingMinutes: 1n } },
        coarseBalanceLevel: BalanceLevel.LOW_QUOTA,
      },
    ],
    [
      "an unspecified level beside bytes",
      {
        balance: { case: "byteBalance", value: {} },
        coarseBalanceLevel: BalanceLevel.BALANCE_LEVEL_UNSPECIFIED,
      },
    ],
  ])("may have %s", (_, init) => {
    expect(faultsOfModule(init)).toEqual([]);
  });

  it("may not have an unspecified level alone", () => {
    const coarseBalanceLevel = BalanceLevel.BALANCE_LEVEL_UNSPECIFIED;
    expect(faultsOfModule({ balance: { case: undefined }, coarseBalanceLevel })).toEqual([
      `${at}: must set at least one of byteBalance, timeBalance and coarseBalanceLevel`,
    ]);
  });

  it.each<[string, PlanModuleInit]>([
    ["unlimited bytes", { balance: { case: "byteBalance", value: { quotaBytes: 2n ** 63n - 1n } } }],
    [
      "more left than the quota",
      { balance: { case: "byteBalance", value: { quotaBytes: 1n, remainingBytes: 2n } } },
    ],
    [
      "more minutes left than the quota",
      { balance: { case: "timeBalance", value: { quotaMinutes: 1n, remainingMinutes: 2n } } },
    ],
    [
      "a quota of nothing",
      { balance: { case: "byteBalance", value: { quotaBytes: 0n, remainingBytes: 0n } } },
    ],
    ["no throttling", { maxRateKbps: 0n }],
    ["no use so far", { usedBytes: 0n }],
    ["more used than the quota", { usedBytes: 2n ** 63n - 1n }],
    ["an end in the past", { expirationTime: fromNow(-day) }],
    ["the same traffic category twice", { trafficCategories: [raw(1), raw(1)] }],
    ["an unspecified traffic category", { trafficCategories: [raw(0)] }],
    ["every traffic category", { trafficCategories: [1, 2, 3, 4, 5, 6, 7, 8, 9].map(raw<1>) }],
    ["a refresh period of none", { refreshPeriod: raw(0) }],
    ["any over-usage policy", { overUsagePolicy: raw(0) }],
  ])("may have %s", (_, init) => {
    expect(faultsOfModule(init)).toEqual([]);
  });

  it.each<[string, PlanModuleInit]>([
    ["maxRateKbps", { maxRateKbps: -1n }],
    ["usedBytes", { usedBytes: -1n }],
    ["byteBalance.quotaBytes", { balance: { case: "byteBalance", value: { quotaBytes: -1n } } }],
    [
      "byteBalance.remainingBytes",
      { balance: { case: "byteBalance", value: { remainingBytes: -(2n ** 63n) } } },
    ],
    ["timeBalance.quotaMinutes", { balance: { case: "timeBalance", value: { quotaMinutes: -1n } } }],
    ["timeBalance.remainingMinutes", { balance: { case: "timeBalance", value: { remainingMinutes: -1n } } }],
  ])("may not have a negative %s", (field, init) => {
    expect(faultsOfModule(init)).toEqual([`${at}.${field}: must be greater than or equal to 0`]);
  });

  it.each<[string, PlanModuleInit, string]>([
    [
      "coarseBalanceLevel",
      { coarseBalanceLevel: raw(5) },
      "BALANCE_LEVEL_UNSPECIFIED, NO_PLAN, OUT_OF_DATA, LOW_QUOTA, HIGH_QUOTA",
    ],
    [
      "trafficCategories[1]",
      { trafficCategories: [raw(1), raw(10)] },
      "PLAN_MODULE_TRAFFIC_CATEGORY_UNSPECIFIED, GENERIC, VIDEO, VIDEO_BROWSING, VIDEO_OFFLINE, MUSIC, GAMING, SOCIAL, MESSAGING, APP_STORE",
    ],
    [
      "overUsagePolicy",
      { overUsagePolicy: raw(4) },
      "OVER_USAGE_POLICY_UNSPECIFIED, THROTTLED, BLOCKED, PAY_AS_YOU_GO",
    ],
    ["refreshPeriod", { refreshPeriod: raw(5) }, "REFRESH_PERIOD_NONE, DAILY, MONTHLY, BIWEEKLY, WEEKLY"],
  ])("may not have a %s that is not defined", (field, init, names) => {
    expect(faultsOfModule(init)).toEqual([`${at}.${field}: must be one of ${names}`]);
  });
});

describe("planInfoPerClient", () => {
  const ofRate = (maxMediaRateKbps: number) =>
    planStatus({ planInfoPerClient: { youtube: { rateLimitedStreaming: { maxMediaRateKbps } } } });

  it("may be empty at every level", () => {
    for (const planInfoPerClient of [{}, { youtube: {} }, { youtube: { rateLimitedStreaming: {} } }]) {
      expect(faultsOf(planStatus({ planInfoPerClient }))).toEqual([]);
    }
  });

  it("has a rate that is not negative", () => {
    expect(faultsOf(ofRate(0))).toEqual([]);
    expect(faultsOf(ofRate(2 ** 31 - 1))).toEqual([]);
    expect(faultsOf(ofRate(-1))).toEqual([
      "planInfoPerClient.youtube.rateLimitedStreaming.maxMediaRateKbps: must be greater than or equal to 0",
    ]);
  });
});

describe("a plan group", () => {
  function faultsOfGroup(init: MessageInitShape<typeof CreatePlanGroupRequestSchema>): string[] {
    const request = create(CreatePlanGroupRequestSchema, {
      parent: "operators/65001",
      planGroupId: "491701234567",
      ...init,
    });
    return rules(CreatePlanGroupRequestSchema, request).map(
      ({ field, description }) => `${field}: ${description}`,
    );
  }
  const ofPlans = (...dataPlans: Plan[]) => faultsOfGroup({ planGroup: { dataPlans } });
  const ofModule = (module: PlanModule) => ofPlans(plan({ planModules: [module] }));

  it("needs nothing: neither fields nor the group itself", () => {
    expect(faultsOfGroup({})).toEqual([]);
    expect(faultsOfGroup({ planGroup: {} })).toEqual([]);
  });

  it("needs an id", () => {
    expect(faultsOfGroup({ planGroupId: "" })).toEqual(["planGroupId: value is required"]);
  });

  it("obeys the rules of plans", () => {
    expect(ofPlans(plan({ planId: "" }))).toEqual(["planGroup.dataPlans[0].planId: value is required"]);
    expect(ofModule(planModule({ moduleName: "" }))).toEqual([
      "planGroup.dataPlans[0].planModules[0].moduleName: value is required",
    ]);
  });

  it("needs no accountInfo for PREPAID plans: it has none", () => {
    expect(ofPlans(plan({ planCategory: PlanCategory.PREPAID }))).toEqual([]);
  });

  it("needs nothing for notifications: it sends none", () => {
    const coarseBalanceLevel = BalanceLevel.LOW_QUOTA;
    expect(ofModule(planModule({ coarseBalanceLevel, balance: { case: undefined } }))).toEqual([]);
  });

  it("has none of the time rules of statuses", () => {
    const past = { responseStaleTime: fromNow(-365 * day), lastUpdatedTime: fromNow(-365 * day) };
    const future = { responseStaleTime: fromNow(365 * day), lastUpdatedTime: fromNow(365 * day) };
    expect(faultsOfGroup({ planGroup: past })).toEqual([]);
    expect(faultsOfGroup({ planGroup: future })).toEqual([]);
  });
});

describe("the parent of every request", () => {
  const faultsOfParent = (parent: string) => {
    const planStatusInit = planStatus();
    return [
      rules(
        CreateUserPlanStatusRequestSchema,
        create(CreateUserPlanStatusRequestSchema, {
          parent,
          clientId: "youtube",
          userKey: "k",
          planStatus: planStatusInit,
        }),
      ),
      rules(
        CreatePlanStatusRequestSchema,
        create(CreatePlanStatusRequestSchema, { parent, userKey: "k", planStatus: planStatusInit }),
      ),
      rules(CreatePlanGroupRequestSchema, create(CreatePlanGroupRequestSchema, { parent, planGroupId: "k" })),
      rules(
        GetUserPlanStatusRequestSchema,
        create(GetUserPlanStatusRequestSchema, { parent, clientId: "youtube", userKey: "k" }),
      ),
    ];
  };

  it.each(["1", "9", "10", "65001", "999999999", "1000000000", "3999999999", "4294967294", "4294967295"])(
    "may be operators/%s",
    (asn) => {
      expect(faultsOfParent(`operators/${asn}`)).toEqual([[], [], [], []]);
    },
  );

  it.each([
    "operators/0",
    "operators/01",
    "operators/4294967296",
    "operators/4294967300",
    "operators/4300000000",
    "operators/5000000000",
    "operators/10000000000",
    "operators/-1",
    "operators/1.5",
    "operators/1e3",
    "operators/0x10",
    "operators/ 1",
    "operators/1 ",
    "operators/1\n",
    "operators/١",
    "operators/",
    "operators",
    "65001",
    "operators/65001/",
    "operators/65001/x",
    "/operators/65001",
    "Operators/65001",
    "xoperators/65001",
  ])("may not be %j", (parent) => {
    const fault = {
      field: "parent",
      description:
        "must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros",
    };
    expect(faultsOfParent(parent)).toEqual([[fault], [fault], [fault], [fault]]);
  });

  it("value is required", () => {
    const fault = { field: "parent", description: "value is required" };
    expect(faultsOfParent("")).toEqual([[fault], [fault], [fault], [fault]]);
  });
});

describe("a request", () => {
  it("to create a user's status needs every field", () => {
    const request = create(CreateUserPlanStatusRequestSchema);
    expect(rules(CreateUserPlanStatusRequestSchema, request)).toEqual(
      ["parent", "clientId", "userKey", "planStatus"].map((field) => ({
        field,
        description: "value is required",
      })),
    );
  });

  it("to create a status for every client needs every field", () => {
    const request = create(CreatePlanStatusRequestSchema);
    expect(rules(CreatePlanStatusRequestSchema, request)).toEqual(
      ["parent", "userKey", "planStatus"].map((field) => ({ field, description: "value is required" })),
    );
  });

  it.each(["mobiledataplan", "youtube"])("may name the client %s", (clientId) => {
    const request = create(GetUserPlanStatusRequestSchema, { parent: "operators/1", clientId, userKey: "k" });
    expect(rules(GetUserPlanStatusRequestSchema, request)).toEqual([]);
  });

  it.each(["YouTube", "youtube ", "gmail"])("may not name the client %j", (clientId) => {
    const request = create(GetUserPlanStatusRequestSchema, { parent: "operators/1", clientId, userKey: "k" });
    expect(rules(GetUserPlanStatusRequestSchema, request)).toEqual([
      { field: "clientId", description: expect.stringContaining("mobiledataplan") },
    ]);
  });
});

describe("the name to read by", () => {
  const faultsOfNames = (id: string) => {
    const status = create(GetPlanStatusRequestSchema, { name: `operators/65001/planStatuses/${id}` });
    const group = create(GetPlanGroupRequestSchema, { name: `operators/65001/planGroups/${id}` });
    return [rules(GetPlanStatusRequestSchema, status), rules(GetPlanGroupRequestSchema, group)];
  };

  it.each(["a", "a+b==", "a%2Fb", "a%25b", "%25%2F", "a b", "ü😀", "."])("may end in %j", (id) => {
    expect(faultsOfNames(id)).toEqual([[], []]);
  });

  it.each(["", "a/b", "a%b", "%", "%2f", "%20", "a%2"])("may not end in %j", (id) => {
    const fault = { field: "name", description: expect.stringContaining("resource name") };
    expect(faultsOfNames(id)).toEqual([[fault], [fault]]);
  });

  it("may not be that of another collection or of an operator that cannot be", () => {
    for (const name of ["operators/65001/planGroups/k", "operators/0/planStatuses/k", "planStatuses/k"]) {
      const request = create(GetPlanStatusRequestSchema, { name });
      expect(rules(GetPlanStatusRequestSchema, request).map(({ field }) => field)).toEqual(["name"]);
    }
  });
});
