import { create, toJson, toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BalanceLevel,
  NotificationType,
  PlanCategory,
  PlanState,
} from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingClient } from "../../src/client/client.ts";
import { formatInstant, instantOf } from "../../src/contract/instant.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { fullMessage } from "../support/full-message.ts";
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
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const json = (status: PlanStatus) => toJson(PlanStatusSchema, status);
const other = "operators/65002";

describe.each(protocols)("PlanStatusService over %s", (protocol) => {
  let client: PlanSharingClient;
  beforeAll(() => {
    client = server.client(protocol);
  });

  const push = (userKey: string, status: PlanStatus, clientId = "mobiledataplan") =>
    client.createUserPlanStatus({ parent, clientId, userKey, planStatus: status });
  const read = (userKey: string, clientId = "mobiledataplan") =>
    client.getUserPlanStatus({ parent, clientId, userKey, includeUiIncompatible: true });

  /** A path as callers get it: over REST the body is the status itself. */
  const spelled = (path: string) => (protocol === "rest" ? path.replace(/^planStatus\./, "") : path);

  describe("a push", () => {
    it("a push returns the status with its name, and a read returns the same", async () => {
      const userKey = freshKey();
      const pushed = fullMessage(PlanStatusSchema);
      const status = create(PlanStatusSchema, {
        ...pushed,
        languageCode: "sr-Latn",
        updateTime: fromNow(-1, 7),
        expireTime: fromNow(hour),
      });
      const answer = await push(userKey, status);
      expect(answer.name).toBe(`operators/65001/planStatuses/${userKey}`);
      const { name: _name, notifications: _sent, ...rest } = json(answer) as Record<string, unknown>;
      expect(rest).toEqual(json(status));
      expect(json(await read(userKey))).toEqual(json(answer));
    });

    it("a push accepts the smallest valid status", async () => {
      const userKey = freshKey();
      const answer = await push(userKey, planStatus());
      expect(json(answer)).toEqual({
        name: `operators/65001/planStatuses/${userKey}`,
        languageCode: "en-US",
        updateTime: "2026-03-01T11:59:00Z",
        expireTime: "2026-03-01T13:00:00Z",
      });
    });

    it("a stored status distinguishes zero values from absent fields", async () => {
      const userKey = freshKey();
      const zero = planModule({
        usedBytes: 0n,
        refreshPeriod: 0,
        balance: { case: "byteBalance", value: { remainingBytes: 0n } },
      });
      await push(userKey, statusOf(zero));
      const [module] = (await read(userKey)).plans[0]?.planModules ?? [];
      expect(module).toMatchObject({ usedBytes: 0n, refreshPeriod: 0 });
      expect(module?.balance.value).toMatchObject({ remainingBytes: 0n });
      expect(module?.balance.value).not.toHaveProperty("quotaBytes", expect.anything());
      expect(module?.planModuleState).toBeUndefined();
    });

    it("a push with a later updateTime replaces the whole status", async () => {
      const userKey = freshKey();
      await push(userKey, planStatus({ title: "first", updateTime: fromNow(-2 * minute) }));
      await push(userKey, planStatus({ subscriberId: "second", updateTime: fromNow(-minute) }));
      expect(await read(userKey)).toMatchObject({ title: "", subscriberId: "second" });
    });

    it("a push whose updateTime equals the stored one is accepted", async () => {
      const userKey = freshKey();
      const first = await push(userKey, planStatus({ title: "first" }));
      expect(json(await push(userKey, planStatus({ title: "first" })))).toEqual(json(first));
      await push(userKey, planStatus({ title: "corrected" }));
      expect((await read(userKey)).title).toBe("corrected");
    });

    it("a push with an earlier updateTime is ABORTED with both times and changes nothing", async () => {
      const userKey = freshKey();
      await push(userKey, planStatus({ title: "stored", updateTime: fromNow(0, 1) }));
      const error = await apiErrorOf(push(userKey, planStatus({ title: "late", updateTime: fromNow(0) })));
      expect(error).toMatchObject({
        code: "Aborted",
        reason: "PLAN_STATUS_STALE",
        metadata: {
          updateTime: "2026-03-01T12:00:00Z",
          storedUpdateTime: "2026-03-01T12:00:00.000000001Z",
        },
      });
      expect(error.message).toContain("2026-03-01T12:00:00.000000001Z");
      expect((await read(userKey)).title).toBe("stored");
    });

    it("a push ignores fields that only the server sets", async () => {
      const userKey = freshKey();
      const notifications = [NotificationType.NOTIFICATION_DATA_EXPIRED];
      const answer = await push(userKey, planStatus({ name: "operators/1/planStatuses/x", notifications }));
      expect(answer.name).toBe(`operators/65001/planStatuses/${userKey}`);
      expect(answer.notifications).toEqual([]);
      expect((await read(userKey)).notifications).toEqual([]);
    });

    it("a push returns the notifications that it sent, and a read returns them too", async () => {
      const userKey = freshKey();
      const status = planStatus({
        plans: [
          plan({
            planCategory: PlanCategory.PREPAID,
            planModules: [
              planModule({ coarseBalanceLevel: BalanceLevel.LOW_QUOTA }),
              planModule({
                coarseBalanceLevel: BalanceLevel.OUT_OF_DATA,
                planModuleState: PlanState.EXPIRING_SOON,
                expirationTime: fromNow(day),
              }),
            ],
          }),
        ],
        accountInfo: accountInfo({ accountTopUp: money(), payAsYouGoCharge: money() }),
      });
      const expected = [
        NotificationType.NOTIFICATION_LOW_BALANCE_WARNING,
        NotificationType.NOTIFICATION_OUT_OF_DATA,
        NotificationType.NOTIFICATION_DATA_EXPIRATION_WARNING,
        NotificationType.NOTIFICATION_PAY_AS_YOU_GO,
        NotificationType.NOTIFICATION_ACCOUNT_TOP_UP,
      ];
      expect((await push(userKey, status)).notifications).toEqual(expected);
      expect((await read(userKey)).notifications).toEqual(expected);
      expect((await push(userKey, status)).notifications, "pushes are not de-duplicated").toEqual(expected);
    });
  });

  describe("keys", () => {
    it("statuses of different operators, clients and user keys are independent", async () => {
      const userKey = freshKey();
      const pushes = [
        { parent, clientId: "mobiledataplan", userKey },
        { parent, clientId: "youtube", userKey },
        { parent: other, clientId: "mobiledataplan", userKey },
        { parent, clientId: "mobiledataplan", userKey: userKey.toUpperCase() },
      ];
      for (const [index, key] of pushes.entries()) {
        // Each is earlier than the one before: with a shared key it would be stale.
        const updateTime = fromNow(-index * minute);
        await client.createUserPlanStatus({
          ...key,
          planStatus: planStatus({ title: `status ${index}`, updateTime }),
        });
      }
      const titles = await Promise.all(
        pushes.map(async (key) => (await client.getUserPlanStatus(key)).title),
      );
      expect(titles).toEqual(["status 0", "status 1", "status 2", "status 3"]);
    });

    it("a plan group with the same id is not a status", async () => {
      const userKey = freshKey();
      await client.createPlanGroup({ parent, planGroupId: userKey });
      expect(await apiErrorOf(read(userKey))).toMatchObject({ reason: "PLAN_STATUS_NOT_FOUND" });
    });
  });

  describe("createPlanStatus", () => {
    it("createPlanStatus returns the status with its name, and a read returns the same", async () => {
      const userKey = freshKey();
      const status = planStatus({ title: "for all" });
      const answer = await client.createPlanStatus({ parent, userKey, planStatus: status });
      expect(answer.name).toBe(`operators/65001/planStatuses/${userKey}`);
      expect(json(await client.getPlanStatus({ name: answer.name }))).toEqual(json(answer));
    });

    it("createPlanStatus checks the same order and rules as createUserPlanStatus", async () => {
      const userKey = freshKey();
      const pushForAll = (status: PlanStatus) =>
        client.createPlanStatus({ parent, userKey, planStatus: status });
      await pushForAll(planStatus({ updateTime: fromNow(0) }));
      expect(await apiErrorOf(pushForAll(planStatus({ updateTime: fromNow(-second) })))).toMatchObject({
        code: "Aborted",
        reason: "PLAN_STATUS_STALE",
      });
      expect(await apiErrorOf(pushForAll(planStatus({ languageCode: "" })))).toMatchObject({
        code: "InvalidArgument",
        violations: [spelled("planStatus.languageCode: value is required")],
      });
    });

    it("createPlanStatus sends notifications", async () => {
      const status = statusOf(planModule({ coarseBalanceLevel: BalanceLevel.OUT_OF_DATA }));
      const answer = await client.createPlanStatus({ parent, userKey: freshKey(), planStatus: status });
      expect(answer.notifications).toEqual([NotificationType.NOTIFICATION_OUT_OF_DATA]);
    });
  });

  describe("an invalid push", () => {
    it("an invalid push reports all violations at once: of the contract, of times and of notifications", async () => {
      const userKey = freshKey();
      const low = planModule({
        coarseBalanceLevel: BalanceLevel.LOW_QUOTA,
        moduleName: "",
        balance: { case: "byteBalance", value: { quotaBytes: -1n } },
      });
      const status = planStatus({
        languageCode: "",
        expireTime: fromNow(-minute),
        updateTime: fromNow(-31 * day),
        plans: [plan({ planModules: [planModule(), low], planCategory: PlanCategory.PREPAID })],
      });
      const error = await apiErrorOf(push(userKey, status, "gmail"));
      expect(error).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
      expect(error.fields.toSorted()).toEqual(
        [
          "clientId",
          "planStatus.accountInfo",
          "planStatus.expireTime",
          "planStatus.languageCode",
          "planStatus.plans[0].planModules[1].byteBalance.quotaBytes",
          "planStatus.plans[0].planModules[1].byteBalance.remainingBytes",
          "planStatus.plans[0].planModules[1].moduleName",
          "planStatus.updateTime",
        ]
          .map(spelled)
          .toSorted(),
      );
      expect(error.message).toMatch(/\(and 7 more\)$/);
    });

    it("an invalid push changes nothing", async () => {
      const userKey = freshKey();
      await apiErrorOf(push(userKey, planStatus({ languageCode: "" })));
      expect(await apiErrorOf(read(userKey))).toMatchObject({ reason: "PLAN_STATUS_NOT_FOUND" });
      await push(userKey, planStatus({ title: "good" }));
      await apiErrorOf(push(userKey, planStatus({ title: "bad", languageCode: "", updateTime: fromNow(0) })));
      expect((await read(userKey)).title).toBe("good");
    });

    it("a push accepts an updateTime one minute ahead and rejects a later one", async () => {
      const userKey = freshKey();
      await push(userKey, planStatus({ updateTime: fromNow(minute) }));
      const error = await apiErrorOf(push(userKey, planStatus({ updateTime: fromNow(minute + 1) })));
      expect(error.violations).toEqual([
        spelled(
          "planStatus.updateTime: must be in the past: it is 60.001 s ahead of the server's clock, at most 60 s is allowed",
        ),
      ]);
    });

    it("a push with more violations than a gRPC trailer can contain is INVALID_ARGUMENT with a part of them", async () => {
      // Each of the 256 modules violates three rules: together too much text for a gRPC trailer.
      const bad = planModule({ moduleName: "", description: "", balance: { case: undefined } });
      const planModules = Array.from({ length: 16 }, () => bad);
      const plans = Array.from({ length: 16 }, () => plan({ planModules }));
      const error = await apiErrorOf(push(freshKey(), planStatus({ plans })));
      expect(error).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
      expect(error.message).toMatch(/\(and more than \d{2,3} more\)$/);
      expect(error.fields.length).toBeGreaterThanOrEqual(50);
    });
  });
});

