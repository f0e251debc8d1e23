import { toJson } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Call,
  Call_Protocol as Protocol,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { readApiError } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { callRaw, decodeWebText } from "../../support/http/raw-call.ts";
import { type PlanStatusInit, planStatus } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { freshKey, parent } from "../../support/test-server.ts";
import { type FaultyServer, startFaultyServer } from "./faulty-server.ts";

const create = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";

function requestOf(userKey: string, init: PlanStatusInit = {}): string {
  const status = toJson(PlanStatusSchema, planStatus(init));
  return JSON.stringify({ parent, clientId: "youtube", userKey, planStatus: status });
}

/** Sends a push over grpc-web-text, with messages in JSON. */
function push(to: { url: string; token: string }, body: string, http2 = false, headers = {}) {
  const { url, token } = to;
  return callRaw({
    url,
    token,
    protocol: "grpc-web",
    isText: true,
    format: "json",
    method: create,
    body,
    http2,
    headers,
  });
}

describe("the journal of the emulator, over grpc-web-text,", () => {
  let emulator: TestEmulator;
  let caller: { url: string; token: string };
  beforeAll(async () => {
    emulator = await startTestEmulator();
    emulator.state.clock.freezeAt(testTime);
    caller = { url: emulator.url, token: await emulator.token() };
  });
  afterEach(() => emulator.state.faults.clear());
  afterAll(async () => {
    expect(emulator.failures).toEqual([]);
    await emulator[Symbol.asyncDispose]();
  });

  async function recorded(userKey: string): Promise<Call | undefined> {
    const { calls } = await emulator.control("grpc").listCalls({ pageSize: 1_000 });
    return calls.find((call) => call.userKey === userKey);
  }

  it.each([false, true])(
    "shows the protocol, the base64 that was sent and the message, HTTP/2: %s",
    async (http2) => {
      const userKey = freshKey();
      const body = requestOf(userKey);
      expect((await push(caller, body, http2)).error).toBeUndefined();
      const call = await recorded(userKey);
      expect(call).toMatchObject({
        protocol: Protocol.GRPC_WEB,
        httpStatus: 200,
        code: 0,
        reason: "",
        violations: [],
      });
      expect(JSON.parse(call?.requestJson ?? "")).toMatchObject({ userKey, clientId: "youtube" });
      const sent = Buffer.from(encodeEnvelope(0, Buffer.from(body))).toString("base64");
      expect(call?.body).toEqual({ case: "bodyText", value: sent });
      expect(call?.bodySize).toBe(BigInt(sent.length));
    },
  );

  it("shows the violations with the paths of RPC", async () => {
    const userKey = freshKey();
    const { error } = await push(caller, requestOf(userKey, { languageCode: "?", plans: [] }));
    const violations = error && readApiError(error).violations;
    const call = await recorded(userKey);
    expect(call).toMatchObject({ protocol: Protocol.GRPC_WEB, reason: "FIELD_INVALID" });
    expect(call?.violations.map(({ field, description }) => `${field}: ${description}`)).toEqual(violations);
    expect(violations?.join()).toContain("planStatus.languageCode: ");
  });

  it("shows a body that is not base64 as it was sent", async () => {
    const answer = await callRaw({
      ...caller,
      protocol: "grpc-web",
      format: "binary",
      method: create,
      body: "not base64!!",
      unframed: true,
      headers: { "content-type": "application/grpc-web-text" },
    });
    expect(answer.error && readApiError(answer.error).reason).toBe("REQUEST_MALFORMED");
    const { calls } = await emulator.control("grpc").listCalls({ pageSize: 1 });
    expect(calls).toMatchObject([
      { protocol: Protocol.GRPC_WEB, body: { case: "bodyText", value: "not base64!!" }, requestJson: "" },
    ]);
  });

  it("names the fault of a call", async () => {
    const created = await emulator.control("connect").createFault({
      fault: { effect: { case: "error", value: { reason: 12 } } },
    });
    const userKey = freshKey();
    const { error } = await push(caller, requestOf(userKey));
    expect(error && readApiError(error).message).toBe(`injected by the emulator (${created.name})`);
    expect(await recorded(userKey)).toMatchObject({ fault: created.name, protocol: Protocol.GRPC_WEB });
  });
});

describe("a fault over grpc-web-text", () => {
  let server: FaultyServer;
  beforeAll(async () => {
    server = await startFaultyServer();
  });
  afterEach(() => server.state.faults.clear());
  afterAll(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });

  it.each(Object.values(Code).filter((code) => typeof code === "number"))(
    "sends code %d as it is",
    async (code) => {
      server.inject({ error: { code, message: "später" } });
      const { error, httpStatus } = await push(server, requestOf(freshKey()), code % 2 === 0);
      expect({ httpStatus, code: error?.code, message: error?.rawMessage }).toEqual({
        httpStatus: 200,
        code,
        message: "später",
      });
      expect(error?.details).toEqual([]);
    },
  );

  it("delays a call, which then succeeds", async () => {
    server.inject({ delay: "0.001s" });
    expect((await push(server, requestOf(freshKey()))).error).toBeUndefined();
  });

  it("ends a delayed call with its deadline", async () => {
    server.inject({ delay: "600s" });
    const { error } = await push(server, requestOf(freshKey()), false, { "grpc-timeout": "20m" });
    expect(error && readApiError(error)).toMatchObject({
      code: "DeadlineExceeded",
      reason: "DEADLINE_PASSED",
    });
  });
});

it("a stream over grpc-web-text whose deadline has passed is recorded with its status", async () => {
  await using server = await startFaultyServer();
  const response = await fetch(`${server.url}/grpc.health.v1.Health/Watch`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web-text", "grpc-timeout": "0m" },
    body: Buffer.from(encodeEnvelope(0, new Uint8Array(0))).toString("base64"),
  });
  const bytes = decodeWebText(new Uint8Array(await response.arrayBuffer()));
  expect(findTrailerError(trailerParse(bytes.subarray(5)))).toMatchObject({ code: Code.DeadlineExceeded });
  await expect
    .poll(() => server.ended.map(({ call, outcome }) => [call.method?.name, call.protocol, outcome.code]))
    .toEqual([["Watch", "grpc-web", Code.DeadlineExceeded]]);
});
