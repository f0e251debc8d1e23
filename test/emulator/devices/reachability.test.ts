import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BalanceLevel, NotificationType, PlanState } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanStatus } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingClient } from "../../../src/client/index.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import {
  accountInfo,
  fromNow,
  hour,
  minute,
  money,
  type PlanModuleInit,
  planModule,
  planStatus,
  statusOf,
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
beforeEach(() => {
  emulator.state.devices.clear();
  emulator.state.devices.enforced = true;
});

const withModule = (init: PlanModuleInit = {}) => statusOf(planModule(init));
const outOfData = () => withModule({ coarseBalanceLevel: BalanceLevel.OUT_OF_DATA });
const register = (userKey: string, operator = parent) =>
  emulator.control("connect").createDevice({ parent: operator, device: { userKey } });
const unregistered = { code: "NotFound", reason: "DEVICE_NOT_REGISTERED" };

type Push = (client: PlanSharingClient, userKey: string, planStatus: PlanStatus) => Promise<PlanStatus>;
const methods: readonly [string, Push][] = [
  [
    "CreateUserPlanStatus",
    (client, userKey, status) =>
      client.createUserPlanStatus({ parent, clientId: "mobiledataplan", userKey, planStatus: status }),
  ],
  [
    "CreatePlanStatus",
    (client, userKey, status) => client.createPlanStatus({ parent, userKey, planStatus: status }),
  ],
];

describe.each(protocols)("Enforced registration over %s", (protocol) => {
  it.each(methods)(
    "rejects a push of %s that would notify an unregistered key, and stores nothing",
    async (_, push) => {
      const client = emulator.client(protocol, token);
      const userKey = freshKey();
      const error = await apiErrorOf(push(client, userKey, outOfData()));
      expect(error).toMatchObject(unregistered);
      expect(error.message).toBe(
        "the push would notify, but no device has registered this user key at this host; nothing was stored. Fetch the user's current CPID, or push to the host that the device uses",
      );
      expect((await emulator.control(protocol).listRecords({ userKey })).records).toEqual([]);
      await register(userKey);
      expect((await push(client, userKey, outOfData())).notifications).toEqual([
        NotificationType.NOTIFICATION_OUT_OF_DATA,
      ]);
    },
  );
});

describe("Enforced registration", () => {
  const client = () => emulator.client("connect", token);
  const push = (userKey: string, status: PlanStatus, operator = parent) =>
    client().createPlanStatus({ parent: operator, userKey, planStatus: status });

  it.each<[string, PlanStatus]>([
    ["a status without plans", planStatus()],
    ["a module with much data", withModule({ coarseBalanceLevel: BalanceLevel.HIGH_QUOTA })],
    ["an active module", withModule({ planModuleState: PlanState.ACTIVE })],
    [
      "notifications that the caller names",
      planStatus({ notifications: [NotificationType.NOTIFICATION_OUT_OF_DATA] }),
    ],
  ])("accepts a push that notifies nobody: %s", async (_, status) => {
    expect((await push(freshKey(), status)).notifications).toEqual([]);
  });

  it.each<[string, PlanStatus]>([
    ["low on data", withModule({ coarseBalanceLevel: BalanceLevel.LOW_QUOTA })],
    ["out of data", outOfData()],
    [
      "expiring soon",
      withModule({ planModuleState: PlanState.EXPIRING_SOON, expirationTime: fromNow(hour) }),
    ],
    ["newly active", withModule({ planModuleState: PlanState.NEWLY_ACTIVE })],
    ["expired", withModule({ planModuleState: PlanState.EXPIRED })],
    ["pay as you go", planStatus({ accountInfo: accountInfo({ payAsYouGoCharge: money() }) })],
  ])("rejects every kind of notification: %s", async (_, status) => {
    expect(await apiErrorOf(push(freshKey(), status))).toMatchObject(unregistered);
  });

  it("accepts a plan group, which notifies nobody", async () => {
    await client().createPlanGroup({ parent, planGroupId: freshKey(), planGroup: {} });
    expect(emulator.state.devices.count).toBe(0);
  });

  it("compares keys exactly, and by operator", async () => {
    const userKey = freshKey();
    await register(userKey.toUpperCase());
    await register(`${userKey}x`);
    await register(userKey, "operators/65002");
    expect(await apiErrorOf(push(userKey, outOfData()))).toMatchObject(unregistered);
  });

  it("follows the registration: unregistered keys and enforcement that is off", async () => {
    const userKey = freshKey();
    const { name } = await register(userKey);
    await push(userKey, outOfData());
    await emulator.control("grpc").deleteDevice({ name });
    expect(await apiErrorOf(push(userKey, outOfData()))).toMatchObject(unregistered);
    await emulator.control("grpc").updateRegistration({ registration: { enforced: false } });
    await push(userKey, outOfData());
  });

  it("reports violations and foreign operators first, and a stale status last", async () => {
    const userKey = freshKey();
    const invalid = { ...outOfData(), updateTime: fromNow(hour) };
    expect(await apiErrorOf(push(userKey, invalid))).toMatchObject({ reason: "FIELD_INVALID" });
    expect(await apiErrorOf(push(userKey, outOfData(), "operators/65002"))).toMatchObject({
      reason: "OPERATOR_NOT_LINKED",
    });
    await push(userKey, planStatus());
    const stale = { ...outOfData(), updateTime: fromNow(-2 * minute) };
    expect(await apiErrorOf(push(userKey, stale))).toMatchObject(unregistered);
    await register(userKey);
    expect(await apiErrorOf(push(userKey, stale))).toMatchObject({ reason: "PLAN_STATUS_STALE" });
  });
});