describe("an error over REST", () => {
  const send = async (path: string, status: PlanStatus | undefined) => {
    const response = await fetch(`${server.url}/v1/${parent}/${path}`, {
      method: status === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
      body: status === undefined ? null : toJsonString(PlanStatusSchema, status),
    });
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    return [response.status, await response.json()];
  };
  const info = (reason: string, metadata?: object) => ({
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason,
    domain: "mobile-data-plan-sharing",
    ...(metadata && { metadata }),
  });

  it("an invalid field is 400 over REST, with its path in the body", async () => {
    const answer = await send("clients/youtube/users/k/planStatus", statusOf(planModule({ moduleName: "" })));
    const field = "plans[0].planModules[0].moduleName";
    expect(answer).toEqual([
      400,
      {
        error: {
          code: 400,
          message: `${field}: value is required`,
          status: "INVALID_ARGUMENT",
          details: [
            info("FIELD_INVALID"),
            {
              "@type": "type.googleapis.com/google.rpc.BadRequest",
              fieldViolations: [{ field, description: "value is required" }],
            },
          ],
        },
      },
    ]);
  });

  it("a stale status is 409 over REST", async () => {
    const path = `planStatuses?userKey=${freshKey()}`;
    expect((await send(path, planStatus({ updateTime: fromNow(0) })))[0]).toBe(200);
    const metadata = { updateTime: "2026-03-01T11:59:59Z", storedUpdateTime: "2026-03-01T12:00:00Z" };
    expect(await send(path, planStatus({ updateTime: fromNow(-second) }))).toEqual([
      409,
      {
        error: {
          code: 409,
          message:
            "a newer status is already stored (updateTime 2026-03-01T12:00:00Z); the pushed one has 2026-03-01T11:59:59Z",
          status: "ABORTED",
          details: [info("PLAN_STATUS_STALE", metadata)],
        },
      },
    ]);
  });

  it("a status that does not exist is 404 over REST", async () => {
    expect(await send(`clients/youtube/users/${freshKey()}/planStatus`, undefined)).toEqual([
      404,
      {
        error: {
          code: 404,
          message: "no plan status of this user is stored, or it has expired",
          status: "NOT_FOUND",
          details: [info("PLAN_STATUS_NOT_FOUND")],
        },
      },
    ]);
  });
});

