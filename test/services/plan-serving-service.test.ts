import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UiCompatibility } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanSharingClient } from "../../src/client/client.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { fromNow, hour, minute, type PlanStatusInit, planStatus } from "../support/plan-statuses.ts";
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

const clientId = "youtube";

describe.each(protocols)("over %s", (protocol) => {
  let client: PlanSharingClient;
  beforeAll(() => {
    client = server.client(protocol);
  });

  const push = (userKey: string, init: PlanStatusInit) =>
    client.createUserPlanStatus({ parent, clientId, userKey, planStatus: planStatus(init) });
  const pushForAll = (userKey: string, init: PlanStatusInit) =>
    client.createPlanStatus({ parent, userKey, planStatus: planStatus(init) });

  describe("a client", () => {
    it("reads its own status, not that of every client or of another one", async () => {
      const userKey = freshKey();
      await push(userKey, { title: "for youtube" });
      await pushForAll(userKey, { title: "for all" });
      await client.createUserPlanStatus({
        parent,
        clientId: "mobiledataplan",
        userKey,
        planStatus: planStatus({ title: "for mobiledataplan" }),
      });
      expect((await client.getUserPlanStatus({ parent, clientId, userKey })).title).toBe("for youtube");
    });

    it("reads the status of every client when it has none of its own", async () => {
      const userKey = freshKey();
      await pushForAll(userKey, { title: "for all" });
      expect((await client.getUserPlanStatus({ parent, clientId, userKey })).title).toBe("for all");
    });

    it("reads its own status even if that of every client is later", async () => {
      const userKey = freshKey();
      await push(userKey, { title: "for youtube", updateTime: fromNow(-hour) });
      await pushForAll(userKey, { title: "for all", updateTime: fromNow(0) });
      expect((await client.getUserPlanStatus({ parent, clientId, userKey })).title).toBe("for youtube");
    });

    it("is told NOT_FOUND when there is neither", async () => {
      const userKey = freshKey();
      await client.createUserPlanStatus({
        parent,
        clientId: "mobiledataplan",
        userKey,
        planStatus: planStatus(),
      });
      expect(await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey }))).toMatchObject({
        code: "NotFound",
        reason: "PLAN_STATUS_NOT_FOUND",
      });
    });
  });

  describe("the status of every client", () => {
    it("is read by its name", async () => {
      const userKey = freshKey();
      const { name } = await pushForAll(userKey, { title: "for all" });
      expect((await client.getPlanStatus({ name })).title).toBe("for all");
    });

    it("is none that was pushed for a single client", async () => {
      const { name } = await push(freshKey(), {});
      expect(await apiErrorOf(client.getPlanStatus({ name }))).toMatchObject({
        code: "NotFound",
        reason: "PLAN_STATUS_NOT_FOUND",
      });
    });
  });

  describe("a status that may not be shown", () => {
    const uiCompatibility = UiCompatibility.UI_INCOMPATIBLE;

    it("is answered only when asked for", async () => {
      const userKey = freshKey();
      const { name } = await pushForAll(userKey, { uiCompatibility });
      await push(userKey, { uiCompatibility });
      const expected = { code: "NotFound", reason: "PLAN_STATUS_UI_INCOMPATIBLE" };
      expect(await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey }))).toMatchObject(
        expected,
      );
      expect(await apiErrorOf(client.getPlanStatus({ name }))).toMatchObject(expected);
      const includeUiIncompatible = true;
      const asked = [
        await client.getUserPlanStatus({ parent, clientId, userKey, includeUiIncompatible }),
        await client.getPlanStatus({ name, includeUiIncompatible }),
      ];
      expect(asked).toMatchObject([{ uiCompatibility }, { uiCompatibility }]);
    });

    it("is not replaced by that of every client, which would show what it hides", async () => {
      const userKey = freshKey();
      await pushForAll(userKey, { title: "for all" });
      await push(userKey, { uiCompatibility });
      expect(await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey }))).toMatchObject({
        reason: "PLAN_STATUS_UI_INCOMPATIBLE",
      });
    });

    it.each([UiCompatibility.UI_COMPATIBLE, UiCompatibility.UI_COMPATIBILITY_UNSPECIFIED])(
      "is not one with uiCompatibility %i",
      async (compatible) => {
        const userKey = freshKey();
        await push(userKey, { uiCompatibility: compatible });
        await client.getUserPlanStatus({ parent, clientId, userKey });
      },
    );
  });

  describe("a request to read that breaks rules", () => {
    it("reports all of them", async () => {
      const request = { parent, clientId: "gmail", userKey: "x".repeat(1025) };
      const refusal = await apiErrorOf(client.getUserPlanStatus(request));
      expect(refusal).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
      expect(refusal.fields).toEqual(["clientId", "userKey"]);
    });

    it("by a name that is none says what a name is", async () => {
      const refusal = await apiErrorOf(client.getPlanStatus({ name: "operators/65001/planStatuses/a%zz" }));
      expect(refusal).toMatchObject({ code: "InvalidArgument", fields: ["name"] });
      expect(refusal.message).toContain("%25");
    });
  });

  describe("a status", () => {
    it("is gone for every reader from expireTime on, to the millisecond", async () => {
      await using own = await startTestServer();
      const reader = own.client(protocol);
      const userKey = freshKey();
      const expiring = planStatus({ expireTime: fromNow(hour) });
      const { name } = await reader.createPlanStatus({ parent, userKey, planStatus: expiring });
      await reader.createUserPlanStatus({ parent, clientId, userKey, planStatus: expiring });
      own.clock.set(testTime + hour - 1);
      await reader.getUserPlanStatus({ parent, clientId, userKey });
      await reader.getPlanStatus({ name });
      own.clock.set(testTime + hour);
      const gone = { code: "NotFound", reason: "PLAN_STATUS_NOT_FOUND" };
      expect(await apiErrorOf(reader.getUserPlanStatus({ parent, clientId, userKey }))).toMatchObject(gone);
      expect(await apiErrorOf(reader.getPlanStatus({ name }))).toMatchObject(gone);
    });
  });
});

