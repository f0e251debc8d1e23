import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Fault_Cut as Cut } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { ListNotificationsRequestSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import {
  BalanceLevel,
  NotificationType,
  NotificationTypeSchema,
  PlanState,
} from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import {
  accountInfo,
  fromNow,
  hour,
  money,
  type PlanStatusInit,
  plan,
  planModule,
  planStatus,
} from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { freshKey, parent, protocols } from "../../support/test-server.ts";

let emulator: TestEmulator;
let token: string;
beforeAll(async () => {
  emulator = await startTestEmulator();
  emulator.state.clock.freezeAt(testTime);
  token = await emulator.token();
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});
beforeEach(() => emulator.control("connect").clearCalls({}));

async function push(init: PlanStatusInit, userKey = freshKey()): Promise<void> {
  await emulator.client("rest", token).createPlanStatus({ parent, userKey, planStatus: planStatus(init) });
}

const list = async (filter: MessageInitShape<typeof ListNotificationsRequestSchema> = {}) =>
  (await emulator.control("grpc").listNotifications(filter)).notifications;

const bytes = {
  case: "byteBalance",
  value: { quotaBytes: 2_000_000_000n, remainingBytes: 214_000_000n },
} as const;
const minutes = { case: "timeBalance", value: { quotaMinutes: 600n, remainingMinutes: 45n } } as const;
const low = BalanceLevel.LOW_QUOTA;

const gold = (...planModules: ReturnType<typeof planModule>[]): PlanStatusInit => ({
  plans: [plan({ planName: "Gold", planModules })],
});

describe("the text of a notification", () => {
  it.each<[string, PlanStatusInit, string]>([
    [
      "of a low balance in bytes",
      gold(planModule({ coarseBalanceLevel: low, balance: bytes, expirationTime: fromNow(hour) })),
      "Gold: Data is running low: 214 MB left, valid until 2026-03-01T13:00:00Z.",
    ],
    [
      "of a low balance in minutes",
      gold(planModule({ coarseBalanceLevel: low, balance: minutes })),
      "Gold: Data is running low: 45 min left.",
    ],
    [
      "of a low balance in binary units",
      gold(
        planModule({
          coarseBalanceLevel: low,
          balance: {
            case: "byteBalance",
            value: { quotaBytes: 1_073_741_824n, remainingBytes: 104_857_600n },
          },
        }),
      ),
      "Gold: Data is running low: 100 MiB left.",
    ],
    [
      "of a module without data",
      gold(planModule({ coarseBalanceLevel: BalanceLevel.OUT_OF_DATA })),
      "Gold: Data has no data left.",
    ],
    [
      "of a module that expires",
      gold(
        planModule({
          planModuleState: PlanState.EXPIRING_SOON,
          expirationTime: fromNow(hour),
          balance: bytes,
        }),
      ),
      "Gold: Data expires at 2026-03-01T13:00:00Z; 214 MB left.",
    ],
    [
      "of a new module",
      gold(
        planModule({
          planModuleState: PlanState.NEWLY_ACTIVE,
          expirationTime: fromNow(hour),
          balance: bytes,
        }),
      ),
      "Gold: Data is now active, valid until 2026-03-01T13:00:00Z; 214 MB left.",
    ],
    [
      "of a new module of which nothing is known",
      gold(
        planModule({
          planModuleState: PlanState.NEWLY_ACTIVE,
          balance: { case: undefined },
          coarseBalanceLevel: BalanceLevel.HIGH_QUOTA,
        }),
      ),
      "Gold: Data is now active.",
    ],
    [
      "of an expired module",
      gold(planModule({ planModuleState: PlanState.EXPIRED })),
      "Gold: Data has expired.",
    ],
    [
      "of a plan without a name",
      { plans: [plan({ planModules: [planModule({ planModuleState: PlanState.EXPIRED })] })] },
      "acme-199: Data has expired.",
    ],
    [
      "of a module with the name of its plan",
      gold(planModule({ moduleName: "Gold", planModuleState: PlanState.EXPIRED })),
      "Gold has expired.",
    ],
    [
      "of a long name",
      gold(planModule({ moduleName: "n".repeat(1_000), planModuleState: PlanState.EXPIRED })),
      `Gold: ${"n".repeat(99)}… has expired.`,
    ],
    [
      "of pay-as-you-go",
      { accountInfo: accountInfo({ payAsYouGoCharge: money({ units: -1n, nanos: -50_000_000 }) }) },
      "You pay for data as you use it: -1.05 USD so far.",
    ],
    [
      "of a top-up",
      { accountInfo: accountInfo({ accountTopUp: money({ units: 5n, nanos: 0 }) }) },
      "Your account was topped up with 5.00 USD; its balance is 12.50 USD.",
    ],
    [
      "of a top-up by nothing",
      { accountInfo: accountInfo({ accountTopUp: money({ units: 0n, nanos: 0 }) }) },
      "Your account was topped up; its balance is 12.50 USD.",
    ],
  ])("%s says what a user needs", async (_, init, expected) => {
    await push(init);
    expect((await list()).map(({ text }) => text)).toEqual([expected]);
  });

  it("exists for every type, in the order of the answer", async () => {
    const status = planStatus({
      plans: [
        plan({
          planModules: [
            planModule({
              coarseBalanceLevel: low,
              planModuleState: PlanState.EXPIRING_SOON,
              expirationTime: fromNow(hour),
            }),
            planModule({
              coarseBalanceLevel: BalanceLevel.OUT_OF_DATA,
              planModuleState: PlanState.NEWLY_ACTIVE,
            }),
            planModule({ planModuleState: PlanState.EXPIRED }),
          ],
        }),
      ],
      accountInfo: accountInfo({ payAsYouGoCharge: money(), accountTopUp: money() }),
    });
    const answer = await emulator
      .client("rest", token)
      .createPlanStatus({ parent, userKey: freshKey(), planStatus: status });
    const sent = (await list()).toReversed();
    expect(sent.map(({ type }) => type)).toEqual(answer.notifications);
    const types = NotificationTypeSchema.values.map(({ number }) => number).filter((number) => number !== 0);
    expect(sent.map(({ type }) => type as number).toSorted()).toEqual(types.toSorted());
    expect(new Set(sent.map(({ text }) => text)).size).toBe(types.length);
  });
});

const expired = gold(planModule({ planModuleState: PlanState.EXPIRED }));

describe("ListNotifications", () => {
  it.each(protocols)("returns what a push over %s has sent, with its call", async (protocol) => {
    const userKey = freshKey();
    await emulator.client(protocol, token).createUserPlanStatus({
      parent,
      clientId: "youtube",
      userKey,
      planStatus: planStatus({ ...expired, languageCode: "de-DE" }),
    });
    const { notifications } = await emulator.control(protocol).listNotifications({});
    const { calls } = await emulator.control(protocol).listCalls({});
    expect(notifications).toMatchObject([
      {
        type: NotificationType.NOTIFICATION_DATA_EXPIRED,
        operator: parent,
        clientId: "youtube",
        userKey,
        languageCode: "de-DE",
        call: calls[0]?.name,
      },
    ]);
    expect(notifications[0]?.sendTime && timestampMs(notifications[0].sendTime)).toBe(testTime);
  });

  it("has nothing of pushes that failed, of reads and of groups", async () => {
    const userKey = freshKey();
    const client = emulator.client("rest", token);
    await push(expired, userKey);
    await emulator.control("rest").clearCalls({});
    await expect(push({ ...expired, updateTime: fromNow(-hour) }, userKey)).rejects.toThrow();
    await client.getPlanStatus({ name: `${parent}/planStatuses/${userKey}` });
    await client.createPlanGroup({ parent, planGroupId: "g", planGroup: { dataPlans: expired.plans ?? [] } });
    const { calls } = await emulator.control("rest").listCalls({});
    expect(calls.map(({ notifications }) => notifications)).toEqual([[], [], []]);
    expect(await list()).toEqual([]);
  });

  it("has what a push has sent whose answer was cut", async () => {
    for (const cut of [Cut.BEFORE_ANSWER, Cut.WITHIN_ANSWER]) {
      const userKey = freshKey();
      const { name } = await emulator.control("rest").createFault({
        fault: { effect: { case: "cut", value: cut }, frequency: { case: "nextCalls", value: 1 } },
      });
      const calls = emulator
        .control("grpc")
        .watchCalls({ afterCall: "calls/0", userKey })
        [Symbol.asyncIterator]();
      const cutCall = calls.next();
      await expect(push(expired, userKey)).rejects.toThrow();
      expect((await cutCall).value.call).toMatchObject({
        userKey,
        fault: name,
        notifications: [NotificationType.NOTIFICATION_DATA_EXPIRED],
      });
      expect(await list({ userKey })).toHaveLength(1);
      await calls.return?.();
    }
  });

  it("has nothing of a push that an injected error answered, whose call names the fault", async () => {
    const { name } = await emulator.control("rest").createFault({
      fault: {
        effect: { case: "error", value: { code: 14, message: "later" } },
        frequency: { case: "nextCalls", value: 1 },
      },
    });
    await expect(push(expired)).rejects.toThrow("later");
    const { calls } = await emulator.control("rest").listCalls({});
    expect(calls).toMatchObject([
      { fault: name, code: 14, httpStatus: 503, errorMessage: "later", notifications: [] },
    ]);
    expect(await list()).toEqual([]);
  });

  it("filters and pages the notifications, the newest first", async () => {
    for (const key of ["a1", "a2", "b1", "a3"]) {
      await push(expired, key);
    }
    const control = emulator.control("connect");
    const first = await control.listNotifications({ userKey: "a*", pageSize: 2 });
    expect(first.notifications.map(({ userKey }) => userKey)).toEqual(["a3", "a2"]);
    await push(expired, "a4");
    const second = await control.listNotifications({
      userKey: "a*",
      pageSize: 2,
      pageToken: first.nextPageToken,
    });
    expect(second.notifications.map(({ userKey }) => userKey)).toEqual(["a1"]);
    expect(second.nextPageToken).toBe("");
    expect(await list({ operator: "operators/65002" })).toEqual([]);
    expect(await list({ clientId: "youtube" })).toEqual([]);
    const error = await apiErrorOf(
      control.listNotifications({ operator: "x", pageToken: first.nextPageToken }),
    );
    expect(error.fields.toSorted()).toEqual(["operator", "pageToken"]);
  });
});
