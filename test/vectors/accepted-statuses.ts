import {
  accepted,
  account,
  byteModule,
  expireTime,
  module,
  parent,
  status,
  statusOf,
  updateTime,
} from "./build.ts";
import type { CaseInit, JsonObject } from "./case.ts";

const largest = "9223372036854775807";
const smallest = "-9223372036854775808";

const balances: CaseInit[] = [
  accepted("the smallest valid status", status()),
  accepted(
    "a postpaid plan with three modules",
    status({
      title: "ACME Business",
      subscriberId: "sub-0042",
      uiCompatibility: "UI_COMPATIBLE",
      plans: [
        {
          planId: "acme-199",
          planName: "ACME Plan 199",
          planCategory: "POSTPAID",
          planState: "ACTIVE",
          expirationTime: "2046-06-30T22:00:00Z",
          planModules: [
            byteModule({
              trafficCategories: ["GENERIC"],
              expirationTime: "2045-02-01T00:00:00Z",
              overUsagePolicy: "THROTTLED",
              maxRateKbps: "1500",
              usedBytes: "1073741824",
              planModuleState: "ACTIVE",
              refreshPeriod: "MONTHLY",
            }),
            module({
              moduleName: "Chat",
              description: "Unlimited chat",
              trafficCategories: ["MESSAGING", "SOCIAL"],
              byteBalance: { quotaBytes: largest, remainingBytes: largest },
            }),
            module({
              moduleName: "Music",
              description: "1 GB of music",
              trafficCategories: ["MUSIC"],
              overUsagePolicy: "BLOCKED",
              coarseBalanceLevel: "HIGH_QUOTA",
              byteBalance: { quotaBytes: "1073741824", remainingBytes: "1000000000" },
            }),
          ],
        },
      ],
    }),
  ),
  accepted(
    "a byte balance that exceeds its quota",
    statusOf(module({ byteBalance: { quotaBytes: "10", remainingBytes: "9007199254740993" } })),
  ),
  accepted(
    "a byte balance of explicit zeros",
    statusOf(byteModule({ byteBalance: { quotaBytes: "0", remainingBytes: "0" }, usedBytes: "0" })),
  ),
  accepted("a byte balance without figures", statusOf(module({ byteBalance: {} }))),
  accepted(
    "a time balance",
    statusOf(module({ timeBalance: { quotaMinutes: "600", remainingMinutes: "90" } })),
  ),
  accepted(
    "coarse levels without a balance",
    statusOf(module({ coarseBalanceLevel: "HIGH_QUOTA" }), module({ coarseBalanceLevel: "NO_PLAN" })),
  ),
  accepted(
    "the largest integers",
    {
      ...statusOf(
        module({
          usedBytes: largest,
          maxRateKbps: largest,
          timeBalance: { quotaMinutes: largest, remainingMinutes: largest },
        }),
      ),
      planInfoPerClient: { youtube: { rateLimitedStreaming: { maxMediaRateKbps: 2_147_483_647 } } },
    },
    { clientId: "youtube" },
  ),
  accepted(
    "an explicit zero beside absent fields",
    statusOf(byteModule({ refreshPeriod: "REFRESH_PERIOD_NONE", usedBytes: "0" }), byteModule()),
  ),
  accepted(
    "every traffic category, over-usage policy, period and state without a notification",
    statusOf(
      byteModule({
        trafficCategories: [
          "PLAN_MODULE_TRAFFIC_CATEGORY_UNSPECIFIED",
          "GENERIC",
          "VIDEO",
          "VIDEO_BROWSING",
          "VIDEO_OFFLINE",
          "MUSIC",
          "GAMING",
          "SOCIAL",
          "MESSAGING",
          "APP_STORE",
        ],
        overUsagePolicy: "PAY_AS_YOU_GO",
        refreshPeriod: "DAILY",
        planModuleState: "INACTIVE",
      }),
      byteModule({ overUsagePolicy: "BLOCKED", refreshPeriod: "WEEKLY", planModuleState: "ACTIVE" }),
      byteModule({ overUsagePolicy: "THROTTLED", refreshPeriod: "BIWEEKLY" }),
    ),
  ),
  accepted(
    "128 plans, the maximum",
    status({ plans: Array.from({ length: 128 }, (_, index) => ({ planId: `plan-${index}` })) }),
  ),
];

