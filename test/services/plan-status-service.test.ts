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
import { maximalMessage } from "../support/maximal-message.ts";
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

describe.each(protocols)("over %s", (protocol) => {
  let client: PlanSharingClient;
  beforeAll(() => {
    client = server.client(protocol);
  });

  const push = (userKey: string, status: PlanStatus, clientId = "mobiledataplan") =>
    client.createUserPlanStatus({ parent, clientId, userKey, planStatus: status });
  const read = (userKey: string, clientId = "mobiledataplan") =>
    client.getUserPlanStatus({ parent, clientId, userKey, includeUiIncompatible: true });

  /** A path of the contract as the caller spelled it: over REST the body is the status itself. */
  const spelled = (path: string) => (protocol === "rest" ? path.replace(/^planStatus\./, "") : path);

  describe("a push", () => {
    it("answers the status with its name, and it is read back alike", async () => {
      const userKey = freshKey();
      const pushed = maximalMessage(PlanStatusSchema);
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

    it("of the smallest status is taken", async () => {
      const userKey = freshKey();
      const answer = await push(userKey, planStatus());
      expect(json(answer)).toEqual({
        name: `operators/65001/planStatuses/${userKey}`,
        languageCode: "en-US",
        updateTime: "2026-03-01T11:59:00Z",
        expireTime: "2026-03-01T13:00:00Z",
      });
    });

    it("keeps what is set apart from what is absent", async () => {
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

    it("is an upsert: a later one replaces all of the status", async () => {
      const userKey = freshKey();
      await push(userKey, planStatus({ title: "first", updateTime: fromNow(-2 * minute) }));
      await push(userKey, planStatus({ subscriberId: "second", updateTime: fromNow(-minute) }));
      expect(await read(userKey)).toMatchObject({ title: "", subscriberId: "second" });
    });

    it("with the same updateTime is taken: a retried push is harmless", async () => {
      const userKey = freshKey();
      const first = await push(userKey, planStatus({ title: "first" }));
      expect(json(await push(userKey, planStatus({ title: "first" })))).toEqual(json(first));
      await push(userKey, planStatus({ title: "corrected" }));
      expect((await read(userKey)).title).toBe("corrected");
    });

    it("with an earlier updateTime is refused, says which times they are, and changes nothing", async () => {
      const userKey = freshKey();
      await push(userKey, planStatus({ title: "stored", updateTime: fromNow(0, 1) }));
      const refusal = await apiErrorOf(push(userKey, planStatus({ title: "late", updateTime: fromNow(0) })));
      expect(refusal).toMatchObject({
        code: "Aborted",
        reason: "PLAN_STATUS_STALE",
        metadata: {
          updateTime: "2026-03-01T12:00:00Z",
          storedUpdateTime: "2026-03-01T12:00:00.000000001Z",
        },
      });
      expect(refusal.message).toContain("2026-03-01T12:00:00.000000001Z");
      expect((await read(userKey)).title).toBe("stored");
    });

    it("ignores what only the server sets", async () => {
      const userKey = freshKey();
      const notifications = [NotificationType.NOTIFICATION_DATA_EXPIRED];
      const answer = await push(userKey, planStatus({ name: "operators/1/planStatuses/x", notifications }));
      expect(answer.name).toBe(`operators/65001/planStatuses/${userKey}`);
      expect(answer.notifications).toEqual([]);
      expect((await read(userKey)).notifications).toEqual([]);
    });

    it("answers the notifications that it sent, and they are read back", async () => {
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

  describe("statuses are kept apart", () => {
    it("by operator, client and user key", async () => {
      const userKey = freshKey();
      const pushes = [
        { parent, clientId: "mobiledataplan", userKey },
        { parent, clientId: "youtube", userKey },
        { parent: other, clientId: "mobiledataplan", userKey },
        { parent, clientId: "mobiledataplan", userKey: userKey.toUpperCase() },
      ];
      for (const [index, key] of pushes.entries()) {
        // Each one earlier than the one before: were they one, it would be refused.
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

    it("from plan groups with the same id", async () => {
      const userKey = freshKey();
      await client.createPlanGroup({ parent, planGroupId: userKey });
      expect(await apiErrorOf(read(userKey))).toMatchObject({ reason: "PLAN_STATUS_NOT_FOUND" });
    });
  });

  describe("a push for every client", () => {
    it("is answered by its name", async () => {
      const userKey = freshKey();
      const status = planStatus({ title: "for all" });
      const answer = await client.createPlanStatus({ parent, userKey, planStatus: status });
      expect(answer.name).toBe(`operators/65001/planStatuses/${userKey}`);
      expect(json(await client.getPlanStatus({ name: answer.name }))).toEqual(json(answer));
    });

    it("obeys the same order and rules", async () => {
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

    it("sends notifications", async () => {
      const status = statusOf(planModule({ coarseBalanceLevel: BalanceLevel.OUT_OF_DATA }));
      const answer = await client.createPlanStatus({ parent, userKey: freshKey(), planStatus: status });
      expect(answer.notifications).toEqual([NotificationType.NOTIFICATION_OUT_OF_DATA]);
    });
  });

  describe("a push that breaks rules", () => {
    it("reports all of them at once, of the contract, of time and of notifications", async () => {
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
      const refusal = await apiErrorOf(push(userKey, status, "gmail"));
      expect(refusal).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
      expect(refusal.fields.toSorted()).toEqual(
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
      expect(refusal.message).toMatch(/\(and 7 more\)$/);
    });

    it("changes nothing", async () => {
      const userKey = freshKey();
      await apiErrorOf(push(userKey, planStatus({ languageCode: "" })));
      expect(await apiErrorOf(read(userKey))).toMatchObject({ reason: "PLAN_STATUS_NOT_FOUND" });
      await push(userKey, planStatus({ title: "good" }));
      await apiErrorOf(push(userKey, planStatus({ title: "bad", languageCode: "", updateTime: fromNow(0) })));
      expect((await read(userKey)).title).toBe("good");
    });

    it("sees the allowed clock skew: a minute ahead passes, more does not", async () => {
      const userKey = freshKey();
      await push(userKey, planStatus({ updateTime: fromNow(minute) }));
      const refusal = await apiErrorOf(push(userKey, planStatus({ updateTime: fromNow(minute + 1) })));
      expect(refusal.violations).toEqual([
        spelled(
          "planStatus.updateTime: must be in the past: it is 60.001 s ahead of the server's clock, at most 60 s is allowed",
        ),
      ]);
    });

    it("in every place still gets the answer that says so", async () => {
      // Every module breaks three rules: 768 violations, more text than a trailer of gRPC may have.
      const bad = planModule({ moduleName: "", description: "", balance: { case: undefined } });
      const planModules = Array.from({ length: 16 }, () => bad);
      const plans = Array.from({ length: 16 }, () => plan({ planModules }));
      const refusal = await apiErrorOf(push(freshKey(), planStatus({ plans })));
      expect(refusal).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
      expect(refusal.message).toMatch(/\(and 767 more\)$/);
      expect(refusal.fields.length).toBeGreaterThanOrEqual(50);
    });
  });
});

describe("over REST a refusal", () => {
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

  it("of a rule is 400, with the paths of the body that was sent", async () => {
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

  it("of a status that is too old is 409", async () => {
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

  it("to read what is not there is 404", async () => {
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
  it("an updateTime a nanosecond ahead is refused, and one that is now is taken", async () => {
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

describe("pushes of one user at the same time", () => {
  it("end with the latest, whatever their order", async () => {
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
