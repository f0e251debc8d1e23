import { readFileSync } from "node:fs";
import { toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BadRequestSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { ErrorReasonSchema } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { readScope } from "../../../src/auth/scopes.ts";
import type { PlanSharingClient } from "../../../src/client/index.ts";
import { exchangeOf } from "../../../src/emulator/journal/exchange.ts";
import type { CallSummary } from "../../../src/server/telemetry/call-summary.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { callRaw } from "../../support/http/raw-call.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols } from "../../support/test-server.ts";
import { type FaultyServer, startFaultyServer } from "./faulty-server.ts";

let server: FaultyServer;

/** Resolves with the summary of the call for a user, once it has ended. */
async function endOf(userKey: string): Promise<CallSummary> {
  for (;;) {
    const found = server.ended.find(({ call }) => call.userKey === userKey);
    if (found !== undefined) {
      return found;
    }
    await new Promise(setImmediate);
  }
}

beforeAll(async () => {
  server = await startFaultyServer();
});
afterEach(() => server.state.faults.clear());
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

function push(client: PlanSharingClient, userKey = freshKey()) {
  return client.createUserPlanStatus({ parent, clientId: "youtube", userKey, planStatus: planStatus() });
}

async function isStored(userKey: string): Promise<boolean> {
  const read = server.client("rest").getUserPlanStatus({ parent, clientId: "youtube", userKey });
  return read.then(
    () => true,
    () => false,
  );
}

const reasons = ErrorReasonSchema.values
  .map(({ name }) => name)
  .filter((name) => name !== "ERROR_REASON_UNSPECIFIED" && !name.startsWith("EMULATOR_"));

/** Delays that no test waits for. */
const long = "600s";

/** Resolves once a fault has been applied to a call. */
async function affected(): Promise<void> {
  while (server.state.faults.list().every(({ affectedCalls }) => affectedCalls === 0n)) {
    await new Promise(setImmediate);
  }
}

