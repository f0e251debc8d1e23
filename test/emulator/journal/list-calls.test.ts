import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Code } from "#deps/google/rpc/code_pb.js";
import { Call_Protocol as Protocol } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { ListCallsRequestSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent } from "../../support/test-server.ts";

type Filter = MessageInitShape<typeof ListCallsRequestSchema>;

async function startFrozen(options = {}): Promise<{ emulator: TestEmulator; token: string }> {
  const emulator = await startTestEmulator(options);
  emulator.state.clock.freezeAt(testTime);
  return { emulator, token: await emulator.token() };
}

async function pushAs(emulator: TestEmulator, token: string, userKey: string): Promise<void> {
  await emulator.client("rest", token).createPlanStatus({ parent, userKey, planStatus: planStatus() });
}

describe("the filters of ListCalls", () => {
  let emulator: TestEmulator;
  beforeAll(async () => {
    const started = await startFrozen();
    emulator = started.emulator;
    const { token } = started;
    const rest = emulator.client("rest", token);
    const grpc = emulator.client("grpc", token);
    const status = planStatus();
    await rest.createPlanStatus({ parent, userKey: "+14155550100", planStatus: status });
    await grpc.createUserPlanStatus({
      parent,
      clientId: "youtube",
      userKey: "+14155550101",
      planStatus: status,
    });
    await grpc.createPlanGroup({ parent, planGroupId: "gold*1", planGroup: {} });
    await expect(
      rest.createPlanStatus({ parent: "operators/65099", userKey: "+14155550102", planStatus: status }),
    ).rejects.toThrow();
    await expect(grpc.createPlanStatus({ parent, userKey: "bad", planStatus: {} })).rejects.toThrow();
    await fetch(`${emulator.url}/v1/nothing`);
  });
  afterAll(() => emulator[Symbol.asyncDispose]());

  /** The calls by what they name, the newest first. */
  const all = ["", "bad", "+14155550102", "gold*1", "+14155550101", "+14155550100"];

  it.each<[string, Filter, readonly string[]]>([
    ["nothing", {}, all],
    ["a method", { method: "CreatePlanStatus" }, ["bad", "+14155550102", "+14155550100"]],
    ["a service", { method: "mobiledataplansharing.v1.PlanGroupService" }, ["gold*1"]],
    [
      "a service and method",
      { method: "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus" },
      ["+14155550101"],
    ],
    ["a method that was not called", { method: "GetPlanGroup" }, []],
    ["an operator", { operator: "operators/65099" }, ["+14155550102"]],
    ["an operator that was not named", { operator: "operators/1" }, []],
    ["a client", { clientId: "youtube" }, ["+14155550101"]],
    ["a client that was not named", { clientId: "mobiledataplan" }, []],
    ["a user key", { userKey: "+14155550100" }, ["+14155550100"]],
    ["a pattern", { userKey: "+1415*" }, ["+14155550102", "+14155550101", "+14155550100"]],
    ["an escaped star", { userKey: "gold\\**" }, ["gold*1"]],
    ["a protocol", { protocol: Protocol.GRPC }, ["bad", "gold*1", "+14155550101"]],
    ["a protocol that was not used", { protocol: Protocol.CONNECT }, []],
    ["the code OK", { code: Code.OK }, ["gold*1", "+14155550101", "+14155550100"]],
    ["another code", { code: Code.NOT_FOUND }, [""]],
    ["a reason", { reason: ErrorReason.FIELD_INVALID }, ["bad"]],
    [
      "several of them",
      { method: "CreatePlanStatus", code: Code.OK, protocol: Protocol.REST, operator: parent, userKey: "*" },
      ["+14155550100"],
    ],
  ])("by %s list the calls that match", async (_, filter, expected) => {
    for (const protocol of ["rest", "grpc"] as const) {
      const { calls, nextPageToken } = await emulator.control(protocol).listCalls(filter);
      expect(calls.map(({ userKey }) => userKey)).toEqual(expected);
      expect(nextPageToken).toBe("");
    }
  });

  it.each<[Filter, string]>([
    [{ method: "CreatePlanStatuss" }, "method"],
    [{ method: "GetClock" }, "method"],
    [{ method: "Check" }, "method"],
    [{ operator: "65001" }, "operator"],
    [{ operator: "operators/0" }, "operator"],
    [{ operator: "operators/4294967296" }, "operator"],
    [{ operator: "operators/65001/" }, "operator"],
    [{ method: "x".repeat(201) }, "method"],
    [{ clientId: "x".repeat(201) }, "clientId"],
    [{ userKey: "x".repeat(4097) }, "userKey"],
    [{ protocol: 99 as Protocol }, "protocol"],
    [{ code: 99 as Code }, "code"],
    [{ reason: 99_999 as ErrorReason }, "reason"],
    [{ pageSize: -1 }, "pageSize"],
    [{ pageToken: "x" }, "pageToken"],
    [{ pageToken: "3.AAAAAAAAAAA" }, "pageToken"],
    [{ pageToken: "3" }, "pageToken"],
  ])("%j are rejected, because no call can match", async (filter, field) => {
    const error = await apiErrorOf(emulator.control("grpc").listCalls(filter));
    expect(error).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID", fields: [field] });
  });

  it("suggests the method that may be meant", async () => {
    const error = await apiErrorOf(emulator.control("rest").listCalls({ method: "createPlanStatuss" }));
    expect(error.message).toContain("did you mean CreatePlanStatus?");
  });

  it("are reported all at once", async () => {
    const request = { method: "x", operator: "x", pageToken: "x", pageSize: -1 };
    const error = await apiErrorOf(emulator.control("connect").listCalls(request));
    expect(error.fields.toSorted()).toEqual(["method", "operator", "pageSize", "pageToken"]);
  });
});

