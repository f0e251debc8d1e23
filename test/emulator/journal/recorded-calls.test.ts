import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Code, CodeSchema } from "#deps/google/rpc/code_pb.js";
import {
  type Call,
  Call_ProtocolSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { BalanceLevel, NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { callRaw, type RawCall } from "../../support/http/raw-call.ts";
import { day, fromNow, planModule, planStatus, statusOf } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent, protocols } from "../../support/test-server.ts";

let emulator: TestEmulator;
let token: string;
beforeAll(async () => {
  emulator = await startTestEmulator({ limits: { maxRequestBytes: 200_000 } });
  emulator.state.clock.freezeAt(testTime);
  token = await emulator.token();
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});
beforeEach(() => emulator.control("connect").clearCalls({}));

const calls = async () => (await emulator.control("grpc").listCalls({})).calls;

async function onlyCall(): Promise<Call> {
  const all = await calls();
  expect(all.map(({ httpMethod, target }) => `${httpMethod} ${target}`)).toHaveLength(1);
  return all[0] as Call;
}

/** What a test expects of most calls. */
function summaryOf(call: Call) {
  const { protocol, method, httpStatus, code, reason, operator, clientId, userKey } = call;
  return {
    protocol: Call_ProtocolSchema.value[protocol]?.name,
    method: method.replace(/^mobiledataplansharing\./, ""),
    httpStatus,
    code: CodeSchema.value[code]?.name,
    reason,
    operator,
    clientId,
    userKey,
    fields: call.violations.map(({ field }) => field),
  };
}

const headerOf = (call: Call, name: string) =>
  call.headers.filter((each) => each.name === name).map(({ value }) => value);

const protocolNames = { rest: "REST", connect: "CONNECT", grpc: "GRPC", "grpc-web": "GRPC_WEB" } as const;
const create = "mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";
const createPath = `/v1/${parent}/planStatuses?userKey=k`;

describe.each(protocols)("a call over %s", (protocol) => {
  const isRest = protocol === "rest";
  const raw = (call: Partial<RawCall>) =>
    callRaw({
      url: emulator.url,
      protocol,
      token,
      format: "json",
      method: isRest ? `POST ${createPath}` : create,
      body: "{}",
      ...call,
    });

  it("is recorded with its request, its outcome and its notifications", async () => {
    const module = planModule({ coarseBalanceLevel: BalanceLevel.LOW_QUOTA });
    await emulator.client(protocol, token).createUserPlanStatus({
      parent,
      clientId: "youtube",
      userKey: "+14155550100",
      planStatus: statusOf(module),
    });
    const call = await onlyCall();
    expect(summaryOf(call)).toEqual({
      protocol: protocolNames[protocol],
      method: "v1.PlanStatusService/CreateUserPlanStatus",
      httpStatus: 200,
      code: "OK",
      reason: "",
      operator: parent,
      clientId: "youtube",
      userKey: "+14155550100",
      fields: [],
    });
    expect(call.name).toMatch(/^calls\/[1-9]\d*$/);
    expect(call.notifications).toEqual([NotificationType.NOTIFICATION_LOW_BALANCE_WARNING]);
    expect(call.errorMessage).toBe("");
    expect(call.fault).toBe("");
    expect(call.body.case).toBe(isRest ? "bodyText" : "bodyBytes");
    expect(call.body.value).toHaveLength(Number(call.bodySize));
    expect(call.receiveTime && timestampMs(call.receiveTime)).toBe(testTime);
    expect(Number(call.duration?.nanos)).toBeGreaterThan(0);
    expect(headerOf(call, "authorization")).toEqual(["Bearer"]);
    expect(JSON.parse(call.requestJson)).toMatchObject({
      parent,
      clientId: "youtube",
      userKey: "+14155550100",
      planStatus: {
        languageCode: "en-US",
        plans: [{ planId: "acme-199", planModules: [{ coarseBalanceLevel: "LOW_QUOTA" }] }],
      },
    });
    expect(JSON.parse(call.requestJson).planStatus).not.toHaveProperty("name");
  });

  it("that breaks rules is recorded with every violation", async () => {
    const body = isRest ? "" : "planStatus.";
    const push = {
      parent,
      userKey: "k",
      planStatus: planStatus({ languageCode: "", updateTime: fromNow(-31 * day) }),
    };
    await expect(emulator.client(protocol, token).createPlanStatus(push)).rejects.toThrow();
    const call = await onlyCall();
    expect(summaryOf(call)).toMatchObject({
      method: "v1.PlanStatusService/CreatePlanStatus",
      httpStatus: protocol.startsWith("grpc") ? 200 : 400,
      code: "INVALID_ARGUMENT",
      reason: "FIELD_INVALID",
      userKey: "k",
      fields: [`${body}languageCode`, `${body}updateTime`],
    });
    expect(call.errorMessage).toBe(`${body}languageCode: value is required (and 1 more)`);
    expect(call.violations[0]?.description).toBe("value is required");
    expect(JSON.parse(call.requestJson)).toMatchObject({ userKey: "k" });
  });

  it("that is stale is recorded with its reason", async () => {
    const push = (ageMs: number) =>
      emulator.client(protocol, token).createPlanStatus({
        parent,
        userKey: `stale-${protocol}`,
        planStatus: planStatus({ updateTime: fromNow(-ageMs) }),
      });
    await push(1_000);
    await expect(push(2_000)).rejects.toThrow();
    const [stale, stored] = await calls();
    expect(stored && summaryOf(stored)).toMatchObject({ code: "OK" });
    expect(stale && summaryOf(stale)).toMatchObject({ code: "ABORTED", reason: "PLAN_STATUS_STALE" });
    expect(stale?.errorMessage).toContain("a newer status is already stored");
  });

  it("without a token is recorded with its body and what it names", async () => {
    await raw({
      headers: { authorization: "" },
      method: isRest ? `POST ${createPath}` : create,
      body: '{"x":1}',
    });
    const call = await onlyCall();
    expect(summaryOf(call)).toMatchObject({
      protocol: protocolNames[protocol],
      method: "v1.PlanStatusService/CreatePlanStatus",
      code: "UNAUTHENTICATED",
      reason: "CREDENTIALS_INVALID",
      operator: isRest ? parent : "",
      userKey: isRest ? "k" : "",
    });
    expect(call.requestJson).toBe("");
    // Over HTTP/2 the answer may overtake the body.
    expect(call.bodySize).toBe({ rest: 7n, connect: 7n, grpc: 0n, "grpc-web": 12n }[protocol]);
  });

  it("with a malformed body is recorded with the body, the method and the violation", async () => {
    await raw({ body: '{"userKey": "k", ' });
    const call = await onlyCall();
    expect(summaryOf(call)).toMatchObject({
      method: "v1.PlanStatusService/CreatePlanStatus",
      code: "INVALID_ARGUMENT",
      reason: "REQUEST_MALFORMED",
    });
    expect(call.violations).not.toEqual([]);
    expect(call.errorMessage).not.toBe("");
    expect(call.requestJson).toBe("");
    expect(Buffer.from(call.body.value ?? "").toString()).toContain('{"userKey": "k", ');
  });

  it("with a field of the wrong type is recorded with the violation", async () => {
    const status = '{"languageCode": 7}';
    await raw({ body: isRest ? status : `{"parent": "${parent}", "userKey": "k", "planStatus": ${status}}` });
    const call = await onlyCall();
    expect(summaryOf(call)).toMatchObject({
      code: "INVALID_ARGUMENT",
      fields: [isRest ? "languageCode" : "planStatus.languageCode"],
      operator: protocol.startsWith("grpc") ? "" : parent,
      userKey: protocol.startsWith("grpc") ? "" : "k",
    });
  });

  it("that is compressed is recorded as it was sent, and as JSON", async () => {
    const body = isRest
      ? '{"languageCode": "en"}'
      : `{"parent": "${parent}", "userKey": "k", "planStatus": {"languageCode": "en"}}`;
    const compressed = gzipSync(body);
    await raw({ body: compressed, encoding: "gzip" });
    const call = await onlyCall();
    expect(call.body.case).toBe("bodyBytes");
    expect(Buffer.from(call.body.value ?? "").includes(compressed)).toBe(true);
    expect(JSON.parse(call.requestJson)).toMatchObject({
      parent,
      userKey: "k",
      planStatus: { languageCode: "en" },
    });
  });

  it("with a body that is too large is recorded with the beginning and the size of the body", async () => {
    await raw({ body: `{"userKey": "${"é".repeat(110_000)}"}` });
    const call = await onlyCall();
    expect(summaryOf(call)).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "REQUEST_TOO_LARGE" });
    expect(Buffer.from(call.body.value ?? "").length).toBeLessThanOrEqual(65_536);
  });

  it("with a body above 64 KiB is recorded with the beginning of the body, cut between characters", async () => {
    const text = "é".repeat(50_000);
    await raw({ body: isRest ? `{"title": "${text}"}` : `{"planStatus": {"title": "${text}"}}` });
    const call = await onlyCall();
    const kept = Buffer.from(call.body.value ?? "");
    expect(call.body.case).toBe(protocol.startsWith("grpc") ? "bodyBytes" : "bodyText");
    expect(kept.length).toBeLessThanOrEqual(65_536);
    expect(kept.length).toBeGreaterThan(65_533);
    expect(Number(call.bodySize)).toBeGreaterThan(100_000);
    expect(JSON.parse(call.requestJson).planStatus.title).toBe(text);
  });

  it("of an unknown content type is recorded", async () => {
    await raw({ headers: { "content-type": isRest ? "text/plain" : `application/${protocol}+xml` } }).catch(
      // A client would not know this answer as one of its protocol.
      () => undefined,
    );
    const [call] = await calls();
    expect(call?.code).not.toBe(Code.OK);
    expect(call?.errorMessage).not.toBe("");
  });
});