describe("without clock skew", () => {
  it("without clock skew, an updateTime of now is accepted and one a nanosecond later rejected", async () => {
    await using strict = await startTestServer({ clockSkewMs: 0 });
    const client = strict.client("rest");
    const push = (updateTime: PlanStatus["updateTime"]) =>
      client.createPlanStatus({
        parent,
        userKey: "k",
        planStatus: planStatus(updateTime ? { updateTime } : {}),
      });
    expect((await apiErrorOf(push(fromNow(0, 1)))).fields).toEqual(["updateTime"]);
    const answer = await push(fromNow(0));
    expect(answer.updateTime && formatInstant(instantOf(answer.updateTime))).toBe("2026-03-01T12:00:00Z");
  });
});

describe("concurrent pushes for one user", () => {
  it("concurrent pushes for one user leave the newest status, whatever their order", async () => {
    const client = server.client("grpc");
    const userKey = freshKey();
    const ages = Array.from({ length: 40 }, (_, index) => ((index * 17) % 40) * second);
    const outcomes = await Promise.allSettled(
      ages.map((age) =>
        client.createUserPlanStatus({
          parent,
          clientId: "youtube",
          userKey,
          planStatus: planStatus({ title: `${age} ms old`, updateTime: fromNow(-age) }),
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
    const status = await client.getUserPlanStatus({ parent, clientId: "youtube", userKey });
    expect(status.title).toBe("0 ms old");
  });
});
