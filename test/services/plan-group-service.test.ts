import { toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BalanceLevel } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { PlanGroupSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingClient } from "../../src/client/client.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { day, fromNow, hour, minute, plan, planModule, second } from "../support/plan-statuses.ts";
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

describe.each(protocols)("PlanGroupService over %s", (protocol) => {
  let client: PlanSharingClient;
  beforeAll(() => {
    client = server.client(protocol);
  });
  const nameOf = (planGroupId: string) => `${parent}/planGroups/${planGroupId}`;

  it("a push of a plan group returns the group with its name, and a read returns the same", async () => {
    const planGroupId = freshKey();
    const planGroup = {
      name: "ignored",
      dataPlans: [plan({ planName: "ACME", planModules: [planModule()] })],
      responseStaleTime: fromNow(hour),
      lastUpdatedTime: fromNow(-minute),
    };
    const answer = await client.createPlanGroup({ parent, planGroupId, planGroup });
    expect(answer.name).toBe(nameOf(planGroupId));
    expect(answer.dataPlans[0]?.planModules[0]).toMatchObject({ moduleName: "Data" });
    const read = await client.getPlanGroup({ name: answer.name });
    expect(toJson(PlanGroupSchema, read)).toEqual(toJson(PlanGroupSchema, answer));
  });

  it("a plan group may be empty or absent", async () => {
    const planGroupId = freshKey();
    const name = nameOf(planGroupId);
    expect(toJson(PlanGroupSchema, await client.createPlanGroup({ parent, planGroupId }))).toEqual({ name });
    await client.createPlanGroup({ parent, planGroupId, planGroup: {} });
    expect(toJson(PlanGroupSchema, await client.getPlanGroup({ name }))).toEqual({ name });
  });

  it("a plan group may lack fields that notifications require, because it sends none", async () => {
    const low = planModule({ coarseBalanceLevel: BalanceLevel.LOW_QUOTA, balance: { case: undefined } });
    const planGroup = { dataPlans: [plan({ planModules: [low] })] };
    const { name } = await client.createPlanGroup({ parent, planGroupId: freshKey(), planGroup });
    expect((await client.getPlanGroup({ name })).dataPlans).toHaveLength(1);
  });

  it("a plan group may have any lastUpdatedTime, also in the future", async () => {
    for (const lastUpdatedTime of [fromNow(-365 * day), fromNow(365 * day)]) {
      const planGroup = { lastUpdatedTime };
      const answer = await client.createPlanGroup({ parent, planGroupId: freshKey(), planGroup });
      expect(answer.lastUpdatedTime).toEqual(lastUpdatedTime);
    }
  });

  it("a plan group with a past responseStaleTime is accepted but cannot be read", async () => {
    const planGroupId = freshKey();
    const planGroup = { responseStaleTime: fromNow(-hour) };
    await client.createPlanGroup({ parent, planGroupId, planGroup });
    expect(await apiErrorOf(client.getPlanGroup({ name: nameOf(planGroupId) }))).toMatchObject({
      code: "NotFound",
      reason: "PLAN_GROUP_NOT_FOUND",
    });
  });

  it("a plan group is replaced by one with the same or no lastUpdatedTime, but not by an earlier one", async () => {
    const planGroupId = freshKey();
    const push = (planId: string, lastUpdatedTime?: ReturnType<typeof fromNow>) =>
      client.createPlanGroup({
        parent,
        planGroupId,
        planGroup: { dataPlans: [plan({ planId })], ...(lastUpdatedTime && { lastUpdatedTime }) },
      });
    const stored = async () =>
      (await client.getPlanGroup({ name: nameOf(planGroupId) })).dataPlans[0]?.planId;

    await push("first", fromNow(0));
    expect(await apiErrorOf(push("earlier", fromNow(-second)))).toMatchObject({
      code: "Aborted",
      reason: "PLAN_GROUP_STALE",
      metadata: {
        lastUpdatedTime: "2026-03-01T11:59:59Z",
        storedLastUpdatedTime: "2026-03-01T12:00:00Z",
      },
    });
    expect(await stored()).toBe("first");
    await push("same time", fromNow(0));
    expect(await stored()).toBe("same time");
    await push("no time");
    expect(await stored()).toBe("no time");
    await push("earlier than the first", fromNow(-day));
    expect(await stored()).toBe("earlier than the first");
  });

  it("a push of a plan group reports every violation at once, with paths in the request", async () => {
    const planGroup = {
      dataPlans: [plan(), plan({ planId: "", planModules: [planModule({ moduleName: "" })] })],
    };
    const error = await apiErrorOf(client.createPlanGroup({ parent, planGroupId: "", planGroup }));
    expect(error).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
    expect(error.violations).toEqual([
      "planGroupId: value is required",
      "planGroup.dataPlans[1].planId: value is required",
      "planGroup.dataPlans[1].planModules[0].moduleName: value is required",
    ]);
  });

  it("a read of a plan group reports NOT_FOUND for an unknown name and INVALID_ARGUMENT for an invalid one", async () => {
    expect(await apiErrorOf(client.getPlanGroup({ name: nameOf(freshKey()) }))).toMatchObject({
      code: "NotFound",
      reason: "PLAN_GROUP_NOT_FOUND",
    });
    expect(await apiErrorOf(client.getPlanGroup({ name: nameOf("a%zz") }))).toMatchObject({
      code: "InvalidArgument",
      fields: ["name"],
    });
  });
});

describe("expiry of a plan group", () => {
  it("a plan group can be read until its responseStaleTime, or forever without one", async () => {
    const client = server.client("rest");
    const stale = { parent, planGroupId: freshKey(), planGroup: { responseStaleTime: fromNow(minute) } };
    const { name } = await client.createPlanGroup(stale);
    const { name: lasting } = await client.createPlanGroup({ parent, planGroupId: freshKey() });
    server.clock.set(testTime + minute - 1);
    await client.getPlanGroup({ name });
    server.clock.set(testTime + minute);
    expect(await apiErrorOf(client.getPlanGroup({ name }))).toMatchObject({ reason: "PLAN_GROUP_NOT_FOUND" });
    server.clock.set(testTime + 3650 * day - 1);
    expect((await client.getPlanGroup({ name: lasting })).name).toBe(lasting);
    server.clock.set(testTime);
  });
});