describe("a request that matches no method", () => {
  it("is recorded without a method", async () => {
    await fetch(`${emulator.url}/v1/${parent}/planStatus?userKey=k`, { method: "POST", body: "{}" });
    expect(summaryOf(await onlyCall())).toEqual({
      protocol: "REST",
      method: "",
      httpStatus: 404,
      code: "NOT_FOUND",
      reason: "ROUTE_NOT_FOUND",
      operator: parent,
      clientId: "",
      userKey: "k",
      fields: [],
    });
  });

  it("with another HTTP method of a path is recorded", async () => {
    await fetch(`${emulator.url}/v1/${parent}/planStatuses`, { method: "PUT", body: "{}" });
    expect(summaryOf(await onlyCall())).toMatchObject({ httpStatus: 405, reason: "METHOD_NOT_ALLOWED" });
  });

  it("over gRPC is recorded as UNIMPLEMENTED", async () => {
    await callRaw({
      url: emulator.url,
      protocol: "grpc",
      token,
      method: "a.B/C",
      format: "binary",
      body: "",
    });
    expect(summaryOf(await onlyCall())).toMatchObject({
      protocol: "GRPC",
      method: "",
      httpStatus: 200,
      code: "UNIMPLEMENTED",
    });
  });
});

describe("a connection that is cut within the body", () => {
  it("is recorded as CANCELLED without a status", async () => {
    const socket = connect(emulator.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const watching = emulator.control("grpc").watchCalls({ afterCall: "calls/0" })[Symbol.asyncIterator]();
    const next = watching.next();
    socket.write(
      `POST ${createPath} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"half"`,
    );
    // The request has arrived once another one, sent later, was answered.
    await fetch(`${emulator.url}/livez`);
    socket.end();
    socket.destroy();
    const { call } = (await next).value ?? {};
    expect(call && summaryOf(call)).toMatchObject({
      method: "v1.PlanStatusService/CreatePlanStatus",
      httpStatus: 0,
      code: "CANCELLED",
      userKey: "k",
    });
    expect(call?.body).toEqual({ case: "bodyText", value: '{"half"' });
    await watching.return?.();
  });
});

describe("the token endpoint", () => {
  it("is recorded without its body, which has credentials", async () => {
    await fetch(`${emulator.url}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: "a.b.c",
      }),
    });
    const call = await onlyCall();
    expect(summaryOf(call)).toMatchObject({
      protocol: "PROTOCOL_UNSPECIFIED",
      method: "",
      httpStatus: 400,
      code: "INVALID_ARGUMENT",
    });
    expect(call.target).toBe("/token");
    expect(call.errorMessage).toMatch(/^invalid_grant: /);
    expect(call.body.case).toBeUndefined();
    expect(call.bodySize).toBe(80n);
  });
});

describe("the journal", () => {
  it.each([
    ["/livez"],
    ["/readyz"],
    ["/$discovery/rest?version=v1"],
    ["/openapi.json"],
    ["/emulator/v1/clock"],
    ["/emulator/v1/nothing"],
    ["/emulator"],
    ["/%65mulator/v1/clock"],
  ])("does not record GET %s", async (path) => {
    await fetch(emulator.url + path);
    expect(await calls()).toEqual([]);
  });

  it.each([
    "grpc.health.v1.Health/Check",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "mobiledataplansharing.emulator.v1.EmulatorService/GetClock",
    "mobiledataplansharing.emulator.v1.EmulatorService/Nothing",
  ])("does not record a call of %s, valid or not", async (method) => {
    const types = ["json", "connect+json", "grpc", "grpc+json", "grpc-web+json", "xml", "grpc+xml"];
    for (const type of types) {
      const header = { "content-type": `application/${type}`, authorization: `Bearer ${token}` };
      const answer = await fetch(`${emulator.url}/${method}`, {
        method: "POST",
        headers: header,
        body: "{}",
      });
      await answer.arrayBuffer();
    }
    expect(await calls()).toEqual([]);
  });
});