describe.each(protocols)("a fault over %s", (protocol) => {
  it("delays a call, which then succeeds", async () => {
    server.inject({ delay: "0.001s" });
    const userKey = freshKey();
    await push(server.client(protocol), userKey);
    expect(await isStored(userKey)).toBe(true);
  });

  it("ends with the deadline of a delayed call, which stores nothing", async () => {
    server.inject({ delay: long, match: { method: "CreateUserPlanStatus" } });
    const userKey = freshKey();
    const status = toJson(PlanStatusSchema, planStatus());
    const answer = await callRaw({
      url: server.url,
      protocol,
      token: server.token,
      format: "json",
      headers: { "x-server-timeout": "0.05" },
      ...(protocol === "rest"
        ? {
            method: `POST /v1/${parent}/clients/youtube/users/${userKey}/planStatus`,
            body: JSON.stringify(status),
          }
        : {
            method: "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
            body: JSON.stringify({ parent, clientId: "youtube", userKey, planStatus: status }),
          }),
    });
    expect(answer.error?.code).toBe(Code.DeadlineExceeded);
    expect(await isStored(userKey)).toBe(false);
  });

  it("ends when the caller of a delayed call hangs up", async () => {
    server.inject({ delay: long, match: { method: "CreateUserPlanStatus" } });
    const userKey = freshKey();
    const hangUp = new AbortController();
    const request = { parent, clientId: "youtube", userKey, planStatus: planStatus() };
    const call = server.client(protocol).createUserPlanStatus(request, { signal: hangUp.signal });
    await affected();
    hangUp.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    // The end of the delay is the end of the call.
    const ended = await endOf(userKey);
    expect(ended.outcome.code).toBe(Code.Canceled);
    expect(await isStored(userKey)).toBe(false);
  });

  it("cuts the connection of a delayed call when the emulator is reset, and leaves no trace of it", async () => {
    const { name } = server.inject({ delay: long, match: { method: "CreateUserPlanStatus" } });
    const userKey = freshKey();
    const failed = expect(push(server.client(protocol), userKey)).rejects.toBeInstanceOf(ConnectError);
    await affected();
    const first = server.state.journal.calls.next;
    await server.reset();
    await failed;
    await endOf(userKey);
    expect(await isStored(userKey)).toBe(false);
    const { calls } = server.state.journal;
    for (let number = first; number < calls.next; number++) {
      expect(calls.at(number)?.fault).not.toBe(name);
    }
  });

  it("applies to reads", async () => {
    server.inject({ error: { reason: "STORE_UNAVAILABLE" }, match: { method: "GetUserPlanStatus" } });
    const read = server.client(protocol).getUserPlanStatus({ parent, clientId: "youtube", userKey: "a" });
    expect((await apiErrorOf(read)).reason).toBe("STORE_UNAVAILABLE");
  });

  it("takes exactly the next calls of many at once", async () => {
    server.inject({ error: { code: 14 }, nextCalls: 7 });
    const client = server.client(protocol);
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => push(client)));
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(7);
    expect(server.state.faults.size).toBe(0);
  });

  it("does not count calls whose callers are not authorized", async () => {
    server.inject({ error: { reason: "SERVER_OVERLOADED" } });
    const readOnly = await server.makeToken({ scopes: [readScope] });
    const other = await server.makeToken({ asns: [65002] });
    const errors = await Promise.all(
      ["invalid", readOnly, other].map((token) => apiErrorOf(push(server.client(protocol, token)))),
    );
    expect(errors.map(({ reason }) => reason)).toEqual([
      "CREDENTIALS_INVALID",
      "SCOPE_INSUFFICIENT",
      "OPERATOR_NOT_LINKED",
    ]);
    expect(server.state.faults.list()).toMatchObject([{ matchedCalls: 0n }]);
  });

  it("applies to requests whose fields are invalid", async () => {
    server.inject({ error: { reason: "SERVER_OVERLOADED" }, nextCalls: 1 });
    const invalid = () =>
      server.client(protocol).createUserPlanStatus({ parent, clientId: "youtube", userKey: "a" });
    expect((await apiErrorOf(invalid())).reason).toBe("SERVER_OVERLOADED");
    expect((await apiErrorOf(invalid())).reason).toBe("FIELD_INVALID");
  });

  it("applies to requests whose operator is invalid unless it names one", async () => {
    const invalid = () =>
      server
        .client(protocol)
        .createPlanStatus({ parent: "operators/0", userKey: "a", planStatus: planStatus() });
    server.inject({ error: { reason: "SERVER_OVERLOADED" }, match: { operator: parent } });
    expect((await apiErrorOf(invalid())).reason).toBe("FIELD_INVALID");
    server.inject({ error: { reason: "OPERATOR_RATE_EXCEEDED" }, nextCalls: 1 });
    expect(await apiErrorOf(invalid())).toMatchObject({
      reason: "OPERATOR_RATE_EXCEEDED",
      metadata: { parent: "operators/0" },
    });
  });

  it("matches reads by the key in the name of the resource", async () => {
    const name = `${parent}/planStatuses/a%2Fb%25c`;
    server.inject({ error: { reason: "SERVER_OVERLOADED" }, match: { userKey: "a/b%c", operator: parent } });
    expect((await apiErrorOf(server.client(protocol).getPlanStatus({ name }))).reason).toBe(
      "SERVER_OVERLOADED",
    );
  });

  it("sends when to retry, in whole seconds in the header", async () => {
    server.inject({ error: { code: "UNAVAILABLE", retryDelay: "1.2s" } });
    const error = await push(server.client(protocol)).catch((reason: ConnectError) => reason);
    expect((error as ConnectError).metadata.get("retry-after")).toBe("2");
    const [info] = (error as ConnectError).findDetails(RetryInfoSchema);
    expect(info?.retryDelay).toMatchObject({ seconds: 1n, nanos: 200_000_000 });
  });

  it("names itself in the message by default, and in the record of the call", async () => {
    const { name } = server.inject({ error: { reason: "SERVER_FAILURE" } });
    const userKey = freshKey();
    const { message } = await apiErrorOf(push(server.client(protocol), userKey));
    expect(message).toBe(`injected by the emulator (${name})`);
    const { call, outcome } = await endOf(userKey);
    expect(exchangeOf(call)?.fault).toBe(name);
    expect(outcome).toMatchObject({ code: Code.Internal, reason: "SERVER_FAILURE" });
  });

  it.each([
    ["line breaks and control characters", "try\nlater\t\u0000\u007f"],
    ["letters of many languages and emoji", "später · 後で · 😀"],
    ["quotes and escapes", `"%20" \\ 'x'`],
  ])("sends a message with %s as it is", async (_, message) => {
    server.inject({ error: { reason: "CREDENTIALS_INVALID", message } });
    expect((await apiErrorOf(push(server.client(protocol)))).message).toBe(message);
  });

  it("sends the longest message, or its beginning, with the code and the reason", async () => {
    const message = "😀".repeat(4_096);
    server.inject({ error: { reason: "STORE_UNAVAILABLE", message } });
    const error = await apiErrorOf(push(server.client(protocol)));
    expect(error.reason).toBe("STORE_UNAVAILABLE");
    expect(message.startsWith(error.message.replace(/…$/, ""))).toBe(true);
  });

  it("is told from a failure of the server also with the code UNKNOWN", async () => {
    server.inject({ error: { code: "UNKNOWN" } });
    const userKey = freshKey();
    await expect(push(server.client(protocol), userKey)).rejects.toMatchObject({ code: Code.Unknown });
    expect((await endOf(userKey)).outcome).toMatchObject({ code: Code.Unknown, reason: undefined });
  });
});