describe("the pages of ListCalls", () => {
  it("list each call once while new calls arrive and old ones are dropped", async () => {
    const { emulator, token } = await startFrozen({ journal: { maxCalls: 7 } });
    await using _ = emulator;
    for (let user = 1; user <= 7; user++) {
      await pushAs(emulator, token, `u${user}`);
    }
    const control = emulator.control("rest");
    const first = await control.listCalls({ pageSize: 2 });
    expect(first.calls.map(({ userKey }) => userKey)).toEqual(["u7", "u6"]);
    await pushAs(emulator, token, "u8");
    const second = await control.listCalls({ pageSize: 3, pageToken: first.nextPageToken });
    expect(second.calls.map(({ userKey }) => userKey)).toEqual(["u5", "u4", "u3"]);
    await pushAs(emulator, token, "u9");
    const third = await control.listCalls({ pageSize: 3, pageToken: second.nextPageToken });
    // Meanwhile u1 and u2 were dropped.
    expect(third.calls).toEqual([]);
    expect(third.nextPageToken).toBe("");
    expect(third.droppedCalls).toBe(2n);
  });

  it("cannot be continued with other filters", async () => {
    const { emulator, token } = await startFrozen();
    await using _ = emulator;
    await pushAs(emulator, token, "u1");
    await pushAs(emulator, token, "u2");
    const { nextPageToken: pageToken } = await emulator.control("grpc").listCalls({ pageSize: 1 });
    const error = await apiErrorOf(
      emulator.control("grpc").listCalls({ pageSize: 1, pageToken, code: Code.OK }),
    );
    expect(error.violations).toEqual([
      "pageToken: belongs to another list or other filters: only pageSize may differ between the pages of a list",
    ]);
    const empty = await emulator.control("grpc").listCalls({ pageToken, pageSize: 1000 });
    expect(empty.calls.map(({ userKey }) => userKey)).toEqual(["u1"]);
  });

  it("are smaller than clients of gRPC read by default, however large the calls", async () => {
    const { emulator, token } = await startFrozen();
    await using _ = emulator;
    const title = "x".repeat(900);
    const plans = Array.from({ length: 120 }, (_, index) => ({ planId: `p${index}`, planName: title }));
    for (let user = 1; user <= 30; user++) {
      const push = { parent, userKey: `u${user}`, planStatus: planStatus({ plans }) };
      await emulator.client("connect", token).createPlanStatus(push);
    }
    const control = emulator.control("rest");
    const listed: string[] = [];
    let pageToken = "";
    do {
      const answer = await emulator.rest(
        "GET",
        `calls?pageSize=1000&pageToken=${encodeURIComponent(pageToken)}`,
      );
      expect(JSON.stringify(answer.body).length).toBeLessThan(4 * 1024 * 1024);
      const page = await control.listCalls({ pageSize: 1000, pageToken });
      listed.push(...page.calls.map(({ userKey }) => userKey));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(listed).toEqual(Array.from({ length: 30 }, (_, index) => `u${30 - index}`));
  });
});

describe("a journal that is full", () => {
  it("drops the oldest calls by number and counts them", async () => {
    const { emulator, token } = await startFrozen({ journal: { maxCalls: 3 } });
    await using _ = emulator;
    for (let user = 1; user <= 5; user++) {
      await pushAs(emulator, token, `u${user}`);
    }
    const { calls, droppedCalls } = await emulator.control("grpc").listCalls({});
    expect(calls.map(({ name }) => name)).toEqual(["calls/5", "calls/4", "calls/3"]);
    expect(droppedCalls).toBe(2n);
  });

  it("drops the oldest calls by bytes", async () => {
    const { emulator, token } = await startFrozen({ journal: { maxBytes: 500_000 } });
    await using _ = emulator;
    const planStatusOf = () => planStatus({ plans: [{ planId: "p", planName: "x".repeat(1_000) }] });
    for (let user = 1; user <= 300; user++) {
      await emulator
        .client("connect", token)
        .createPlanStatus({ parent, userKey: `u${user}`, planStatus: planStatusOf() });
    }
    const { droppedCalls } = await emulator.control("grpc").listCalls({});
    expect(Number(droppedCalls)).toBeGreaterThan(100);
    expect(emulator.state.journal.calls.bytes).toBeLessThanOrEqual(500_000);
  });
});

describe("ClearCalls", () => {
  it("removes calls, notifications and the number of dropped calls, and numbers continue", async () => {
    const { emulator, token } = await startFrozen({ journal: { maxCalls: 1 } });
    await using _ = emulator;
    await pushAs(emulator, token, "u1");
    await pushAs(emulator, token, "u2");
    const { nextPageToken } = await emulator.control("rest").listCalls({ pageSize: 1 });
    expect(nextPageToken).toBe("");
    expect((await emulator.rest("POST", "calls:clear", {})).body).toEqual({});
    expect((await emulator.rest("GET", "calls")).body).toEqual({});
    await pushAs(emulator, token, "u3");
    const { calls } = await emulator.control("rest").listCalls({});
    expect(calls.map(({ name, userKey }) => [name, userKey])).toEqual([["calls/3", "u3"]]);
  });
});
