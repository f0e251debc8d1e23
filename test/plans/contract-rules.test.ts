import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
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
const invalidTime = create(TimestampSchema, { seconds: 253_402_300_800n });
const timeExpected = "must be a time from year 1 to 9999, with 0 to 999999999 nanoseconds";

/** Returns the violations of a status as `path: description`, the path relative to the status. */
function violationsOf(status: PlanStatus): string[] {
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

const violationsOfPlan = (init: PlanInit) => violationsOf(planStatus({ plans: [plan(), plan(init)] }));
const violationsOfModule = (init: PlanModuleInit) => violationsOf(statusOf(planModule(), planModule(init)));
const violationsOfAccount = (init: AccountInfoInit) =>
  violationsOf(planStatus({ accountInfo: accountInfo(init) }));

/** Any number as the value of an enum, as a client may send it. */
const raw = <Enum extends number>(value: number) => value as Enum;

describe("a plan status", () => {
  it("requires languageCode, expireTime and updateTime of a status, and nothing else", () => {
    expect(violationsOf(planStatus())).toEqual([]);
    expect(violationsOf(create(PlanStatusSchema))).toEqual([
      "languageCode: value is required",
      "expireTime: value is required",
      "updateTime: value is required",
    ]);
  });

  it.each([
    // BCP 47: languages, extended languages, scripts, regions, variants.
    ...["de", "DE", "en-US", "sr-Latn", "zh-Hant-TW", "es-419", "de-CH-1901", "hy-Latn-IT-arevela"],
    ...[
      "zh-cmn-Hans-CN",
      "zh-gan-yue-cmn",
      "sl-rozaj-biske-1994",
      "ast",
      "abcd",
      "abcdefgh",
      "qaa-Qaaa-QM-x-a",
    ],
    // Extensions and private use.
    ...[
      "en-u-ca-buddhist-nu-thai",
      "de-t-en-a-bb-x-1",
      "en-US-x-a-b2-12345678",
      "x-private",
      "X-a-1",
      "en-1-ab",
    ],
    // Tags of BCP 47 that its grammar lists one by one, and others that it also parses.
    ...[
      "i-klingon",
      "i-default",
      "en-GB-oed",
      "sgn-BE-FR",
      "art-lojban",
      "zh-min-nan",
      "no-bok",
      "cel-gaulish",
    ],
    // Unicode locale identifiers: underscores, a script without a language, root.
    ...["en_US", "sr_Latn_RS", "en_US_POSIX", "zh_Hant-TW", "es_419", "root", "Latn", "Latn_RS", "POSIX"],
    ...["th_TH_u_ca_buddhist", "en_GB_x_a", "ca_ES_valencia"],
  ])("accepts the well-formed language code %s", (languageCode) => {
    expect(violationsOf(planStatus({ languageCode }))).toEqual([]);
  });

  it.each([
    ...["C", "e", "a-DE", "1", "12", "ë", "abcdefghi", "e1", "en1"],
    ...["en-", "en_", "-US", "_US", "en--US", "en__US", "en-_US", "en US", " en", "en ", "en\n", "en.US"],
    ...["C.UTF-8", "en_US.UTF-8", "en_US@euro", "en-abcdefghi", "en-U", "en-US1", "en-12", "en-1234a6789"],
    // Subtags in another order, extensions and private use without content.
    ...[
      "en-US-Latn",
      "de-1901-DE",
      "en-u",
      "en-u-x-a",
      "en-x",
      "x",
      "x-",
      "x_a",
      "x-123456789",
      "i-foo",
      "i",
    ],
    ...["zh_cmn", "en-u-ca-", "en-u-a", "*", "en-*", "en,de", "en;q=0.5"],
  ])("rejects the language code %j, which is not well-formed", (languageCode) => {
    expect(violationsOf(planStatus({ languageCode }))).toEqual([
      "languageCode: must be a well-formed language tag (BCP 47) or locale identifier (UTS 35), such as en-US or en_US",
    ]);
  });

  it.each([
    UiCompatibility.UI_COMPATIBILITY_UNSPECIFIED,
    UiCompatibility.UI_COMPATIBLE,
    UiCompatibility.UI_INCOMPATIBLE,
  ])("accepts uiCompatibility %i", (uiCompatibility) => {
    expect(violationsOf(planStatus({ uiCompatibility }))).toEqual([]);
  });

  it("rejects an undefined uiCompatibility", () => {
    expect(violationsOf(planStatus({ uiCompatibility: raw(3) }))).toEqual([
      "uiCompatibility: must be one of UI_COMPATIBILITY_UNSPECIFIED, UI_COMPATIBLE, UI_INCOMPATIBLE",
    ]);
  });

  it("reports an invalid Timestamp once, after the violations of other rules", () => {
    expect(violationsOf(planStatus({ expireTime: invalidTime }))).toEqual([`expireTime: ${timeExpected}`]);
    expect(violationsOf(planStatus({ expireTime: invalidTime, languageCode: "" }))).toEqual([
      "languageCode: value is required",
      `expireTime: ${timeExpected}`,
    ]);
  });

  it("accepts any value in the output-only fields of a status", () => {
    expect(violationsOf(planStatus({ name: "no name", notifications: [raw(99)] }))).toEqual([]);
  });
});

describe("accountInfo", () => {
  const ofCategories = (...categories: number[]) =>
    planStatus({ plans: categories.map((planCategory) => plan({ planCategory: raw(planCategory) })) });

  it("requires accountInfo when any plan is PREPAID", () => {
    expect(violationsOf(ofCategories(PlanCategory.POSTPAID, PlanCategory.PREPAID))).toEqual([
      "accountInfo: value is required when a plan is PREPAID",
    ]);
  });

  it("does not require accountInfo when no plan is PREPAID", () => {
    expect(violationsOf(ofCategories(PlanCategory.POSTPAID, PlanCategory.PLAN_CATEGORY_UNSPECIFIED))).toEqual(
      [],
    );
  });

  it("accepts accountInfo with plans of every category", () => {
    const status = ofCategories(PlanCategory.PREPAID, PlanCategory.POSTPAID);
    expect(violationsOf(Object.assign(status, { accountInfo: accountInfo() }))).toEqual([]);
  });

  it("requires accountBalance, accountBalanceStatus and validUntil of accountInfo, and nothing else", () => {
    expect(violationsOf(planStatus({ accountInfo: accountInfo() }))).toEqual([]);
    expect(violationsOf(planStatus({ accountInfo: {} }))).toEqual([
      "accountInfo.accountBalance: value is required",
      "accountInfo.accountBalanceStatus: value is required",
      "accountInfo.validUntil: value is required",
    ]);
  });

  it("accepts a validUntil in the past", () => {
    expect(violationsOfAccount({ validUntil: fromNow(-365 * day) })).toEqual([]);
  });

  it.each([1, 2])("accepts accountBalanceStatus %i", (status) => {
    expect(violationsOfAccount({ accountBalanceStatus: raw(status) })).toEqual([]);
  });

  it("rejects accountBalanceStatus ACCOUNT_BALANCE_STATUS_UNSPECIFIED", () => {
    expect(violationsOfAccount({ accountBalanceStatus: raw(0) })).toEqual([
      "accountInfo.accountBalanceStatus: must be one of VALID, INVALID",
    ]);
  });

  it("rejects an undefined accountBalanceStatus", () => {
    expect(violationsOfAccount({ accountBalanceStatus: raw(3) })).toEqual([
      "accountInfo.accountBalanceStatus: must be one of VALID, INVALID",
    ]);
  });
});

describe.each(["accountBalance", "loanBalance", "unpaidLoan", "payAsYouGoCharge", "accountTopUp"] as const)(
  "the Money in %s",
  (field) => {
    const violationsOfMoney = (init: MoneyInit) => violationsOfAccount({ [field]: money(init) });

    it.each<[string, MoneyInit]>([
      ["zero", { units: 0n, nanos: 0 }],
      ["-1.75", { units: -1n, nanos: -750_000_000 }],
      ["0.000000001", { units: 0n, nanos: 1 }],
      ["-0.999999999", { units: 0n, nanos: -999_999_999 }],
      ["0.999999999", { units: 0n, nanos: 999_999_999 }],
      ["-5", { units: -5n, nanos: 0 }],
      ["the largest amount", { units: 2n ** 63n - 1n, nanos: 999_999_999 }],
      ["the smallest amount", { units: -(2n ** 63n), nanos: -999_999_999 }],
      ["an unassigned currency code", { currencyCode: "ZZZ" }],
    ])(`accepts %s in ${field}`, (_, init) => {
      expect(violationsOfMoney(init)).toEqual([]);
    });

    it.each(["", "US", "USDX", "usd", "U$D", "ÜSD", "USD\n", "840"])(
      `rejects the currency %j in ${field}`,
      (currencyCode) => {
        expect(violationsOfMoney({ currencyCode })).toEqual([
          `accountInfo.${field}.currencyCode: must be three capital letters (ISO 4217), such as EUR`,
        ]);
      },
    );

    it.each([1_000_000_000, -1_000_000_000, 2 ** 31 - 1])(`rejects %i nanos in ${field}`, (nanos) => {
      expect(violationsOfMoney({ units: 0n, nanos })).toEqual([
        `accountInfo.${field}.nanos: must be from -999999999 to 999999999`,
      ]);
    });

    it.each<[string, MoneyInit]>([
      ["positive units with negative nanos", { units: 1n, nanos: -1 }],
      ["negative units with positive nanos", { units: -1n, nanos: 1 }],
    ])(`rejects %s in ${field}`, (_, init) => {
      expect(violationsOfMoney(init)).toEqual([
        `accountInfo.${field}.nanos: must not have the opposite sign of units`,
      ]);
    });
  },
);

describe("a plan", () => {
  it("requires planId of a plan, and nothing else", () => {
    expect(violationsOfPlan({})).toEqual([]);
    expect(violationsOfPlan({ planId: "" })).toEqual(["plans[1].planId: value is required"]);
  });

  it("accepts a plan that has expired", () => {
    expect(violationsOfPlan({ expirationTime: fromNow(-day) })).toEqual([]);
  });

  it("rejects an undefined planCategory", () => {
    expect(violationsOfPlan({ planCategory: raw(3) })).toEqual([
      "plans[1].planCategory: must be one of PLAN_CATEGORY_UNSPECIFIED, PREPAID, POSTPAID",
    ]);
  });
});

describe.each([
  ["planState", "plans[1]", (state: number) => violationsOfPlan({ planState: raw<PlanState>(state) })],
  [
    "planModuleState",
    "plans[0].planModules[1]",
    (state: number) => violationsOfModule({ planModuleState: raw<PlanState>(state) }),
  ],
])("%s", (field, path, violations) => {
  const expected = `${path}.${field}: must be one of ACTIVE, INACTIVE, EXPIRING_SOON, NEWLY_ACTIVE, EXPIRED`;

  it.each([1, 2, 3, 4, 5])(`accepts ${field} %i`, (state) => {
    expect(violations(state)).toEqual([]);
  });

  it(`rejects ${field} PLAN_STATE_UNSPECIFIED, although the field may be absent`, () => {
    expect(violations(0)).toEqual([expected]);
  });

  it(`rejects an undefined ${field}`, () => {
    expect(violations(6)).toEqual([expected]);
    expect(violations(-1)).toEqual([expected]);
  });
});

describe("a module", () => {
  const at = "plans[0].planModules[1]";

  it("requires moduleName, description and a balance of a module, and nothing else", () => {
    expect(violationsOfModule({})).toEqual([]);
    expect(
      violationsOfModule({ moduleName: "", description: "", balance: { case: undefined } }).toSorted(),
    ).toEqual([
      `${at}.description: value is required`,
      `${at}.moduleName: value is required`,
      `${at}: must set at least one of byteBalance, timeBalance and coarseBalanceLevel`,
    ]);
  });

  it.each<[string, PlanModuleInit]>([
    ["a byte balance alone", { balance: { case: "byteBalance", value: { quotaBytes: 1n } } }],
    ["an empty byte balance", { balance: { case: "byteBalance", value: {} } }],
    ["a time balance alone", { balance: { case: "timeBalance", value: { quotaMinutes: 1n } } }],
    ["an empty time balance", { balance: { case: "timeBalance", value: {} } }],
    ["a coarse level alone", { balance: { case: undefined }, coarseBalanceLevel: BalanceLevel.HIGH_QUOTA }],
    [
      "a coarse level with a byte balance",
      {
        balance: { case: "byteBalance", value: { remainingBytes: 1n } },
        coarseBalanceLevel: BalanceLevel.NO_PLAN,
      },
    ],
    [
      "a coarse level with a time balance",
      {
        balance: { case: "timeBalance", value: { remainingMinutes: 1n } },
        coarseBalanceLevel: BalanceLevel.LOW_QUOTA,
      },
    ],
    [
      "an unspecified level with a byte balance",
      {
        balance: { case: "byteBalance", value: {} },
        coarseBalanceLevel: BalanceLevel.BALANCE_LEVEL_UNSPECIFIED,
      },
    ],
  ])("accepts a module with %s", (_, init) => {
    expect(violationsOfModule(init)).toEqual([]);
  });

  it("rejects a module with an unspecified level and no balance", () => {
    const coarseBalanceLevel = BalanceLevel.BALANCE_LEVEL_UNSPECIFIED;
    expect(violationsOfModule({ balance: { case: undefined }, coarseBalanceLevel })).toEqual([
      `${at}: must set at least one of byteBalance, timeBalance and coarseBalanceLevel`,
    ]);
  });

  it.each<[string, PlanModuleInit]>([
    ["the largest byte quota", { balance: { case: "byteBalance", value: { quotaBytes: 2n ** 63n - 1n } } }],
    [
      "more bytes left than the quota",
      { balance: { case: "byteBalance", value: { quotaBytes: 1n, remainingBytes: 2n } } },
    ],
    [
      "more minutes left than the quota",
      { balance: { case: "timeBalance", value: { quotaMinutes: 1n, remainingMinutes: 2n } } },
    ],
    [
      "a quota of 0 bytes",
      { balance: { case: "byteBalance", value: { quotaBytes: 0n, remainingBytes: 0n } } },
    ],
    ["maxRateKbps 0", { maxRateKbps: 0n }],
    ["usedBytes 0", { usedBytes: 0n }],
    ["more bytes used than the quota", { usedBytes: 2n ** 63n - 1n }],
    ["an expirationTime in the past", { expirationTime: fromNow(-day) }],
    ["the same traffic category twice", { trafficCategories: [raw(1), raw(1)] }],
    ["an unspecified traffic category", { trafficCategories: [raw(0)] }],
    ["every traffic category", { trafficCategories: [1, 2, 3, 4, 5, 6, 7, 8, 9].map(raw<1>) }],
    ["REFRESH_PERIOD_NONE", { refreshPeriod: raw(0) }],
    ["an unspecified over-usage policy", { overUsagePolicy: raw(0) }],
  ])("accepts a module with %s", (_, init) => {
    expect(violationsOfModule(init)).toEqual([]);
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
  ])("rejects a negative %s of a module", (field, init) => {
    expect(violationsOfModule(init)).toEqual([`${at}.${field}: must be greater than or equal to 0`]);
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
  ])("rejects an undefined %s of a module", (field, init, names) => {
    expect(violationsOfModule(init)).toEqual([`${at}.${field}: must be one of ${names}`]);
  });
});

describe("planInfoPerClient", () => {
  const ofRate = (maxMediaRateKbps: number) =>
    planStatus({ planInfoPerClient: { youtube: { rateLimitedStreaming: { maxMediaRateKbps } } } });

  it("accepts an empty message at every level of planInfoPerClient", () => {
    for (const planInfoPerClient of [{}, { youtube: {} }, { youtube: { rateLimitedStreaming: {} } }]) {
      expect(violationsOf(planStatus({ planInfoPerClient }))).toEqual([]);
    }
  });

  it("rejects a negative maxMediaRateKbps and accepts 0", () => {
    expect(violationsOf(ofRate(0))).toEqual([]);
    expect(violationsOf(ofRate(2 ** 31 - 1))).toEqual([]);
    expect(violationsOf(ofRate(-1))).toEqual([
      "planInfoPerClient.youtube.rateLimitedStreaming.maxMediaRateKbps: must be greater than or equal to 0",
    ]);
  });
});

describe("a plan group", () => {
  function violationsOfGroup(init: MessageInitShape<typeof CreatePlanGroupRequestSchema>): string[] {
    const request = create(CreatePlanGroupRequestSchema, {
      parent: "operators/65001",
      planGroupId: "491701234567",
      ...init,
    });
    return rules(CreatePlanGroupRequestSchema, request).map(
      ({ field, description }) => `${field}: ${description}`,
    );
  }
  const ofPlans = (...dataPlans: Plan[]) => violationsOfGroup({ planGroup: { dataPlans } });
  const ofModule = (module: PlanModule) => ofPlans(plan({ planModules: [module] }));

  it("accepts a request without a group and a group without fields", () => {
    expect(violationsOfGroup({})).toEqual([]);
    expect(violationsOfGroup({ planGroup: {} })).toEqual([]);
  });

  it("requires planGroupId", () => {
    expect(violationsOfGroup({ planGroupId: "" })).toEqual(["planGroupId: value is required"]);
  });

  it("applies the rules of plans to the plans of a group", () => {
    expect(ofPlans(plan({ planId: "" }))).toEqual(["planGroup.dataPlans[0].planId: value is required"]);
    expect(ofModule(planModule({ moduleName: "" }))).toEqual([
      "planGroup.dataPlans[0].planModules[0].moduleName: value is required",
    ]);
  });

  it("accepts PREPAID plans in a group, which has no accountInfo", () => {
    expect(ofPlans(plan({ planCategory: PlanCategory.PREPAID }))).toEqual([]);
  });

  it("does not require balances for notifications, because a group sends none", () => {
    const coarseBalanceLevel = BalanceLevel.LOW_QUOTA;
    expect(ofModule(planModule({ coarseBalanceLevel, balance: { case: undefined } }))).toEqual([]);
  });

  it("accepts any past or future times in a group", () => {
    const past = { responseStaleTime: fromNow(-365 * day), lastUpdatedTime: fromNow(-365 * day) };
    const future = { responseStaleTime: fromNow(365 * day), lastUpdatedTime: fromNow(365 * day) };
    expect(violationsOfGroup({ planGroup: past })).toEqual([]);
    expect(violationsOfGroup({ planGroup: future })).toEqual([]);
  });
});

describe("the parent of every request", () => {
  const violationsOfParent = (parent: string) => {
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
    "accepts the parent operators/%s",
    (asn) => {
      expect(violationsOfParent(`operators/${asn}`)).toEqual([[], [], [], []]);
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
  ])("rejects the parent %j", (parent) => {
    const violation = {
      field: "parent",
      description:
        "must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros",
    };
    expect(violationsOfParent(parent)).toEqual([[violation], [violation], [violation], [violation]]);
  });

  it("requires the parent", () => {
    const violation = { field: "parent", description: "value is required" };
    expect(violationsOfParent("")).toEqual([[violation], [violation], [violation], [violation]]);
  });
});

describe("a request", () => {
  it("requires every field of CreateUserPlanStatusRequest", () => {
    const request = create(CreateUserPlanStatusRequestSchema);
    expect(rules(CreateUserPlanStatusRequestSchema, request)).toEqual(
      ["parent", "clientId", "userKey", "planStatus"].map((field) => ({
        field,
        description: "value is required",
      })),
    );
  });

  it("requires every field of CreatePlanStatusRequest", () => {
    const request = create(CreatePlanStatusRequestSchema);
    expect(rules(CreatePlanStatusRequestSchema, request)).toEqual(
      ["parent", "userKey", "planStatus"].map((field) => ({ field, description: "value is required" })),
    );
  });

  it.each(["mobiledataplan", "youtube"])("accepts the client %s", (clientId) => {
    const request = create(GetUserPlanStatusRequestSchema, { parent: "operators/1", clientId, userKey: "k" });
    expect(rules(GetUserPlanStatusRequestSchema, request)).toEqual([]);
  });

  it.each(["YouTube", "youtube ", "gmail"])("rejects the client %j", (clientId) => {
    const request = create(GetUserPlanStatusRequestSchema, { parent: "operators/1", clientId, userKey: "k" });
    expect(rules(GetUserPlanStatusRequestSchema, request)).toEqual([
      { field: "clientId", description: expect.stringContaining("mobiledataplan") },
    ]);
  });
});

describe("the name of a Get request", () => {
  const violationsOfNames = (id: string) => {
    const status = create(GetPlanStatusRequestSchema, { name: `operators/65001/planStatuses/${id}` });
    const group = create(GetPlanGroupRequestSchema, { name: `operators/65001/planGroups/${id}` });
    return [rules(GetPlanStatusRequestSchema, status), rules(GetPlanGroupRequestSchema, group)];
  };

  it.each(["a", "a+b==", "a%2Fb", "a%25b", "%25%2F", "a b", "ü😀", "."])(
    "accepts a name that ends in %j",
    (id) => {
      expect(violationsOfNames(id)).toEqual([[], []]);
    },
  );

  it.each(["", "a/b", "a%b", "%", "%2f", "%20", "a%2"])("rejects a name that ends in %j", (id) => {
    const violation = { field: "name", description: expect.stringContaining("resource name") };
    expect(violationsOfNames(id)).toEqual([[violation], [violation]]);
  });

  it("rejects a name with another collection, with ASN 0 or without an operator", () => {
    for (const name of ["operators/65001/planGroups/k", "operators/0/planStatuses/k", "planStatuses/k"]) {
      const request = create(GetPlanStatusRequestSchema, { name });
      expect(rules(GetPlanStatusRequestSchema, request).map(({ field }) => field)).toEqual(["name"]);
    }
  });
});
