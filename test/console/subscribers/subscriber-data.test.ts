import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { effect } from "@preact/signals";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingClient } from "../../../src/client/index.ts";
import { type SubscriberData, subscriberData } from "../../../src/console/subscribers/subscriber-data.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { accountInfo, hour, money, type PlanStatusInit } from "../../support/plan-statuses.ts";
import { parent } from "../../support/test-server.ts";

const startMs = Date.parse("2026-03-01T12:00:00Z");
const key = "a/b*+c==";

describe("what the console knows of a subscriber", () => {
  let emulator: TestEmulator;
  let api: PlanSharingClient;
  beforeAll(async () => {
    emulator = await startTestEmulator();
    api = emulator.client("connect", await emulator.token());
  });
  beforeEach(async () => {
    await control().reset({});
    await control().updateClock({ clock: { mode: 3, time: timestampFromMs(startMs) } });
    api = emulator.client("connect", await emulator.token());
  });
  afterAll(() => emulator[Symbol.asyncDispose]());

  const control = () => emulator.control("connect");

  function push(init: PlanStatusInit = {}, clientId = "", userKey = key) {
    const planStatus = create(PlanStatusSchema, {
      languageCode: "en-US",
      updateTime: timestampFromMs(startMs),
      expireTime: timestampFromMs(startMs + hour),
      ...init,
    });
    return clientId === ""
      ? api.createPlanStatus({ parent, userKey, planStatus })
      : api.createUserPlanStatus({ parent, clientId, userKey, planStatus });
  }

  function dataOf(userKey = key): SubscriberData {
    return subscriberData(control(), "65001", userKey);
  }

  /** Resolves when a condition on signals holds. */
  function until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const stop = effect(() => {
        if (holds()) {
          resolve();
          queueMicrotask(() => stop());
        }
      });
    });
  }

  it("has every record of the key, and of no other", async () => {
    await push();
    await push({}, "youtube");
    await push({}, "", "a/bX+c==");
    await api.createPlanGroup({ parent, planGroupId: key, planGroup: {} });
    const data = dataOf();
    await data.refresh();
    expect(
      data.records.value?.map(({ resource, clientId }) => `${resource.case} ${clientId}`).sort(),
    ).toEqual(["planGroup ", "planStatus ", "planStatus youtube"]);
    expect(data.pushes.value?.items.map(({ method }) => method.split("/")[1])).toEqual([
      "CreatePlanGroup",
      "CreateUserPlanStatus",
      "CreatePlanStatus",
    ]);
    expect(data.problem.value).toBeUndefined();
  });

  it("has its pushes and notifications newest first, also those that were rejected", async () => {
    await push({ accountInfo: accountInfo({ payAsYouGoCharge: money({ units: 1n }) }) });
    await push({ languageCode: "?" }).catch(() => {});
    await push({ accountInfo: accountInfo({ accountTopUp: money({ units: 2n }) }) });
    const data = dataOf();
    await data.refresh();
    expect(data.pushes.value?.items.map(({ reason }) => reason)).toEqual(["", "FIELD_INVALID", ""]);
    expect(data.pushes.value?.items[1]?.errorMessage).toContain("languageCode");
    expect(data.notifications.value?.items.map(({ type }) => type)).toEqual([
      NotificationType.NOTIFICATION_ACCOUNT_TOP_UP,
      NotificationType.NOTIFICATION_PAY_AS_YOU_GO,
    ]);
  });

  it("lists at first 50 pushes, and more if asked", async () => {
    for (let count = 0; count < 60; count++) {
      await push();
    }
    const data = dataOf();
    await data.refresh();
    expect([data.pushes.value?.items.length, data.pushes.value?.hasMore]).toEqual([50, true]);
    data.showOlder();
    await until(() => data.pushes.value?.items.length === 60);
    expect(data.pushes.value?.hasMore).toBe(false);
  });

  it("learns of a push at once, and forgets nothing that it had of the record when it expires", async () => {
    const data = dataOf();
    const stop = data.follow();
    await until(() => data.records.value !== undefined);
    expect(data.records.value).toEqual([]);
    await push({ title: "arrived" });
    await until(() => data.records.value?.length === 1);
    await control().advanceClock({ duration: { seconds: 3_600n } });
    await until(() => data.records.value?.length === 0);
    stop();
    expect(data.before.value.map(({ resource }) => (resource.value as PlanStatusInit).title)).toEqual([
      "arrived",
    ]);
  });

  it("looks up the last accepted push of a record that has expired before it was opened", async () => {
    await push({ title: "older" });
    await push({ title: "last" });
    await push({ title: "rejected", languageCode: "?" }).catch(() => {});
    await push({ title: "of a client" }, "youtube");
    await control().advanceClock({ duration: { seconds: 3_600n } });
    const data = dataOf();
    data.choose({ kind: "planStatus", clientId: "" });
    await data.refresh();
    expect(data.records.value).toEqual([]);
    expect(data.before.value.map(({ resource }) => (resource.value as PlanStatusInit).title)).toEqual([
      "last",
    ]);
  });

  it("keeps a record that has not changed as the same object, so that it is not drawn again", async () => {
    await push();
    const data = dataOf();
    await data.refresh();
    const [first] = data.records.value ?? [];
    await data.refresh();
    expect(data.records.value?.[0]).toBe(first);
  });

  it("says what is wrong with an address that names no operator", async () => {
    const data = subscriberData(control(), "0", key);
    await data.refresh();
    expect(data.problem.value?.message).toContain("operator");
    expect(data.records.value).toBeUndefined();
  });
});
