import { connect } from "node:http2";
import { UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pushScope, readScope } from "../../src/auth/scopes.ts";
import type { PlanSharingClient } from "../../src/client/client.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { openSocket } from "../support/http/raw-socket.ts";
import { hour, planStatus } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
let foreign: TestServer;
beforeAll(async () => {
  [server, foreign] = await Promise.all([startTestServer(), startTestServer()]);
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await Promise.all([server[Symbol.asyncDispose](), foreign[Symbol.asyncDispose]()]);
});

const realm = 'Bearer realm="mobile-data-plan-sharing"';
const clientId = "youtube";

/** Every method, with a request that is right in all but what the test is about. */
function callsOf(client: PlanSharingClient, operator = parent) {
  const userKey = freshKey();
  return {
    push: [
      () => client.createUserPlanStatus({ parent: operator, clientId, userKey, planStatus: planStatus() }),
      () => client.createPlanStatus({ parent: operator, userKey, planStatus: planStatus() }),
      () => client.createPlanGroup({ parent: operator, planGroupId: userKey }),
    ],
    read: [
      () => client.getUserPlanStatus({ parent: operator, clientId, userKey }),
      () => client.getPlanStatus({ name: `${operator}/planStatuses/${userKey}` }),
      () => client.getPlanGroup({ name: `${operator}/planGroups/${userKey}` }),
    ],
  };
}

describe.each(protocols)("over %s", (protocol) => {
  async function everyRefusal(token: string) {
    const { push, read } = callsOf(server.client(protocol, token));
    return Promise.all([...push, ...read].map((call) => apiErrorOf(call())));
  }

  it("a token of another installation is refused by every method", async () => {
    for (const refusal of await everyRefusal(foreign.token)) {
      expect(refusal).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
      expect(refusal.headers.get("www-authenticate")).toBe(
        `${realm}, error="invalid_token", error_description="the access token has an invalid signature"`,
      );
    }
  });

  it("a token without signature (alg none) is refused by every method", async () => {
    const jwt = new UnsecuredJWT({ scope: `${pushScope} ${readScope}`, asns: [65001] })
      .setIssuer("mobile-data-plan-sharing")
      .setAudience("mobile-data-plan-sharing")
      .setSubject("test")
      .setExpirationTime(testTime / 1000 + 3600);
    // As the library writes it the type is missing: add it, so that only the signature is wrong.
    const header = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
    const [, payload] = jwt.encode().split(".");
    for (const refusal of await everyRefusal(`${header}.${payload}.`)) {
      expect(refusal).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
    }
  });

  it("a token that has expired is refused, to the second, also when the server knows it", async () => {
    await using own = await startTestServer();
    const client = own.client(protocol, await own.makeToken({ lifetimeSeconds: 3600 }));
    const push = () => client.createPlanGroup({ parent, planGroupId: "k" });
    await push();
    own.clock.set(testTime + hour - 1);
    await push();
    own.clock.set(testTime + hour);
    const refusal = await apiErrorOf(push());
    expect(refusal).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
    expect(refusal.headers.get("www-authenticate")).toBe(
      `${realm}, error="invalid_token", error_description="the access token has expired"`,
    );
  });

  it("a token to push cannot read", async () => {
    const client = server.client(protocol, await server.makeToken({ scopes: [pushScope] }));
    for (const call of callsOf(client).read) {
      const refusal = await apiErrorOf(call());
      expect(refusal).toMatchObject({
        code: "PermissionDenied",
        reason: "SCOPE_INSUFFICIENT",
        metadata: { scope: readScope },
      });
      expect(refusal.headers.get("www-authenticate")).toBe(
        `${realm}, error="insufficient_scope", scope="${readScope}"`,
      );
    }
    for (const call of callsOf(client).push) {
      await call();
    }
  });

  it("a token to read cannot push", async () => {
    const client = server.client(protocol, await server.makeToken({ scopes: [readScope] }));
    for (const call of callsOf(client).push) {
      const refusal = await apiErrorOf(call());
      expect(refusal).toMatchObject({
        code: "PermissionDenied",
        reason: "SCOPE_INSUFFICIENT",
        metadata: { scope: pushScope },
      });
      expect(refusal.headers.get("www-authenticate")).toBe(
        `${realm}, error="insufficient_scope", scope="${pushScope}"`,
      );
    }
    for (const call of callsOf(client).read) {
      expect(await apiErrorOf(call())).toMatchObject({ code: "NotFound" });
    }
  });

  it("a token without any scope can do nothing", async () => {
    for (const refusal of await everyRefusal(await server.makeToken({ scopes: [] }))) {
      expect(refusal).toMatchObject({ reason: "SCOPE_INSUFFICIENT" });
    }
  });

  it("the account acts for its operators alone, whether or not another one exists", async () => {
    // 65002 has a status of this very user; nobody ever pushed for 65003.
    const { push, read } = callsOf(server.client(protocol), "operators/65002");
    await Promise.all(push.map((call) => call()));
    await Promise.all(read.map((call) => call()));
    const client = server.client(protocol, await server.makeToken({ asns: [65001] }));
    const refusals = async (operator: string) => {
      const calls = callsOf(client, operator);
      const all = await Promise.all([...calls.push, ...calls.read].map((call) => apiErrorOf(call())));
      return all.map(({ headers: _, ...refusal }) =>
        JSON.parse(JSON.stringify(refusal).replaceAll(operator, "operators/N")),
      );
    };
    const existing = await refusals("operators/65002");
    expect(existing).toEqual(await refusals("operators/65003"));
    for (const refusal of existing) {
      expect(refusal).toMatchObject({
        code: "PermissionDenied",
        reason: "OPERATOR_NOT_LINKED",
        message: "the account of this token is not linked to operators/N",
        metadata: { parent: "operators/N" },
        fields: [],
      });
    }
  });

  it("the operator is checked before the rules: a stranger learns nothing of them", async () => {
    const client = server.client(protocol, await server.makeToken({ asns: [65001] }));
    const call = client.createUserPlanStatus({
      parent: "operators/65002",
      clientId: "gmail",
      userKey: "k",
      planStatus: {},
    });
    expect(await apiErrorOf(call)).toMatchObject({ reason: "OPERATOR_NOT_LINKED", fields: [] });
  });

  it("a parent that is none is a broken rule, not a matter of rights", async () => {
    for (const operator of ["operators/0", "operators/065001", "operators/4294967296", "operators/x"]) {
      const call = server.client(protocol).createPlanGroup({ parent: operator, planGroupId: "k" });
      expect(await apiErrorOf(call)).toMatchObject({ code: "InvalidArgument", fields: ["parent"] });
    }
  });

  it("a refused push stores nothing", async () => {
    const userKey = freshKey();
    const request = { parent, clientId, userKey };
    const reader = await server.makeToken({ scopes: [readScope] });
    for (const token of [foreign.token, reader]) {
      await apiErrorOf(
        server.client(protocol, token).createUserPlanStatus({ ...request, planStatus: planStatus() }),
      );
    }
    expect(await apiErrorOf(server.client(protocol).getUserPlanStatus(request))).toMatchObject({
      reason: "PLAN_STATUS_NOT_FOUND",
    });
  });
});