/** Returns objects inside each other. */
function nested(levels: number): JsonObject {
  return levels === 1 ? {} : { o: nested(levels - 1) };
}

const provisional: CaseInit[] = [
  accepted("a CPID state", status({ cpidState: "CPID_STATE_2_ACTIVE" })),
  accepted("a CPID state of one character", status({ cpidState: "_" })),
  accepted("a CPID state of 64 characters", status({ cpidState: "A".repeat(64) })),
  accepted(
    "information for the Android system, of every kind of JSON value",
    status({
      planInfoPerClient: {
        youtube: { rateLimitedStreaming: { maxMediaRateKbps: 480 } },
        androidSystemInfo: {
          list: [{ name: "text" }, {}, [], [[null]]],
          numbers: [0, -0.5, 1e300, 9007199254740991],
          "": null,
          "ключ 😀": true,
          __proto__x: false,
        },
      },
    }),
    { clientId: "AndroidSystemInfo" },
  ),
  accepted(
    "an empty object of information for the Android system",
    status({ planInfoPerClient: { androidSystemInfo: {} } }),
    { clientId: "AndroidSystemInfo" },
  ),
  accepted("objects 32 levels deep", status({ planInfoPerClient: { androidSystemInfo: nested(32) } })),
];

const notifying: CaseInit[] = [
  accepted(
    "a low byte balance",
    statusOf(
      module({ coarseBalanceLevel: "LOW_QUOTA", byteBalance: { quotaBytes: "1000", remainingBytes: "0" } }),
    ),
    { notifications: ["NOTIFICATION_LOW_BALANCE_WARNING"] },
  ),
  accepted(
    "a low time balance",
    statusOf(module({ coarseBalanceLevel: "LOW_QUOTA", timeBalance: { remainingMinutes: "5" } })),
    { notifications: ["NOTIFICATION_LOW_BALANCE_WARNING"] },
  ),
  accepted(
    "notifications in the order of their triggers, one for each",
    {
      ...statusOf(
        module({
          coarseBalanceLevel: "LOW_QUOTA",
          byteBalance: { remainingBytes: "1" },
          planModuleState: "EXPIRING_SOON",
          expirationTime: "2045-01-02T00:00:00Z",
        }),
        module({ coarseBalanceLevel: "OUT_OF_DATA", overUsagePolicy: "PAY_AS_YOU_GO" }),
        byteModule({ planModuleState: "NEWLY_ACTIVE" }),
        byteModule({ planModuleState: "EXPIRED" }),
        module({ coarseBalanceLevel: "LOW_QUOTA", timeBalance: { remainingMinutes: "1" } }),
      ),
      accountInfo: account({
        payAsYouGoCharge: { currencyCode: "EUR", units: "1", nanos: 10_000_000 },
        accountTopUp: { currencyCode: "EUR" },
      }),
    },
    {
      notifications: [
        "NOTIFICATION_LOW_BALANCE_WARNING",
        "NOTIFICATION_DATA_EXPIRATION_WARNING",
        "NOTIFICATION_OUT_OF_DATA",
        "NOTIFICATION_PLAN_ACTIVATION",
        "NOTIFICATION_DATA_EXPIRED",
        "NOTIFICATION_LOW_BALANCE_WARNING",
        "NOTIFICATION_PAY_AS_YOU_GO",
        "NOTIFICATION_ACCOUNT_TOP_UP",
      ],
    },
  ),
  accepted(
    "the state of a plan, which sends no notification",
    status({
      plans: [
        { planId: "acme-199", planState: "EXPIRED" },
        { planId: "b", planState: "NEWLY_ACTIVE" },
      ],
    }),
  ),
];

const accounts: CaseInit[] = [
  accepted(
    "a prepaid plan with an account",
    status({
      plans: [{ planId: "acme-prepaid", planCategory: "PREPAID", planModules: [byteModule()] }],
      accountInfo: account({
        loanBalance: { currencyCode: "USD", units: "3" },
        unpaidLoan: { currencyCode: "USD", nanos: 250_000_000 },
        accountBalanceStatus: "INVALID",
        validUntil: "2001-01-01T00:00:00Z",
      }),
    }),
  ),
  accepted(
    "negative money, down to the smallest amount",
    status({
      accountInfo: account({
        accountBalance: { currencyCode: "KWD", units: "-1", nanos: -750_000_000 },
        loanBalance: { currencyCode: "KWD", units: smallest, nanos: -999_999_999 },
        unpaidLoan: { currencyCode: "KWD", units: largest, nanos: 999_999_999 },
      }),
    }),
  ),
];

