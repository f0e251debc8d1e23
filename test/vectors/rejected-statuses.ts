import { account, byteModule, invalid, keyOf, module, parent, rejected, status, statusOf } from "./build.ts";
import type { CaseInit, JsonObject } from "./case.ts";

const firstModule = "plans[0].planModules[0]";

/** Returns a push of a valid status whose other fields are changed. */
function rejectedRequest(name: string, changed: JsonObject, ...violations: string[]): CaseInit {
  return {
    name,
    method: "CreateUserPlanStatus",
    request: { parent, clientId: "mobiledataplan", userKey: keyOf(name), planStatus: status(), ...changed },
    error: invalid(...violations),
  };
}

const requests: CaseInit[] = [
  {
    name: "an empty request",
    method: "CreateUserPlanStatus",
    request: {},
    error: invalid("parent", "clientId", "userKey", "planStatus"),
  },
  rejectedRequest("a parent with a leading zero", { parent: "operators/065001" }, "parent"),
  rejectedRequest("a parent beyond 32 bits", { parent: "operators/4294967296" }, "parent"),
  rejectedRequest("a parent of another collection", { parent: "operator/65001" }, "parent"),
  rejectedRequest("an unknown client", { clientId: "maps" }, "clientId"),
  rejectedRequest("a user key of 4097 characters", { userKey: "k".repeat(4097) }, "userKey"),
  rejectedRequest("a user key with a space, as from an unescaped plus", { userKey: "a/b c==" }, "userKey"),
  {
    name: "a status for all clients without a user key",
    method: "CreatePlanStatus",
    request: { parent, planStatus: status() },
    error: invalid("userKey"),
  },
];

const required: CaseInit[] = [
  rejected("an empty status", {}, "languageCode", "expireTime", "updateTime"),
  rejected("a plan without an id", status({ plans: [{ planId: "a" }, {}] }), "plans[1].planId"),
  rejected(
    "a module without a name and a description",
    statusOf({ coarseBalanceLevel: "HIGH_QUOTA" }),
    `${firstModule}.description`,
    `${firstModule}.moduleName`,
  ),
  rejected("a module without any balance", statusOf(byteModule(), module({})), "plans[0].planModules[1]"),
  rejected(
    "a prepaid plan without an account",
    status({ plans: [{ planId: "a", planCategory: "PREPAID" }] }),
    "accountInfo",
  ),
  rejected(
    "an empty account",
    status({ accountInfo: {} }),
    "accountInfo.accountBalance",
    "accountInfo.accountBalanceStatus",
    "accountInfo.validUntil",
  ),
];

const values: CaseInit[] = [
  rejected("a language code of one letter", status({ languageCode: "C" }), "languageCode"),
  rejected("a language code that begins with one letter", status({ languageCode: "a-DE" }), "languageCode"),
  rejected("a language code with two underscores", status({ languageCode: "en__US" }), "languageCode"),
  rejected("a language code with an encoding", status({ languageCode: "en_US.UTF-8" }), "languageCode"),
  rejected("a language code without a language", status({ languageCode: "-Latn" }), "languageCode"),
  rejected(
    "unknown enum numbers",
    {
      ...statusOf(byteModule({ coarseBalanceLevel: 5, trafficCategories: ["VIDEO", 10] })),
      uiCompatibility: 3,
    },
    `${firstModule}.coarseBalanceLevel`,
    `${firstModule}.trafficCategories[1]`,
    "uiCompatibility",
  ),
  rejected(
    "enum values that are always invalid",
    {
      ...statusOf(byteModule({ planModuleState: "PLAN_STATE_UNSPECIFIED" })),
      accountInfo: account({ accountBalanceStatus: "ACCOUNT_BALANCE_STATUS_UNSPECIFIED" }),
    },
    `${firstModule}.planModuleState`,
    "accountInfo.accountBalanceStatus",
  ),
  rejected(
    "negative quantities",
    {
      ...statusOf(
        module({
          maxRateKbps: "-1",
          usedBytes: "-9223372036854775808",
          byteBalance: { quotaBytes: "-1", remainingBytes: "-1" },
        }),
        module({ timeBalance: { quotaMinutes: "-1", remainingMinutes: "-5" } }),
      ),
      planInfoPerClient: { youtube: { rateLimitedStreaming: { maxMediaRateKbps: -2_147_483_648 } } },
    },
    `${firstModule}.maxRateKbps`,
    `${firstModule}.usedBytes`,
    `${firstModule}.byteBalance.quotaBytes`,
    `${firstModule}.byteBalance.remainingBytes`,
    "plans[0].planModules[1].timeBalance.quotaMinutes",
    "plans[0].planModules[1].timeBalance.remainingMinutes",
    "planInfoPerClient.youtube.rateLimitedStreaming.maxMediaRateKbps",
  ),
  rejected(
    "texts that are one character too long",
    status({
      title: "😀".repeat(1025),
      subscriberId: "s".repeat(4097),
      plans: [
        {
          planName: "ก".repeat(1025),
          planId: "p".repeat(4097),
          planModules: [byteModule({ description: "d".repeat(4097), moduleName: "ü".repeat(1025) })],
        },
      ],
    }),
    "plans[0].planName",
    "plans[0].planId",
    `${firstModule}.description`,
    `${firstModule}.moduleName`,
    "title",
    "subscriberId",
  ),
  rejected(
    "129 plans",
    status({ plans: Array.from({ length: 129 }, (_, index) => ({ planId: `plan-${index}` })) }),
    "plans",
  ),
  rejected("a CPID state in lower case", status({ cpidState: "active" }), "cpidState"),
  rejected("an empty CPID state", status({ cpidState: "" }), "cpidState"),
  rejected("a CPID state of 65 characters", status({ cpidState: "A".repeat(65) }), "cpidState"),
];