const paths = [
  ["REST", "/v1/operators/65001/planStatuses?userKey=k", "application/json"],
  ["Connect", "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus", "application/json"],
  ["gRPC-Web", "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus", "application/grpc-web+proto"],
] as const;

/** Sends only the head of a request, and returns what comes back. Its body never comes. */
async function answerToHead(path: string, headers: Record<string, string>, pattern: RegExp): Promise<string> {
  const socket = await openSocket(server.port);
  const lines = Object.entries({ host: "localhost", "content-length": "1000", ...headers });
  socket.write(
    `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
  );
  const text = await socket.received(pattern);
  socket.destroy();
  return text;
}

describe.each(paths)("the Authorization header over %s", (_, path, contentType) => {
  const isWeb = contentType.includes("grpc-web");
  const whole = isWeb ? /grpc-status:[\s\S]*\r\n/ : /\r\n\r\n[\s\S]*\}/;
  const head = (headers: Record<string, string>) =>
    answerToHead(path, { "content-type": contentType, ...headers }, whole);
  const unauthenticated = isWeb ? /grpc-status: 16/ : /^HTTP\/1\.1 401 /;
  const denied = isWeb ? /grpc-status: 7/ : /^HTTP\/1\.1 403 /;

  it("that is missing is answered before the body, without an error code (RFC 6750 3.1)", async () => {
    const text = await head({});
    expect(text).toMatch(unauthenticated);
    expect(text).toContain(`www-authenticate: ${realm}\r\n`);
  });

  it.each([
    ["has another scheme", "Basic dXNlcjpwYXNz"],
    ["has no token", "Bearer"],
    ["has only blanks", "Bearer   "],
    ["has two tokens", "Bearer a b"],
    ["has a token of other characters", "Bearer a,b"],
    ["has a token in quotes", 'Bearer "abc"'],
    ["is only a token", "abc"],
  ])("that %s is answered before the body", async (__, authorization) => {
    const text = await head({ authorization });
    expect(text).toMatch(unauthenticated);
    expect(text).toContain(
      `www-authenticate: ${realm}, error="invalid_token", error_description="the Authorization header must be: Bearer <token>"\r\n`,
    );
  });

  it("with a token that does not verify is answered before the body", async () => {
    expect(await head({ authorization: `Bearer ${foreign.token}` })).toMatch(unauthenticated);
  });

  it("with a token of too few scopes is answered before the body", async () => {
    const token = await server.makeToken({ scopes: [readScope] });
    expect(await head({ authorization: `Bearer ${token}` })).toMatch(denied);
  });

  it("may spell the scheme in any case (RFC 9110 11.1)", async () => {
    const response = await fetch(server.url + path, {
      method: "POST",
      headers: { authorization: `bEARER ${server.token}`, "content-type": "application/json" },
      body: "{}",
    });
    expect(response.status).toBe(400);
  });
});

describe("before the body", () => {
  it("REST also knows the operator, from the path", async () => {
    const token = await server.makeToken({ asns: [65001] });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const whole = /\r\n\r\n[\s\S]*\}/;
    for (const path of [
      "/v1/operators/65002/planStatuses?userKey=k",
      "/v1/operators/65002/planGroups",
      "/v1/operators/65002/clients/youtube/users/k/planStatus",
      "/v1/operators/6500%32/planStatuses?userKey=k",
    ]) {
      expect(await answerToHead(path, headers, whole)).toMatch(/^HTTP\/1\.1 403 /);
    }
  });

  it("gRPC refuses too", async () => {
    const session = connect(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus",
      "content-type": "application/grpc+proto",
      te: "trailers",
    });
    const status = await new Promise((resolve, reject) => {
      stream.on("error", reject);
      for (const event of ["response", "trailers"]) {
        stream.on(event, (headers: Record<string, string>) => {
          if (headers["grpc-status"] !== undefined && headers["grpc-status"] !== "0") {
            resolve([headers["grpc-status"], headers["www-authenticate"]]);
          }
        });
      }
      stream.resume();
    });
    expect(status).toEqual(["16", realm]);
    session.destroy();
  });

  it("a path that does not exist is 404 for everybody: paths are no secret", async () => {
    const response = await fetch(`${server.url}/v1/operators/65001/nothing`, { method: "POST" });
    expect(response.status).toBe(404);
  });
});