const texts: CaseInit[] = [
  accepted(
    "texts of many scripts",
    status({
      languageCode: "zh-Hant-TW",
      title: "數據方案 – Tarif für Ömer",
      plans: [
        {
          planId: "план-٤٢",
          planName: "👩‍👩‍👧‍👦 Familie e\u0301 \u00e9",
          planModules: [
            byteModule({
              moduleName: "\u202bبيانات\u202c",
              description: 'line\nbreak\ttab "quotes" \\ </script> \u2028',
            }),
          ],
        },
      ],
    }),
  ),
  accepted(
    "texts of the maximum length in characters",
    status({
      title: "ก".repeat(1024),
      subscriberId: "€".repeat(4096),
      plans: [
        {
          planName: "😀".repeat(1024),
          planId: "ü".repeat(4096),
          planModules: [byteModule({ description: "😀".repeat(4096), moduleName: "แพ็กเกจ".repeat(146) })],
        },
      ],
    }),
  ),
  accepted("a language code with a script and a variant", status({ languageCode: "hy-Latn-IT-arevela" })),
  accepted("a locale identifier with an underscore", status({ languageCode: "en_US" })),
  accepted(
    "a locale identifier with a script, a variant and an extension",
    status({ languageCode: "sr_Latn_RS_POSIX-u-nu-latn-x-a" }),
  ),
  accepted("an unregistered language code", status({ languageCode: "x-klingon-12345678" })),
  accepted("a user key with slash, plus and equals", status(), {
    userKey: "ve/ct+or==",
    name: `${parent}/planStatuses/ve%2Fct+or==`,
  }),
  accepted("a user key that looks escaped", status(), {
    userKey: "100%/%2F%25?#&ü",
    name: `${parent}/planStatuses/100%25%2F%252F%2525?#&ü`,
  }),
  accepted("a user key of 4096 characters", status(), { userKey: "k".repeat(4096) }),
];

const times: CaseInit[] = [
  accepted(
    "times with nanoseconds",
    status({
      updateTime: "2045-01-01T00:00:00.123456789Z",
      expireTime: "2099-12-31T23:59:59.000000001Z",
      plans: [
        { planId: "micro", expirationTime: "2045-01-01T00:00:00.000001Z" },
        { planId: "milli", expirationTime: "2045-01-01T00:00:00.120Z" },
      ],
    }),
  ),
  accepted(
    "the first and the last valid timestamp",
    status({
      expireTime: "9999-12-31T23:59:59.999999999Z",
      accountInfo: account({ validUntil: "0001-01-01T00:00:00Z" }),
    }),
  ),
];

const forClients: CaseInit[] = [
  accepted(
    "fields that only the server sets",
    status({ name: "operators/1/planStatuses/somebody-else", notifications: ["NOTIFICATION_OUT_OF_DATA"] }),
    { name: `${parent}/planStatuses/vector-fields-that-only-the-server-sets`, notifications: [] },
  ),
  accepted(
    "information for YouTube in a UI-incompatible status",
    status({
      uiCompatibility: "UI_INCOMPATIBLE",
      planInfoPerClient: { youtube: { rateLimitedStreaming: { maxMediaRateKbps: 0 } } },
    }),
    { clientId: "youtube" },
  ),
  {
    name: "a status for all clients",
    method: "CreatePlanStatus",
    request: { parent, userKey: "491701234567", planStatus: statusOf(byteModule()) },
    response: { ...statusOf(byteModule()), name: `${parent}/planStatuses/491701234567` },
  },
  {
    name: "a status for all clients whose user key has reserved characters",
    method: "CreatePlanStatus",
    request: {
      parent,
      userKey: "q+u/e=r&y%20ü",
      planStatus: { languageCode: "sr-Latn", updateTime, expireTime },
    },
    response: {
      languageCode: "sr-Latn",
      updateTime,
      expireTime,
      name: `${parent}/planStatuses/q+u%2Fe=r&y%2520ü`,
    },
  },
];

/** Pushes of valid statuses. */
export const acceptedStatuses: readonly CaseInit[] = [
  ...balances,
  ...provisional,
  ...notifying,
  ...accounts,
  ...texts,
  ...times,
  ...forClients,
];
