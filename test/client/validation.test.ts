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

/** Asks the server what `validate` foretells. Only its list may be shorter, for it goes into a header. */
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
  ["keeps every rule", planStatus()],
  ["has nothing", create(PlanStatusSchema)],
  [
    "warns of all there is",
    statusOf(planModule(low), planModule({ planModuleState: PlanState.NEWLY_ACTIVE })),
  ],
  ["warns twice by one module", statusOf(planModule({ ...low, planModuleState: PlanState.EXPIRED }))],
  [
    "lacks what the warnings need",
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
  ["has an enum value that nobody knows", statusOf(planModule({ planModuleState: 99 as PlanState }))],
  ["expired", planStatus({ expireTime: fromNow(0) })],
  ["is from the future", planStatus({ updateTime: fromNow(60 * second, 1) })],
  ["is from the allowed future", planStatus({ updateTime: fromNow(60 * second) })],
  ["is too old", planStatus({ updateTime: fromNow(-30 * day, -1) })],
  [
    "breaks rules of all kinds",
    planStatus({
      languageCode: "",
      expireTime: fromNow(-hour),
      plans: [{}, { planId: "b", planModules: [low] }],
    }),
  ],
  ["has too much", planStatus({ title: "x".repeat(1025), plans: Array.from({ length: 17 }, () => plan()) })],
];

describe.each(protocols)("validate says what the server says over %s of a status that", (protocol) => {
  it.each(cases)("%s", async (_, status) => {
    expect(validate(status, { now: testTime })).toEqual(await serverSays(protocol, status));
  });
});

describe("validate", () => {
  it("says what the server says of any status", async () => {
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
        const foretold = validate(status, { now: testTime });
        const { violations, notifications } = await serverSays("grpc", status);
        expect(foretold.notifications).toEqual(notifications);
        expect(foretold.violations.slice(0, violations.length)).toEqual(violations);
        expect(foretold.violations.length === 0).toBe(violations.length === 0);
        seen[violations.length === 0 ? "valid" : "invalid"] += 1;
      }),
      { numRuns: 400 },
    );
    expect(seen.valid).toBeGreaterThan(20);
    expect(seen.invalid).toBeGreaterThan(20);
  });

  it("takes fields as well as a message, and changes neither", () => {
    const init = { languageCode: "en-US", updateTime: fromNow(-minute), expireTime: fromNow(hour) };
    const before = structuredClone(init);
    expect(validate(init, { now: new Date(testTime) })).toEqual({ violations: [], notifications: [] });
    expect(init).toEqual(before);
  });

  it("asks the clock unless it is told the time", () => {
    const status = planStatus({
      updateTime: timestampFromMs(Date.now()),
      expireTime: timestampFromMs(Date.now() + hour),
    });
    expect(validate(status).violations).toEqual([]);
  });

  it("allows the clock skew that it is told", () => {
    const status = planStatus({ updateTime: fromNow(second) });
    expect(validate(status, { now: testTime, clockSkewMs: 0 }).violations).toMatchObject([
      { field: "updateTime" },
    ]);
  });

  it("foretells each notification, in order", () => {
    const status = statusOf(planModule({ ...low, planModuleState: PlanState.NEWLY_ACTIVE }), planModule(low));
    expect(validate(status, { now: testTime }).notifications).toEqual([
      NotificationType.NOTIFICATION_LOW_BALANCE_WARNING,
      NotificationType.NOTIFICATION_PLAN_ACTIVATION,
      NotificationType.NOTIFICATION_LOW_BALANCE_WARNING,
    ]);
  });
});
