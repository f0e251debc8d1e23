import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { KeyFile } from "../../../src/auth/accounts/administration.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { makeAccount, requestToken, signAssertion } from "../../support/auth/service-accounts.ts";
import { parent, startTestServer, type TestServer } from "../../support/test-server.ts";

/** No test lasts until the next call is free. */
const slow = (burst: number) => ({ perSecond: 1 / 3600, burst });

const start = (burst: number, others: readonly [number, number][] = []) =>
  startTestServer({
    limits: {
      operatorRate: slow(burst),
      operatorRates: new Map(others.map(([asn, own]) => [asn, slow(own)])),
    },
  });

/** Requests a token with a new assertion. */
const ask = async (server: TestServer, key: KeyFile, claims: Record<string, unknown> = {}) =>
  requestToken(server, await signAssertion(server, key, { jti: randomUUID(), ...claims }));

const usedAssertions = ({ directory }: TestServer) => readdir(join(directory, "used-assertions"));

/** The account with a key that the server does not know. */
function forged(key: KeyFile): KeyFile {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...key, private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

describe("the rate of an operator", () => {
  it("the rate of an operator limits the tokens of its accounts, and with them the stored assertions", async () => {
    await using server = await start(3);
    const key = await makeAccount(server);
    const answers = [];
    for (let count = 0; count < 10; count += 1) {
      answers.push(await ask(server, key));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, ...Array(7).fill(429)]);
    const { headers, body } = answers[9] as (typeof answers)[number];
    expect(body).toEqual({
      error: "slow_down",
      error_description: expect.stringMatching(/^operator 65001 may make .* calls per second/),
    });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(3_500);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(await usedAssertions(server)).toHaveLength(3);
  });

  it("the rate of an operator counts tokens and calls together", async () => {
    await using server = await start(2);
    const key = await makeAccount(server);
    const { body } = await ask(server, key);
    const client = server.client("rest", String(body.access_token));
    await client.createPlanGroup({ parent, planGroupId: "g" });
    expect(await apiErrorOf(client.createPlanGroup({ parent, planGroupId: "h" }))).toMatchObject({
      reason: "OPERATOR_RATE_EXCEEDED",
    });
    expect((await ask(server, key)).status).toBe(429);
  });

  it("the rate of an operator is shared by its accounts and does not limit those of others", async () => {
    await using server = await start(1);
    const [first, second, other] = [
      await makeAccount(server),
      await makeAccount(server),
      await makeAccount(server, { asns: [65002] }),
    ];
    expect((await ask(server, first)).status).toBe(200);
    expect((await ask(server, second)).status).toBe(429);
    expect((await ask(server, other)).status).toBe(200);
  });

  it("the lowest rate among the operators of an account limits its tokens, and rejections take nothing from the others", async () => {
    await using server = await startTestServer({
      limits: {
        operatorRate: undefined,
        operatorRates: new Map([
          [65002, { perSecond: 1 / 1_800, burst: 2 }],
          [65003, slow(1)],
        ]),
      },
    });
    const key = await makeAccount(server, { asns: [65001, 65002, 65003] });
    const statuses = [];
    for (let count = 0; count < 4; count += 1) {
      statuses.push((await ask(server, key)).status);
    }
    expect(statuses).toEqual([200, 429, 429, 429]);
    const own = await makeAccount(server, { asns: [65002] });
    expect((await ask(server, own)).status).toBe(200);
  });

  it.each<[string, (server: TestServer, key: KeyFile) => Promise<{ status: number }>]>([
    ["an invalid signature", (server, key) => ask(server, forged(key))],
    ["another audience", (server, key) => ask(server, key, { aud: "https://example.com/token" })],
    ["no scope", (server, key) => ask(server, key, { scope: "" })],
    ["an expired time", (server, key) => ask(server, key, { iat: 1, exp: 2 })],
  ])("the rate of an operator is not used up by assertions with %s", async (_, attack) => {
    await using server = await start(1);
    const key = await makeAccount(server);
    for (let count = 0; count < 5; count += 1) {
      expect((await attack(server, key)).status).toBe(400);
    }
    expect((await ask(server, key)).status).toBe(200);
  });

  it("the rate of an operator is not used up by an assertion that is sent again", async () => {
    await using server = await start(2);
    const key = await makeAccount(server);
    const used = await signAssertion(server, key, { jti: "1" });
    expect((await requestToken(server, used)).status).toBe(200);
    for (let count = 0; count < 5; count += 1) {
      expect((await requestToken(server, used)).body.error_description).toMatch(/jti was already used/);
    }
    expect((await ask(server, key)).status).toBe(200);
  });

  it("the rate of an operator does not use up an assertion that it rejects", async () => {
    await using server = await start(1);
    const key = await makeAccount(server);
    await ask(server, key);
    const early = await signAssertion(server, key, { jti: "early" });
    expect((await requestToken(server, early)).status).toBe(429);
    await using restarted = await startTestServer({ directory: server.directory });
    const again = await signAssertion(restarted, key, { jti: "early", aud: `${restarted.url}/token` });
    expect((await requestToken(restarted, again)).status).toBe(200);
  });
});

it("an account that is linked to no operator gets no token", async () => {
  await using server = await startTestServer();
  const key = await makeAccount(server, { asns: [] });
  expect((await ask(server, key)).body).toEqual({
    error: "invalid_grant",
    error_description: "the account is not linked to an operator",
  });
});