const money: CaseInit[] = [
  rejected(
    "currencies that are not three capital letters",
    status({
      accountInfo: account({
        accountBalance: { currencyCode: "usd", units: "1" },
        loanBalance: { units: "1" },
        payAsYouGoCharge: { currencyCode: "EURO" },
      }),
    }),
    "accountInfo.accountBalance.currencyCode",
    "accountInfo.loanBalance.currencyCode",
    "accountInfo.payAsYouGoCharge.currencyCode",
  ),
  rejected(
    "nanos of one unit or more",
    status({
      accountInfo: account({
        unpaidLoan: { currencyCode: "USD", nanos: 1_000_000_000 },
        accountTopUp: { currencyCode: "USD", units: "-1", nanos: -1_000_000_000 },
      }),
    }),
    "accountInfo.unpaidLoan.nanos",
    "accountInfo.accountTopUp.nanos",
  ),
  rejected(
    "units and nanos of opposite signs",
    status({
      accountInfo: account({
        accountBalance: { currencyCode: "USD", units: "1", nanos: -1 },
        loanBalance: { currencyCode: "USD", units: "-1", nanos: 1 },
      }),
    }),
    "accountInfo.accountBalance.nanos",
    "accountInfo.loanBalance.nanos",
  ),
];

const times: CaseInit[] = [
  rejected("a status that has expired", status({ expireTime: "2020-01-01T00:00:00Z" }), "expireTime"),
  rejected("a status older than 30 days", status({ updateTime: "2020-01-01T00:00:00Z" }), "updateTime"),
  rejected(
    "a status with a future update time",
    status({ updateTime: "9999-12-31T23:59:59Z" }),
    "updateTime",
  ),
];

const notifications: CaseInit[] = [
  rejected(
    "low balances without a remaining amount",
    statusOf(
      module({ coarseBalanceLevel: "LOW_QUOTA" }),
      module({ coarseBalanceLevel: "LOW_QUOTA", byteBalance: { quotaBytes: "1000" } }),
      module({ coarseBalanceLevel: "LOW_QUOTA", timeBalance: { quotaMinutes: "60" } }),
    ),
    `${firstModule}.byteBalance.remainingBytes`,
    "plans[0].planModules[1].byteBalance.remainingBytes",
    "plans[0].planModules[2].timeBalance.remainingMinutes",
  ),
  rejected(
    "a module that expires soon without an expiration time",
    statusOf(byteModule({ planModuleState: "EXPIRING_SOON" })),
    `${firstModule}.expirationTime`,
  ),
];

const together: CaseInit[] = [
  rejected(
    "violations of every kind, all reported at once",
    {
      expireTime: "2020-01-01T00:00:00Z",
      updateTime: "2020-01-01T00:00:00Z",
      plans: [{ planModules: [module({ coarseBalanceLevel: "LOW_QUOTA" })] }],
    },
    "plans[0].planId",
    "languageCode",
    "expireTime",
    "updateTime",
    `${firstModule}.byteBalance.remainingBytes`,
  ),
];

/** Pushes of statuses that violate rules of the contract. */
export const rejectedStatuses: readonly CaseInit[] = [
  ...requests,
  ...required,
  ...values,
  ...money,
  ...times,
  ...notifications,
  ...together,
];
