import { create, fromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  FaultSchema,
  InjectedErrorSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { maxFaults } from "../../../src/emulator/faults/faults.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { type FaultyServer, startFaultyServer } from "./faulty-server.ts";

let server: FaultyServer;
beforeAll(async () => {
  server = await startFaultyServer();
});
afterEach(() => server.state.faults.clear());
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

async function rest(method: string, path: string, body?: JsonValue) {
  const response = await fetch(`${server.url}/emulator/v1/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as JsonObject };
}

type Violations = { error: { message: string; details: { fieldViolations?: unknown[] }[] } };

/** The violations of a fault that is created over REST, as `field: description`. */
async function violationsOf(fault: JsonValue): Promise<string[]> {
  const { status, body } = await rest("POST", "faults", fault);
  const { details } = (body as unknown as Violations).error;
  expect(status).toBe(400);
  return details.flatMap(({ fieldViolations = [] }) =>
    (fieldViolations as { field: string; description: string }[]).map(
      ({ field, description }) => `${field}: ${description}`,
    ),
  );
}

const cut = { cut: "BEFORE_ANSWER" };

describe("CreateFault", () => {
  it("returns the fault with its name, which ListFaults lists and DeleteFault deletes", async () => {
    const fault = { error: { reason: "SERVER_OVERLOADED", retryDelay: "2s" }, nextCalls: 1 };
    const created = await rest("POST", "faults", { ...fault, name: "faults/mine" });
    expect(created).toEqual({
      status: 200,
      body: { ...fault, name: expect.stringMatching(/^faults\/[1-9][0-9]*$/) },
    });
    const { name } = created.body as { name: string };
    expect((await rest("GET", "faults")).body).toEqual({ faults: [created.body] });
    expect(await rest("DELETE", name)).toEqual({ status: 200, body: {} });
    expect((await rest("GET", "faults")).body).toEqual({});
  });

  it.each([
    ["without an effect and a delay", {}, "fault: must have a delay of more than 0s, an error or a cut"],
    [
      "with a delay of zero only",
      { delay: "0s" },
      "fault: must have a delay of more than 0s, an error or a cut",
    ],
    ["with a negative delay", { delay: "-1s" }, "delay: must be from 0s to 600s"],
    [
      "with a delay of more than 10 minutes",
      { ...cut, delay: "600.000000001s" },
      "delay: must be from 0s to 600s",
    ],
    ["with an empty error", { error: {} }, "error: must have a reason, or a code other than OK"],
    ["with the code OK", { error: { code: "OK" } }, "error: must have a reason, or a code other than OK"],
    ["with an unknown code", { error: { code: 17 } }, "error.code: must be a value of google.rpc.Code"],
    ["with an unknown reason", { error: { reason: 9_999 } }, "error.reason: must be a value of ErrorReason"],
    [
      "with the unspecified reason",
      { error: { reason: "ERROR_REASON_UNSPECIFIED" } },
      "error: must have a reason, or a code other than OK",
    ],
    [
      "with a reason of the emulator",
      { error: { reason: "EMULATOR_LIMIT_REACHED" } },
      "error.reason: must be a reason that other servers send too: this one is of the emulator's own methods",
    ],
    [
      "with a reason and another code",
      { error: { reason: "SERVER_OVERLOADED", code: "ABORTED" } },
      "error.code: must be UNAVAILABLE, the code of SERVER_OVERLOADED, or left out",
    ],
    [
      "with a negative retry delay",
      { error: { code: 14, retryDelay: "-0.5s" } },
      "error.retryDelay: must be from 0s to 86400s",
    ],
    [
      "with a retry delay of more than a day",
      { error: { code: 14, retryDelay: "315576000000s" } },
      "error.retryDelay: must be from 0s to 86400s",
    ],
    [
      "with an unspecified cut",
      { cut: "CUT_UNSPECIFIED" },
      "cut: must be one of BEFORE_PROCESSING, BEFORE_ANSWER, WITHIN_ANSWER",
    ],
    [
      "with an unknown cut",
      { cut: 4 },
      "cut: must be one of BEFORE_PROCESSING, BEFORE_ANSWER, WITHIN_ANSWER",
    ],
    ["with no next calls", { ...cut, nextCalls: 0 }, "nextCalls: must be greater than or equal to 1"],
    ["with negative next calls", { ...cut, nextCalls: -1 }, "nextCalls: must be greater than or equal to 1"],
    ["with every 0th call", { ...cut, everyNth: 0 }, "everyNth: must be greater than or equal to 1"],
    ["with a share of 0", { ...cut, share: 0 }, "share: must be greater than 0 and less than or equal to 1"],
    [
      "with a share above 1",
      { ...cut, share: 1.01 },
      "share: must be greater than 0 and less than or equal to 1",
    ],
    [
      "with a negative share",
      { ...cut, share: -0.1 },
      "share: must be greater than 0 and less than or equal to 1",
    ],
    [
      "with a share that is no number",
      { ...cut, share: "NaN" },
      "share: must be greater than 0 and less than or equal to 1",
    ],
    [
      "with an infinite share",
      { ...cut, share: "Infinity" },
      "share: must be greater than 0 and less than or equal to 1",
    ],
  ])("rejects a fault %s", async (_, fault, violation) => {
    expect(await violationsOf(fault)).toEqual([violation]);
    expect(server.state.faults.size).toBe(0);
  });

  const anyMethod =
    "must be one of CreateUserPlanStatus, CreatePlanStatus, CreatePlanGroup, GetUserPlanStatus, GetPlanStatus, GetPlanGroup, a service of them, or both, as in package.Service/Method";
  const anyClient = "must be one of mobiledataplan, youtube, AndroidSystemInfo";

  it.each([
    ["an unknown method", { method: "Launch" }, `method: ${anyMethod}`],
    [
      "a misspelled method",
      { method: "createPlanStatuses" },
      `method: ${anyMethod}; did you mean CreatePlanStatus?`,
    ],
    [
      "a service without its package",
      { method: "PlanStatusService" },
      `method: ${anyMethod}; did you mean mobiledataplansharing.v1.PlanStatusService?`,
    ],
    [
      "a path of gRPC",
      { method: "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus" },
      `method: ${anyMethod}; did you mean mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus?`,
    ],
    [
      "a method of another service",
      { method: "mobiledataplansharing.v1.PlanStatusService/GetPlanStatus" },
      expect.stringContaining(`method: ${anyMethod}`),
    ],
    [
      "a method of the emulator",
      { method: "mobiledataplansharing.emulator.v1.EmulatorService/GetClock" },
      `method: ${anyMethod}`,
    ],
    ["the health service", { method: "grpc.health.v1.Health/Check" }, `method: ${anyMethod}`],
    [
      "an invalid operator",
      { operator: "65001" },
      "operator: must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros",
    ],
    [
      "an operator that is too large",
      { operator: "operators/4294967296" },
      "operator: must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros",
    ],
    ["an unknown client", { clientId: "YouTube" }, `clientId: ${anyClient}; did you mean youtube?`],
    [
      "a client with a method that has none",
      { method: "CreatePlanStatus", clientId: "youtube" },
      "clientId: must be left out: no request of CreatePlanStatus names a client",
    ],
    [
      "a client with a service that has none",
      { method: "mobiledataplansharing.v1.PlanGroupService", clientId: "youtube" },
      "clientId: must be left out: no request of mobiledataplansharing.v1.PlanGroupService names a client",
    ],
    [
      "a key that no push may have",
      { method: "CreateUserPlanStatus", userKey: "+1 415*" },
      "userKey: must match a key that is valid in a request of CreateUserPlanStatus: at most 4096 characters, none of them white space, control or invisible characters",
    ],
    [
      "a group id that no push may have",
      { method: "CreatePlanGroup", userKey: "*\u200b" },
      expect.stringMatching(/^userKey: must match a key/),
    ],
    [
      "a pattern that is too long",
      { userKey: "x".repeat(4_097) },
      expect.stringMatching(/^userKey: must be at most 4096 characters/),
    ],
  ])("rejects a fault that can never match because of %s", async (_, match, violation) => {
    const expected = typeof violation === "string" ? `match.${violation}` : expect.stringMatching(/^match\./);
    const found = await violationsOf({ ...cut, match });
    expect(found).toEqual([expected]);
    expect(found[0]?.replace(/^match\./, "")).toEqual(violation);
  });

  it.each([
    ["a CPID", { userKey: "a/b+c==" }],
    ["any key", { userKey: "*" }],
    ["a star", { userKey: "\\*" }],
    ["a key that can only be read", { userKey: "with blank" }],
    ["the longest key", { userKey: "x".repeat(4_096) }],
    ["a group", { method: "GetPlanGroup", userKey: "a%b/c" }],
    [
      "the client of a service",
      { method: "mobiledataplansharing.serving.v1.PlanServingService", clientId: "AndroidSystemInfo" },
    ],
    [
      "the key and the client of a read",
      { method: "GetUserPlanStatus", clientId: "youtube", userKey: "a b" },
    ],
    ["the largest operator", { operator: "operators/4294967295" }],
  ])("accepts a fault that matches calls with %s", async (_, match) => {
    expect((await rest("POST", "faults", { ...cut, match })).status).toBe(200);
  });

  it("reports all violations at once, with the paths that the caller wrote", async () => {
    const fault = {
      match: { method: "Launch", operator: "x", clientId: "x" },
      delay: "-1s",
      error: { reason: "SERVER_OVERLOADED", code: "OK", retryDelay: "-1s" },
      everyNth: -3,
    };
    const fields = [
      "everyNth",
      "match.method",
      "match.operator",
      "match.clientId",
      "delay",
      "error.retryDelay",
    ];
    expect((await violationsOf(fault)).map((each) => each.split(":")[0])).toEqual(fields);
    const client = createClient(
      EmulatorService,
      createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
    );
    const error = await apiErrorOf(client.createFault({ fault: fromJson(FaultSchema, fault) }));
    expect(error.fields).toEqual(fields.map((field) => `fault.${field}`));
  });

  it("rejects a duration of binary protobuf that JSON cannot express", async () => {
    const client = createClient(EmulatorService, createGrpcTransport({ baseUrl: server.url }));
    const error = create(InjectedErrorSchema, { code: 14, retryDelay: { seconds: 1n, nanos: -1 } });
    const fault = {
      delay: { seconds: 1n, nanos: 1_000_000_000 },
      effect: { case: "error" as const, value: error },
    };
    expect((await apiErrorOf(client.createFault({ fault }))).fields).toEqual([
      "fault.delay",
      "fault.error.retryDelay",
    ]);
  });

  it("answers 429 if there are as many faults as may be", async () => {
    for (let count = 0; count < maxFaults; count++) {
      server.inject(cut);
    }
    const { status, body } = await rest("POST", "faults", cut);
    expect(status).toBe(429);
    expect(JSON.stringify(body)).toContain("EMULATOR_LIMIT_REACHED");
  });

  it("requires a fault", async () => {
    const client = createClient(EmulatorService, createGrpcTransport({ baseUrl: server.url }));
    expect((await apiErrorOf(client.createFault({}))).violations).toEqual(["fault: value is required"]);
  });
});

describe("ListFaults", () => {
  it("lists the faults in pages, the oldest first, also when some are deleted meanwhile", async () => {
    const names = [1, 2, 3, 4, 5].map(() => server.inject(cut).name);
    const first = await rest("GET", "faults?pageSize=2");
    expect(first.body.faults).toMatchObject([{ name: names[0] }, { name: names[1] }]);
    server.state.faults.delete(names[1] as string);
    server.state.faults.delete(names[2] as string);
    const second = await rest("GET", `faults?pageSize=2&pageToken=${first.body.nextPageToken}`);
    expect(second.body).toMatchObject({ faults: [{ name: names[3] }, { name: names[4] }] });
    expect(second.body.nextPageToken).toBeUndefined();
  });

  it("returns 100 faults by default and at most 1000", async () => {
    for (let count = 0; count < 101; count++) {
      server.inject(cut);
    }
    expect((await rest("GET", "faults")).body.faults).toHaveLength(100);
    const all = await rest("GET", "faults?pageSize=2000");
    expect(all.body.faults).toHaveLength(101);
    expect(all.body.nextPageToken).toBeUndefined();
  });

  it("rejects a negative page size and a token that it has not returned, at once", async () => {
    const { status, body } = await rest("GET", "faults?pageSize=-1&pageToken=x");
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(/"field":"pageSize".*"field":"pageToken"/);
  });
});

describe("DeleteFault", () => {
  it("answers EMULATOR_RESOURCE_NOT_FOUND for a fault that does not exist", async () => {
    const { status, body } = await rest("DELETE", "faults/99");
    expect(status).toBe(404);
    expect(JSON.stringify(body)).toContain("EMULATOR_RESOURCE_NOT_FOUND");
  });

  it("rejects a name that is not of a fault", async () => {
    const client = createClient(EmulatorService, createGrpcTransport({ baseUrl: server.url }));
    expect((await apiErrorOf(client.deleteFault({ name: "devices/1" }))).fields).toEqual(["name"]);
  });
});
