import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pushScope, readScope, readScopeAlias } from "../../../src/auth/scopes.ts";
import { latestMs } from "../../../src/emulator/clock/emulator-clock.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { testTime } from "../../support/test-clock.ts";
import { freshKey, parent, protocols } from "../../support/test-server.ts";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});
beforeEach(() => {
  emulator.state.clock.freezeAt(testTime);
});

type TokenInit = {
  operators?: string[];
  scopes?: string[];
  lifetime?: { seconds?: bigint; nanos?: number };
};

const createToken = (init: TokenInit = {}) =>
  emulator.control("connect").createToken({ operators: [parent], ...init });

const pushWith = (token: string, operator = parent) =>
  emulator.client("connect", token).createPlanGroup({ parent: operator, planGroupId: freshKey() });

describe.each(protocols)("CreateToken over %s", (protocol) => {
  it("creates a token that may push and read for the operator, for an hour", async () => {
    const token = await emulator.control(protocol).createToken({ operators: [parent] });
    expect(token).toMatchObject({ tokenType: "Bearer", expireTime: timestampFromMs(testTime + 3_600_000) });
    const client = emulator.client(protocol, token.accessToken);
    const planGroupId = freshKey();
    await client.createPlanGroup({ parent, planGroupId });
    await client.getPlanGroup({ name: `${parent}/planGroups/${planGroupId}` });
    const other = client.createPlanGroup({ parent: "operators/65002", planGroupId });
    expect(await apiErrorOf(other)).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
  });
});

describe("CreateToken", () => {
  it("answers REST with the names of proto3 JSON", async () => {
    const { status, body } = await emulator.rest("POST", "tokens", { operators: [parent] });
    expect(status).toBe(200);
    expect(body).toEqual({
      accessToken: expect.any(String),
      tokenType: "Bearer",
      expireTime: "2026-03-01T13:00:00Z",
    });
  });

  it.each([
    [["push"], [pushScope]],
    [["read"], [readScope]],
    [[pushScope], [pushScope]],
    [[readScope], [readScope]],
    [[readScopeAlias], [readScope]],
    [
      ["push", "read", "push", pushScope],
      [pushScope, readScope],
    ],
    [[], [pushScope, readScope]],
  ])("grants the scopes of %j", async (scopes, granted) => {
    const { accessToken } = await createToken({ scopes });
    expect(decodeJwt(accessToken).scope).toBe(granted.join(" "));
    const pushed = pushWith(accessToken);
    await (granted.includes(pushScope)
      ? pushed
      : expect(apiErrorOf(pushed)).resolves.toMatchObject({ reason: "SCOPE_INSUFFICIENT" }));
  });

  it("is valid for each of 100 operators, once each", async () => {
    const operators = Array.from({ length: 100 }, (_, index) => `operators/${4_294_967_295 - index}`);
    const { accessToken } = await createToken({ operators });
    await pushWith(accessToken, "operators/4294967295");
    await pushWith(accessToken, "operators/4294967196");
    const twice = await createToken({ operators: [parent, parent] });
    expect(decodeJwt(twice.accessToken).asns).toEqual([65001]);
  });

  it.each<[string, TokenInit, string[]]>([
    ["no operator", { operators: [] }, ["operators"]],
    ["101 operators", { operators: Array(101).fill(parent) }, ["operators"]],
    ["operator 0", { operators: [parent, "operators/0"] }, ["operators[1]"]],
    ["an ASN of more than 32 bits", { operators: ["operators/4294967296"] }, ["operators[0]"]],
    ["a leading zero", { operators: ["operators/065001"] }, ["operators[0]"]],
    ["an operator without its collection", { operators: ["65001"] }, ["operators[0]"]],
    ["an empty operator", { operators: [""] }, ["operators[0]"]],
    ["an unknown scope", { scopes: ["push", "write"] }, ["scopes[1]"]],
    ["an empty scope", { scopes: [""] }, ["scopes[0]"]],
    ["two scopes in one", { scopes: ["push read"] }, ["scopes[0]"]],
    ["a scope in capital letters", { scopes: ["PUSH"] }, ["scopes[0]"]],
    ["11 scopes", { scopes: Array(11).fill("push") }, ["scopes"]],
    ["a lifetime of 0s", { lifetime: {} }, ["lifetime"]],
    ["a negative lifetime", { lifetime: { seconds: -1n } }, ["lifetime"]],
    ["a lifetime of mixed signs", { lifetime: { seconds: 1n, nanos: -1 } }, ["lifetime"]],
    [
      "a lifetime of 366 days and a nanosecond",
      { lifetime: { seconds: 366n * 86_400n, nanos: 1 } },
      ["lifetime"],
    ],
    ["a lifetime that is no Duration", { lifetime: { seconds: 2n ** 62n } }, ["lifetime"]],
    [
      "errors in all fields",
      { operators: ["x"], scopes: ["y"], lifetime: {} },
      ["operators[0]", "scopes[0]", "lifetime"],
    ],
  ])("rejects %s", async (_, init, fields) => {
    const error = await apiErrorOf(createToken(init));
    expect(error).toMatchObject({ reason: "FIELD_INVALID", fields });
  });

  it("names the scopes that are allowed", async () => {
    const { violations } = await apiErrorOf(createToken({ scopes: ["write"] }));
    expect(violations).toEqual([
      `scopes[0]: must be push, read, ${pushScope} or ${readScope}, but is "write"`,
    ]);
  });

  it("rounds the lifetime up to whole seconds", async () => {
    emulator.state.clock.freezeAt(testTime + 1);
    const { accessToken, expireTime } = await createToken({ lifetime: { nanos: 1 } });
    expect(expireTime).toEqual(timestampFromMs(testTime + 1_000));
    await pushWith(accessToken);
    emulator.state.clock.freezeAt(testTime + 1_000);
    expect(await apiErrorOf(pushWith(accessToken))).toMatchObject({ reason: "CREDENTIALS_INVALID" });
  });

  it("accepts 366 days, and no lifetime that ends after the year 9999", async () => {
    await createToken({ lifetime: { seconds: 366n * 86_400n } });
    emulator.state.clock.freezeAt(latestMs - 60_000);
    expect((await apiErrorOf(createToken())).violations).toEqual([
      "lifetime: must end by 9999-12-31T23:59:59Z: shorten it, or set the clock back",
    ]);
    const { accessToken } = await createToken({ lifetime: { seconds: 59n } });
    await pushWith(accessToken);
  });
});