describe("from its expiry on", () => {
  it("a client's own status gives way to that of every client", async () => {
    await using own = await startTestServer();
    const client = own.client("rest");
    const key = { parent, clientId, userKey: "k" };
    await client.createUserPlanStatus({
      ...key,
      planStatus: planStatus({ title: "for youtube", expireTime: fromNow(minute) }),
    });
    await client.createPlanStatus({ parent, userKey: "k", planStatus: planStatus({ title: "for all" }) });
    own.clock.set(testTime + minute);
    expect((await client.getUserPlanStatus(key)).title).toBe("for all");
  });

  it("a status refuses no earlier push", async () => {
    await using own = await startTestServer();
    const client = own.client("grpc");
    const key = { parent, clientId, userKey: "k" };
    const first = planStatus({ updateTime: fromNow(0), expireTime: fromNow(minute) });
    const earlier = planStatus({ title: "earlier", updateTime: fromNow(-minute) });
    await client.createUserPlanStatus({ ...key, planStatus: first });
    expect(await apiErrorOf(client.createUserPlanStatus({ ...key, planStatus: earlier }))).toMatchObject({
      reason: "PLAN_STATUS_STALE",
    });
    own.clock.set(testTime + minute);
    await client.createUserPlanStatus({ ...key, planStatus: earlier });
    expect((await client.getUserPlanStatus(key)).title).toBe("earlier");
  });

  it("a status whose end has nanoseconds is served up to the last of them", async () => {
    await using own = await startTestServer();
    const client = own.client("connect");
    const key = { parent, clientId, userKey: "k" };
    await client.createUserPlanStatus({ ...key, planStatus: planStatus({ expireTime: fromNow(minute, 1) }) });
    own.clock.set(testTime + minute);
    await client.getUserPlanStatus(key);
    own.clock.set(testTime + minute + 1);
    expect(await apiErrorOf(client.getUserPlanStatus(key))).toMatchObject({
      reason: "PLAN_STATUS_NOT_FOUND",
    });
  });
});
