import { create, type Message } from "@bufbuild/protobuf";
import { TimestampSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BalanceLevel,
  NotificationType,
  PlanCategory,
  PlanState,
} from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type PlanSharingProtocol, readError, type Validation, validate } from "../../src/client/index.ts";
import { messages } from "../support/messages.ts";
import {
  accountInfo,
  day,
  fromNow,
  hour,
  minute,
  money,
  plan,
  planModule,
  planStatus,
  second,
  statusOf,
} from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

/** Returns the server's answer in the form of `validate`. Its list may be shorter, because it must fit into a header. */
async function serverSays(protocol: PlanSharingProtocol, status: PlanStatus): Promise<Validation> {
  try {
    const answer = await server
      .client(protocol)
      .createUserPlanStatus({ parent, clientId: "youtube", userKey: freshKey(), planStatus: status });
    return { violations: [], notifications: answer.notifications };
  } catch (error) {
    const { reason, violations } = readError(error);
    expect(reason).toBe("FIELD_INVALID");
    const withoutRoot = ({ field, description }: (typeof violations)[number]) => ({
      field: field.replace(/^planStatus\./, ""),
      description,
    });
    return { violations: violations.map(withoutRoot), notifications: [] };
  }
}

const low = { coarseBalanceLevel: BalanceLevel.LOW_QUOTA };
const money0 = money({ units: 0n, nanos: 0 });

const cases: readonly [string, PlanStatus][] = [
  ["satisfies every rule", planStatus()],
  ["is empty", create(PlanStatusSchema)],
  [
    "has several warnings",
    statusOf(planModule(low), planModule({ planModuleState: PlanState.NEWLY_ACTIVE })),
  ],
  ["has two warnings for one module", statusOf(planModule({ ...low, planModuleState: PlanState.EXPIRED }))],
  [
    "lacks the fields that its warnings require",
    statusOf(planModule({ ...low, balance: { case: undefined }, planModuleState: PlanState.EXPIRING_SOON })),
  ],
  [
    "has a charge and a top-up",
    planStatus({ accountInfo: accountInfo({ payAsYouGoCharge: money0, accountTopUp: money() }) }),
  ],
  ["is prepaid without an account", planStatus({ plans: [plan({ planCategory: PlanCategory.PREPAID })] })],
  [
    "has money in no currency",
    planStatus({ accountInfo: accountInfo({ accountBalance: money({ currencyCode: "usd", nanos: -1 }) }) }),
  ],
  ["has an unknown enum value", statusOf(planModule({ planModuleState: 99 as PlanState }))],
  ["has expired", planStatus({ expireTime: fromNow(0) })],
  ["is 1 ns beyond the clock skew", planStatus({ updateTime: fromNow(60 * second, 1) })],
  ["is within the clock skew", planStatus({ updateTime: fromNow(60 * second) })],
  ["is too old", planStatus({ updateTime: fromNow(-30 * day, -1) })],
  [
    "violates rules of all kinds",
    planStatus({
      languageCode: "",
      expireTime: fromNow(-hour),
      plans: [{}, { planId: "b", planModules: [low] }],
    }),
  ],
  [
    "exceeds maximum sizes",
    planStatus({ title: "x".repeat(1025), plans: Array.from({ length: 129 }, () => plan()) }),
  ],
];

describe.each(protocols)("validate compared with the server over %s", (protocol) => {
  it.each(cases)("validate agrees with the server on a status that %s", async (_, status) => {
    expect(validate(status, { now: testTime })).toEqual(await serverSays(protocol, status));
  });
});

describe("validate", () => {
  it("validate agrees with the server on random statuses", async () => {
    const times = [
      fromNow(-minute),
      fromNow(hour),
      fromNow(-31 * day),
      create(TimestampSchema, { nanos: -1 }),
      undefined,
    ];
    const time = (usual: number) =>
      fc.oneof(
        { weight: 20, arbitrary: fc.constant(times[usual]) },
        { weight: 1, arbitrary: fc.constantFrom(...times) },
      );
    const statuses = fc
      .tuple(messages(PlanStatusSchema) as fc.Arbitrary<PlanStatus & Message>, time(0), time(1))
      .map(([status, updateTime, expireTime]) =>
        Object.assign(status, { updateTime, expireTime, notifications: [] }),
      );
    const seen = { valid: 0, invalid: 0 };
    await fc.assert(
      fc.asyncProperty(statuses, async (status) => {
        const predicted = validate(status, { now: testTime });
        const { violations, notifications } = await serverSays("grpc", status);
        expect(predicted.notifications).toEqual(notifications);
        expect(predicted.violations.slice(0, violations.length)).toEqual(violations);
        expect(predicted.violations.length === 0).toBe(violations.length === 0);
        seen[violations.length === 0 ? "valid" : "invalid"] += 1;
      }),
      { numRuns: 100, seed: 1 },
    );
    expect(seen.valid).toBeGreaterThan(15);
    expect(seen.invalid).toBeGreaterThan(15);
  });

  it("validate accepts fields instead of a message and does not change them", () => {
    const init = { languageCode: "en-US", updateTime: fromNow(-minute), expireTime: fromNow(hour) };
    const before = structuredClone(init);
    expect(validate(init, { now: new Date(testTime) })).toEqual({ violations: [], notifications: [] });
    expect(init).toEqual(before);
  });

  it("validate uses the current time by default", () => {
    const status = planStatus({
      updateTime: timestampFromMs(Date.now()),
      expireTime: timestampFromMs(Date.now() + hour),
    });
    expect(validate(status).violations).toEqual([]);
  });

  it("validate uses the given clock skew", () => {
    const status = planStatus({ updateTime: fromNow(second) });
    expect(validate(status, { now: testTime, clockSkewMs: 0 }).violations).toMatchObject([
      { field: "updateTime" },
    ]);
  });

  it("validate predicts one notification per trigger, in order", () => {
    const status = statusOf(planModule({ ...low, planModuleState: PlanState.NEWLY_ACTIVE }), planModule(low));
    expect(validate(status, { now: testTime }).notifications).toEqual([
      NotificationType.NOTIFICATION_LOW_BALANCE_WARNING,
      NotificationType.NOTIFICATION_PLAN_ACTIVATION,
      NotificationType.NOTIFICATION_LOW_BALANCE_WARNING,
    ]);
  });
});
