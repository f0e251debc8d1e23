import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { UiCompatibility } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { readScope } from "../../src/auth/scopes.ts";
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

afterEach(() => {
  server.clock.set(testTime);
});

const clientId = "youtube";

describe.each(protocols)("PlanServingService over %s", (protocol) => {
  let client: PlanSharingClient;
  beforeAll(() => {
    client = server.client(protocol);
  });

  const push = (userKey: string, init: PlanStatusInit) =>
    client.createUserPlanStatus({ parent, clientId, userKey, planStatus: planStatus(init) });
  const pushForAll = (userKey: string, init: PlanStatusInit) =>
    client.createPlanStatus({ parent, userKey, planStatus: planStatus(init) });

  describe("getUserPlanStatus", () => {
    it("getUserPlanStatus prefers the client's own status to those of all clients and of another client", async () => {
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

    it("getUserPlanStatus returns the status of all clients if the client has none of its own", async () => {
      const userKey = freshKey();
      await pushForAll(userKey, { title: "for all" });
      expect((await client.getUserPlanStatus({ parent, clientId, userKey })).title).toBe("for all");
    });

    it("getUserPlanStatus prefers the client's own status even if that of all clients is newer", async () => {
      const userKey = freshKey();
      await push(userKey, { title: "for youtube", updateTime: fromNow(-hour) });
      await pushForAll(userKey, { title: "for all", updateTime: fromNow(0) });
      expect((await client.getUserPlanStatus({ parent, clientId, userKey })).title).toBe("for youtube");
    });

    it("getUserPlanStatus is NOT_FOUND if only another client has a status", async () => {
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

  describe("getPlanStatus", () => {
    it("getPlanStatus returns the status of all clients by its name", async () => {
      const userKey = freshKey();
      const { name } = await pushForAll(userKey, { title: "for all" });
      expect((await client.getPlanStatus({ name })).title).toBe("for all");
    });

    it("getPlanStatus of a status pushed for one client is NOT_FOUND, and the message says how to read it", async () => {
      const userKey = freshKey();
      const { name } = await push(userKey, {});
      const error = await apiErrorOf(client.getPlanStatus({ name }));
      expect(error).toMatchObject({
        code: "NotFound",
        reason: "PLAN_STATUS_NOT_FOUND",
        message: expect.stringContaining(
          `only for ${clientId}: read it with GetUserPlanStatus, at ${parent}/clients/${clientId}/users/{userKey}/planStatus`,
        ),
      });
      expect(JSON.stringify(error)).not.toContain(userKey);
    });

    it("getPlanStatus names every client that has a status of its own, also one that is UI-incompatible", async () => {
      const userKey = freshKey();
      const { name } = await push(userKey, { uiCompatibility: UiCompatibility.UI_INCOMPATIBLE });
      await client.createUserPlanStatus({
        parent,
        clientId: "mobiledataplan",
        userKey,
        planStatus: planStatus(),
      });
      expect(await apiErrorOf(client.getPlanStatus({ name }))).toMatchObject({
        message: expect.stringContaining("only for mobiledataplan and youtube: read it"),
      });
    });

    it("getPlanStatus of a user of whom nothing is stored names no client", async () => {
      const name = `${parent}/planStatuses/${freshKey()}`;
      expect(await apiErrorOf(client.getPlanStatus({ name }))).toMatchObject({
        message: expect.stringMatching(/no plan status of this user is stored, or it has expired$/),
      });
    });

    it("getPlanStatus of another operator's name does not say whether a client has a status", async () => {
      const { name } = await push(freshKey(), {});
      const token = await server.makeToken({ asns: [65009], scopes: [readScope] });
      const stranger = server.client(protocol, token);
      const error = await apiErrorOf(stranger.getPlanStatus({ name }));
      expect(error).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
      expect(JSON.stringify(error)).not.toContain("youtube");
    });
  });

  describe("a UI-incompatible status", () => {
    const uiCompatibility = UiCompatibility.UI_INCOMPATIBLE;

    it("a UI-incompatible status is returned only with includeUiIncompatible", async () => {
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

    it("a UI-incompatible status of a client is not replaced by that of all clients", async () => {
      const userKey = freshKey();
      await pushForAll(userKey, { title: "for all" });
      await push(userKey, { uiCompatibility });
      expect(await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey }))).toMatchObject({
        reason: "PLAN_STATUS_UI_INCOMPATIBLE",
      });
    });

    it.each([UiCompatibility.UI_COMPATIBLE, UiCompatibility.UI_COMPATIBILITY_UNSPECIFIED])(
      "a status with uiCompatibility %i is returned without includeUiIncompatible",
      async (compatible) => {
        const userKey = freshKey();
        await push(userKey, { uiCompatibility: compatible });
        const status = await client.getUserPlanStatus({ parent, clientId, userKey });
        expect(status.uiCompatibility).toBe(compatible);
      },
    );
  });

  describe("an invalid read", () => {
    it("an invalid read reports every violation", async () => {
      const request = { parent, clientId: "gmail", userKey: "x".repeat(4097) };
      const error = await apiErrorOf(client.getUserPlanStatus(request));
      expect(error).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
      expect(error.fields).toEqual(["clientId", "userKey"]);
    });

    it("a read with an invalid name describes valid names", async () => {
      const error = await apiErrorOf(client.getPlanStatus({ name: "operators/65001/planStatuses/a%zz" }));
      expect(error).toMatchObject({ code: "InvalidArgument", fields: ["name"] });
      expect(error.message).toContain("%25");
    });
  });

  describe("expiry", () => {
    it("a status can be read until one millisecond before expireTime", async () => {
      const userKey = freshKey();
      const expiring = planStatus({ expireTime: fromNow(hour) });
      const { name } = await client.createPlanStatus({ parent, userKey, planStatus: expiring });
      await client.createUserPlanStatus({ parent, clientId, userKey, planStatus: expiring });
      server.clock.set(testTime + hour - 1);
      await client.getUserPlanStatus({ parent, clientId, userKey });
      await client.getPlanStatus({ name });
      server.clock.set(testTime + hour);
      const gone = { code: "NotFound", reason: "PLAN_STATUS_NOT_FOUND" };
      expect(await apiErrorOf(client.getUserPlanStatus({ parent, clientId, userKey }))).toMatchObject(gone);
      expect(await apiErrorOf(client.getPlanStatus({ name }))).toMatchObject(gone);
    });
  });
});

describe("an expired status", () => {
  it("after a client's own status expires, the client reads that of all clients", async () => {
    const client = server.client("rest");
    const key = { parent, clientId, userKey: freshKey() };
    await client.createUserPlanStatus({
      ...key,
      planStatus: planStatus({ title: "for youtube", expireTime: fromNow(minute) }),
    });
    await client.createPlanStatus({
      parent,
      userKey: key.userKey,
      planStatus: planStatus({ title: "for all" }),
    });
    server.clock.set(testTime + minute);
    expect((await client.getUserPlanStatus(key)).title).toBe("for all");
  });

  it("an expired status does not make earlier pushes stale", async () => {
    const client = server.client("grpc");
    const key = { parent, clientId, userKey: freshKey() };
    const first = planStatus({ updateTime: fromNow(0), expireTime: fromNow(minute) });
    const earlier = planStatus({ title: "earlier", updateTime: fromNow(-minute) });
    await client.createUserPlanStatus({ ...key, planStatus: first });
    expect(await apiErrorOf(client.createUserPlanStatus({ ...key, planStatus: earlier }))).toMatchObject({
      reason: "PLAN_STATUS_STALE",
    });
    server.clock.set(testTime + minute);
    await client.createUserPlanStatus({ ...key, planStatus: earlier });
    expect((await client.getUserPlanStatus(key)).title).toBe("earlier");
  });

  it("a status whose expireTime has nanoseconds can be read until the following millisecond", async () => {
    const client = server.client("connect");
    const key = { parent, clientId, userKey: freshKey() };
    await client.createUserPlanStatus({ ...key, planStatus: planStatus({ expireTime: fromNow(minute, 1) }) });
    server.clock.set(testTime + minute);
    await client.getUserPlanStatus(key);
    server.clock.set(testTime + minute + 1);
    expect(await apiErrorOf(client.getUserPlanStatus(key))).toMatchObject({
      reason: "PLAN_STATUS_NOT_FOUND",
    });
  });
});