describe("an injected error over REST", () => {
  it.each([
    [{ reason: "SERVER_OVERLOADED" }, 503, { "retry-after": "1" }],
    [{ code: "RESOURCE_EXHAUSTED", retryDelay: "0.1s" }, 429, { "retry-after": "1" }],
    [{ code: "RESOURCE_EXHAUSTED", retryDelay: "0s" }, 429, { "retry-after": "0" }],
    [{ code: "UNAVAILABLE" }, 503, { "retry-after": null }],
    [{ reason: "PLAN_STATUS_STALE" }, 409, {}],
    [{ reason: "DEVICE_NOT_REGISTERED" }, 404, {}],
    [{ reason: "CREDENTIALS_INVALID" }, 401, { "www-authenticate": /^Bearer .*error="invalid_token"/ }],
    [{ reason: "CREDENTIALS_MISSING" }, 401, { "www-authenticate": /^Bearer realm="[^"]+"$/ }],
    [{ code: "UNAUTHENTICATED" }, 401, { "www-authenticate": /^Bearer .*error="invalid_token"/ }],
    [
      { reason: "SCOPE_INSUFFICIENT" },
      403,
      { "www-authenticate": /error="insufficient_scope", scope="http/ },
    ],
    [{ reason: "METHOD_NOT_ALLOWED" }, 405, { allow: "POST" }],
    [{ reason: "RESPONSE_NOT_ACCEPTABLE" }, 406, {}],
    [{ reason: "REQUEST_TOO_LARGE" }, 413, {}],
    [{ reason: "CONTENT_TYPE_UNSUPPORTED" }, 415, {}],
    [{ code: "DATA_LOSS" }, 500, {}],
  ])("%j has the status %d and the headers that servers send", async (error, status, headers) => {
    server.inject({ error });
    const path = `/v1/${parent}/clients/youtube/users/a/planStatus`;
    const answer = await fetch(server.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
      body: JSON.stringify(toJson(PlanStatusSchema, planStatus())),
    });
    expect(answer.status).toBe(status);
    for (const [name, expected] of Object.entries(headers)) {
      const value = answer.headers.get(name);
      expect(expected instanceof RegExp ? expected.test(value ?? "") : value).toBe(
        expected instanceof RegExp ? true : expected,
      );
    }
    const body = (await answer.json()) as { error: { code: number; details?: unknown[] } };
    expect(body.error.code).toBe(status);
    const isPlain = "code" in error && !("retryDelay" in error);
    expect(body.error.details === undefined).toBe(isPlain);
  });
});

it("a delay ends when the server stops, and its call is served", async () => {
  await using stopping = await startFaultyServer();
  stopping.inject({ delay: long });
  const call = push(stopping.client("rest"));
  while (stopping.state.faults.list()[0]?.affectedCalls === 0n) {
    await new Promise(setImmediate);
  }
  const stopped = stopping.stop();
  expect((await call).name).toMatch(/^operators\/65001\/planStatuses\//);
  await stopped;
});

/** The reasons whose comment in the contract promises a detail. */
function reasonsWith(detail: string): string[] {
  const proto = readFileSync(
    new URL("../../../proto/mobiledataplansharing/v1/errors.proto", import.meta.url),
    "utf8",
  );
  const entries = proto
    .slice(proto.indexOf("enum ErrorReason"))
    .matchAll(/((?: *\/\/.*\n)+) *([A-Z_]+) = \d+/g);
  return Array.from(entries, ([, comment = "", name = ""]) => (comment.includes(detail) ? name : "")).filter(
    Boolean,
  );
}

describe("an injected error", () => {
  it.each([
    ["google.rpc.RetryInfo", RetryInfoSchema],
    ["google.rpc.BadRequest", BadRequestSchema],
  ] as const)("has %s with each reason for which the contract promises it", async (detail, schema) => {
    const promised = reasonsWith(detail);
    expect(promised.length).toBeGreaterThan(1);
    for (const reason of promised) {
      server.inject({ error: { reason }, nextCalls: 1 });
      const error = await push(server.client("rest")).catch((cause: ConnectError) => cause);
      expect((error as ConnectError).findDetails(schema), reason).toHaveLength(1);
    }
  });
});

describe.each(protocols)("an injected error over %s", (protocol) => {
  it.each(reasons)("has the code and the metadata that the contract promises for %s", async (reason) => {
    server.inject({ error: { reason } });
    const userKey = freshKey();
    const error = await apiErrorOf(push(server.client(protocol), userKey));
    expect(error.reason).toBe(reason);
    expect(Object.values(error.metadata)).not.toContain("");
    server.state.faults.clear();
    expect(await isStored(userKey)).toBe(false);
  });

  it.each(Object.values(Code).filter((code) => typeof code === "number"))(
    "has no ErrorInfo if only code %d is given",
    async (code) => {
      server.inject({ error: { code, message: "try later" }, match: { method: "CreateUserPlanStatus" } });
      const error = await push(server.client(protocol)).catch((reason) => reason);
      expect(error).toBeInstanceOf(ConnectError);
      expect({ code: error.code, message: error.rawMessage, details: error.details }).toEqual({
        code,
        message: "try later",
        details: [],
      });
    },
  );
});
