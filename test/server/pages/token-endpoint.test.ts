import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthConfigSchema } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { KeyFile } from "../../../src/auth/accounts/administration.ts";
import { serviceAccountsPath } from "../../../src/auth/accounts/list-file.ts";
import { pushScope, readScope } from "../../../src/auth/scopes.ts";
import { createPlanSharingClient } from "../../../src/client/client.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { makeAccount, postForm, requestToken, signAssertion } from "../../support/auth/service-accounts.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
let key: KeyFile;
beforeAll(async () => {
  server = await startTestServer();
  key = await makeAccount(server);
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const nowSeconds = testTime / 1000;
const sign = (claims: Record<string, unknown> = {}, header: object = {}) =>
  signAssertion(server, key, claims, header);
const push = (token: string, protocol: (typeof protocols)[number] = "connect") =>
  server.client(protocol, token).createPlanStatus({ parent, userKey: freshKey(), planStatus: planStatus() });

describe("an assertion", () => {
  it("an assertion is answered with an access token for one hour, not to be cached", async () => {
    const { status, headers, body } = await requestToken(server, await sign());
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        token_type: "Bearer",
        expires_in: 3600,
        scope: pushScope,
      },
    });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-type")).toBe("application/json");
  });

  it.each(protocols)(
    "an assertion yields a token that pushes over %s, only for the operators of its account",
    async (protocol) => {
      const { body } = await requestToken(server, await sign());
      const token = String(body.access_token);
      await push(token, protocol);
      const foreign = server
        .client(protocol, token)
        .createPlanStatus({ parent: "operators/65002", userKey: freshKey(), planStatus: planStatus() });
      expect(await apiErrorOf(foreign)).toMatchObject({ reason: "OPERATOR_NOT_LINKED" });
    },
  );

  it.each([
    ["the server's address", () => `${server.url}/token`],
    ["another name of this machine", () => `http://localhost:${server.port}/token`],
    [
      "Google's token endpoint, which Google's library for Node always names",
      () => "https://oauth2.googleapis.com/token",
    ],
  ])("an assertion may have the audience %s", async (_, aud) => {
    expect((await requestToken(server, await sign({ aud: aud() }))).status).toBe(200);
  });

  it("an assertion gets those of the requested scopes that its account has", async () => {
    const scope = `https://www.googleapis.com/auth/cloud-platform ${readScope} ${pushScope}`;
    const { status, body } = await requestToken(server, await sign({ scope }));
    expect({ status, scope: body.scope }).toEqual({ status: 200, scope: pushScope });
  });

  it.each<[string, Record<string, unknown>, object, string, RegExp]>([
    ["for another server", { aud: "https://example.com/token" }, {}, "invalid_grant", /aud must be http/],
    ["for no server", { aud: undefined }, {}, "invalid_grant", /aud must be http/],
    [
      "for a list of servers",
      { aud: ["https://oauth2.googleapis.com/token"] },
      {},
      "invalid_grant",
      /aud must be/,
    ],
    ["that has expired", { iat: nowSeconds - 3601, exp: nowSeconds }, {}, "invalid_grant", /expired/],
    ["of more than an hour", { exp: nowSeconds + 3601 }, {}, "invalid_grant", /at most 3600 s after iat/],
    [
      "of more than an hour, begun earlier",
      { iat: nowSeconds - 60, exp: nowSeconds + 3600 },
      {},
      "invalid_grant",
      /at most 3600 s/,
    ],
    [
      "of the future",
      { iat: nowSeconds + 61, exp: nowSeconds + 3000 },
      {},
      "invalid_grant",
      /iat is in the future/,
    ],
    ["that begins later", { nbf: nowSeconds + 120 }, {}, "invalid_grant", /not valid yet/],
    ["without a beginning", { iat: undefined }, {}, "invalid_grant", /missing or invalid claim: iat/],
    ["without an end", { exp: undefined }, {}, "invalid_grant", /missing or invalid claim: exp/],
    ["for somebody else", { sub: "admin@example.com" }, {}, "invalid_grant", /acting for another account/],
    [
      "of an account that does not exist",
      { iss: "nobody@example.com" },
      {},
      "invalid_grant",
      /not signed by a service account/,
    ],
    ["of no account", { iss: undefined }, {}, "invalid_grant", /not signed by a service account/],
    ["of a key that does not exist", {}, { kid: "x" }, "invalid_grant", /not signed by a service account/],
    [
      "for no scope",
      { scope: undefined },
      {},
      "invalid_scope",
      /scope must contain one of: .*dataplansharing/,
    ],
    [
      "for a scope that the account has not",
      { scope: readScope },
      {},
      "invalid_scope",
      /scope must contain one of/,
    ],
    [
      "for a scope that only begins like one",
      { scope: `${pushScope}2` },
      {},
      "invalid_scope",
      /scope must contain one of/,
    ],
  ])("an assertion %s is rejected", async (_, claims, header, error, description) => {
    const { status, body } = await requestToken(server, await sign(claims, header));
    expect({ status, body }).toEqual({
      status: 400,
      body: { error, error_description: expect.stringMatching(description) },
    });
  });

  it("an assertion signed with the key of another account is rejected", async () => {
    const other = await makeAccount(server);
    const forged = await signAssertion(server, { ...other, client_email: key.client_email });
    expect((await requestToken(server, forged)).body).toMatchObject({ error: "invalid_grant" });
  });

  it.each([
    ["not a JWT", "abc"],
    ["a JWT of three empty parts", ".."],
    ["binary", "\u0000\u00ff.e30.e30"],
  ])("an assertion that is %s is rejected as malformed", async (_, assertion) => {
    expect(await requestToken(server, assertion)).toMatchObject({
      status: 400,
      body: { error: "invalid_grant", error_description: "assertion: the assertion is malformed" },
    });
  });

  it("an assertion with a jti is accepted once, also after a restart", async () => {
    await using own = await startTestServer();
    const ownKey = await makeAccount(own);
    const assertion = await signAssertion(own, ownKey, { jti: "1" });
    const answers = await Promise.all(Array.from({ length: 20 }, () => requestToken(own, assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const replayed = { error: "invalid_grant", error_description: "assertion: jti was already used" };
    expect(answers.filter(({ body }) => body.error !== undefined).map(({ body }) => body)).toEqual(
      Array.from({ length: 19 }, () => replayed),
    );
    await own.stop();
    await using again = await startTestServer({ directory: own.directory });
    const { url } = again;
    const aud = `${url}/token`;
    const second = await signAssertion(again, ownKey, { jti: "1", aud });
    expect((await requestToken(again, second)).body).toEqual(replayed);
    expect((await requestToken(again, await signAssertion(again, ownKey, { jti: "2", aud }))).status).toBe(
      200,
    );
  });

  it("an assertion with a jti that another account has used is accepted", async () => {
    const other = await makeAccount(server);
    expect((await requestToken(server, await sign({ jti: "same" }))).status).toBe(200);
    expect((await requestToken(server, await signAssertion(server, other, { jti: "same" }))).status).toBe(
      200,
    );
  });

  it("an assertion without a jti is accepted again, because Google's libraries send none", async () => {
    const assertion = await sign();
    expect((await requestToken(server, assertion)).status).toBe(200);
    expect((await requestToken(server, assertion)).status).toBe(200);
  });

  it("a corrected assertion with the jti of a rejected one is accepted", async () => {
    expect((await requestToken(server, await sign({ jti: "mended", scope: "x" }))).status).toBe(400);
    expect((await requestToken(server, await sign({ jti: "mended" }))).status).toBe(200);
  });
});

describe("a request for a token", () => {
  const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

  it.each<[string, [string, string][], string, RegExp]>([
    ["without anything", [], "invalid_request", /^grant_type must be given exactly once$/],
    [
      "without an assertion",
      [["grant_type", grant]],
      "invalid_request",
      /^assertion must be given exactly once$/,
    ],
    [
      "with an empty assertion",
      [
        ["grant_type", grant],
        ["assertion", ""],
      ],
      "invalid_request",
      /^assertion must/,
    ],
    [
      "with two grant types",
      [
        ["grant_type", grant],
        ["grant_type", grant],
        ["assertion", "x"],
      ],
      "invalid_request",
      /^grant_type must/,
    ],
    [
      "with two assertions",
      [
        ["grant_type", grant],
        ["assertion", "x"],
        ["assertion", "x"],
      ],
      "invalid_request",
      /^assertion must/,
    ],
    [
      "for another grant",
      [
        ["grant_type", "client_credentials"],
        ["assertion", "x"],
      ],
      "unsupported_grant_type",
      /grant_type must be urn:/,
    ],
  ])("a token request %s is rejected", async (_, form, error, description) => {
    const { status, body, headers } = await postForm(server, new URLSearchParams(form));
    expect({ status, body }).toEqual({
      status: 400,
      body: { error, error_description: expect.stringMatching(description) },
    });
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it.each(["application/json", "text/plain", "", "application/x-www-form-urlencoded2"])(
    "a token request of type %j is rejected",
    async (type) => {
      const response = await fetch(`${server.url}/token`, {
        method: "POST",
        headers: { "content-type": type },
        body: JSON.stringify({ grant_type: grant, assertion: await sign() }),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        error: "invalid_request",
        error_description: "Content-Type must be application/x-www-form-urlencoded",
      });
    },
  );

  it("a token request must be a POST", async () => {
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
      const response = await fetch(`${server.url}/token`, { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    }
    expect(await (await fetch(`${server.url}/token`, { method: "HEAD" })).text()).toBe("");
  });

  it("a token request of more than 16 KiB is rejected before it has arrived", async () => {
    const socket = await openSocket(server.port);
    socket.write(
      "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 99999999\r\n\r\n",
    );
    socket.write("a".repeat(17_000));
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 413 [\s\S]*must not be larger than 16384 bytes/);
    expect((await requestToken(server, await sign())).status).toBe(200);
  });

  it("a token request that ends early is not an error of the server", async () => {
    const socket = await openSocket(server.port);
    socket.write(
      "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nabc",
    );
    socket.destroy();
    expect((await requestToken(server, await sign())).status).toBe(200);
  });

  it("a token request over HTTP/2 is answered", async () => {
    const session = connect(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/token",
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    });
    stream.end(String(new URLSearchParams({ grant_type: grant, assertion: await sign() })));
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    expect(headers[":status"]).toBe(200);
    session.destroy();
  });

  it("an assertion of an account of another installation is rejected", async () => {
    await using other = await startTestServer();
    const assertion = await signAssertion(other, key, { aud: `${other.url}/token` });
    expect((await requestToken(other, assertion)).body).toMatchObject({ error: "invalid_grant" });
  });
});

it("an assertion is answered with 503 while the list of accounts cannot be read", async () => {
  await using own = await startTestServer();
  const assertion = await signAssertion(own, await makeAccount(own));
  expect((await requestToken(own, assertion)).status).toBe(200);
  const path = serviceAccountsPath(own.directory);
  const good = await readFile(path, "utf8");
  await writeFile(path, "{");
  const answer = async () => {
    const { status, body } = await requestToken(own, assertion);
    return { status, error: body.error };
  };
  await expect.poll(answer).toEqual({ status: 503, error: "temporarily_unavailable" });
  await writeFile(path, good);
  await expect.poll(answer).toEqual({ status: 200, error: undefined });
});

describe("a server with public URLs", () => {
  it("a server with public URLs accepts assertions for these, and not for its own address", async () => {
    const auth = create(AuthConfigSchema, { publicUrls: ["https://mdps.example.com"] });
    await using own = await startTestServer({ auth });
    const ownKey = await makeAccount(own);
    const answer = async (aud: string) =>
      (await requestToken(own, await signAssertion(own, ownKey, { aud }))).status;
    expect(await answer("https://mdps.example.com/token")).toBe(200);
    expect(await answer(`${own.url}/token`)).toBe(400);
    const client = createPlanSharingClient({
      endpoint: own.url,
      protocol: "rest",
      token: await signAssertion(own, ownKey, { aud: "https://mdps.example.com/", scope: undefined }),
    });
    await client.createPlanGroup({ parent, planGroupId: "k" });
  });

  it("a server under a path of a host accepts assertions and tokens for that path only", async () => {
    const auth = create(AuthConfigSchema, { publicUrls: ["https://EXAMPLE.com:443/mdps/"] });
    await using own = await startTestServer({ auth });
    const ownKey = await makeAccount(own);
    const assertionStatus = async (aud: string) =>
      (await requestToken(own, await signAssertion(own, ownKey, { aud }))).status;
    expect(await assertionStatus("https://example.com/mdps/token")).toBe(200);
    expect(await assertionStatus("https://example.com/token")).toBe(400);
    expect(await assertionStatus("https://example.com/mdps-2/token")).toBe(400);
    const isAccepted = async (aud: string) => {
      const token = await signAssertion(own, ownKey, { aud, scope: undefined });
      const client = createPlanSharingClient({ endpoint: own.url, protocol: "rest", token });
      const outcome = await client
        .createPlanGroup({ parent, planGroupId: "k" })
        .then(() => "accepted", String);
      expect(outcome).toMatch(/^accepted$|claim: aud/);
      return outcome === "accepted";
    };
    for (const path of ["/mdps", "/mdps/", "/mdps/mobiledataplansharing.v1.PlanGroupService"]) {
      expect(await isAccepted(`https://example.com${path}`), path).toBe(true);
    }
    for (const path of ["", "/", "/other", "/mdps-2/", "/mdps/token", "/mdps/../other", "/token"]) {
      expect(await isAccepted(`https://example.com${path}`), path).toBe(false);
    }
  });
});

it("a replayed assertion yields no token after the folder of used assertions was removed", async () => {
  await using own = await startTestServer();
  const ownKey = await makeAccount(own);
  const assertion = await signAssertion(own, ownKey, { jti: "once" });
  expect((await requestToken(own, assertion)).status).toBe(200);
  await rm(join(own.directory, "used-assertions"), { recursive: true });
  expect((await requestToken(own, assertion)).status).toBe(503);
  expect(own.failures.splice(0).map(String)).toEqual([
    expect.stringMatching(/used-assertions was removed while the server used it/),
  ]);
});
