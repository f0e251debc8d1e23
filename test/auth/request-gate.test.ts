import { connect } from "node:http2";
import { createContextValues, createHandlerContext } from "@connectrpc/connect";
import { UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { principalKey } from "../../src/auth/principal.ts";
import { createRequestGate } from "../../src/auth/request-gate.ts";
import { type RequestHead, requestHeadKey } from "../../src/auth/request-head.ts";
import { pushScope, readScope } from "../../src/auth/scopes.ts";
import type { SentToken } from "../../src/auth/sent-token.ts";
import type { PlanSharingClient } from "../../src/client/client.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { openSocket } from "../support/http/raw-socket.ts";
import { hour, planStatus } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
let foreign: TestServer;
/** A server whose clock the tests move. */
let aging: TestServer;
beforeAll(async () => {
  [server, foreign, aging] = await Promise.all([startTestServer(), startTestServer(), startTestServer()]);
});
afterAll(async () => {
  expect([...server.failures, ...aging.failures]).toEqual([]);
  await Promise.all([server, foreign, aging].map((each) => each[Symbol.asyncDispose]()));
});

const realm = 'Bearer realm="mobile-data-plan-sharing"';
const clientId = "youtube";

/** Returns a valid call of every method. */
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
  async function errorsOfAllCalls(token: string) {
    const { push, read } = callsOf(server.client(protocol, token));
    return Promise.all([...push, ...read].map((call) => apiErrorOf(call())));
  }

  it(`rejects a token of another installation on every method over ${protocol}`, async () => {
    for (const error of await errorsOfAllCalls(foreign.token)) {
      expect(error).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
      expect(error.headers.get("www-authenticate")).toBe(
        `${realm}, error="invalid_token", error_description="the access token has an invalid signature"`,
      );
    }
  });

  it(`rejects a token without a signature (alg none) on every method over ${protocol}`, async () => {
    const jwt = new UnsecuredJWT({ scope: `${pushScope} ${readScope}`, asns: [65001] })
      .setIssuer("mobile-data-plan-sharing")
      .setAudience("mobile-data-plan-sharing")
      .setSubject("test")
      .setExpirationTime(testTime / 1000 + 3600);
    // The library omits the type: add it, so that only the signature is wrong.
    const header = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
    const [, payload] = jwt.encode().split(".");
    for (const error of await errorsOfAllCalls(`${header}.${payload}.`)) {
      expect(error).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
    }
  });

  it(`rejects an expired token, to the millisecond, although it is cached, over ${protocol}`, async () => {
    const issuedAt = aging.clock.now();
    const client = aging.client(protocol, await aging.makeToken({ lifetimeSeconds: 3600 }));
    const push = () => client.createPlanGroup({ parent, planGroupId: "k" });
    await push();
    aging.clock.set(issuedAt + hour - 1);
    await push();
    aging.clock.set(issuedAt + hour);
    const error = await apiErrorOf(push());
    expect(error).toMatchObject({ code: "Unauthenticated", reason: "CREDENTIALS_INVALID" });
    expect(error.headers.get("www-authenticate")).toBe(
      `${realm}, error="invalid_token", error_description="the access token has expired: fetch a new one"`,
    );
  });

  it(`rejects reads with a token for pushing over ${protocol}`, async () => {
    const client = server.client(protocol, await server.makeToken({ scopes: [pushScope] }));
    for (const call of callsOf(client).read) {
      const error = await apiErrorOf(call());
      expect(error).toMatchObject({
        code: "PermissionDenied",
        reason: "SCOPE_INSUFFICIENT",
        metadata: { scope: readScope },
      });
      expect(error.headers.get("www-authenticate")).toBe(
        `${realm}, error="insufficient_scope", scope="${readScope}"`,
      );
    }
    for (const call of callsOf(client).push) {
      await call();
    }
  });

  it(`rejects pushes with a token for reading over ${protocol}`, async () => {
    const client = server.client(protocol, await server.makeToken({ scopes: [readScope] }));
    for (const call of callsOf(client).push) {
      const error = await apiErrorOf(call());
      expect(error).toMatchObject({
        code: "PermissionDenied",
        reason: "SCOPE_INSUFFICIENT",
        metadata: { scope: pushScope },
      });
      expect(error.headers.get("www-authenticate")).toBe(
        `${realm}, error="insufficient_scope", scope="${pushScope}"`,
      );
    }
    for (const call of callsOf(client).read) {
      expect(await apiErrorOf(call())).toMatchObject({ code: "NotFound" });
    }
  });

  it(`rejects every call with a token without scopes over ${protocol}`, async () => {
    for (const error of await errorsOfAllCalls(await server.makeToken({ scopes: [] }))) {
      expect(error).toMatchObject({ reason: "SCOPE_INSUFFICIENT" });
    }
  });

  it(`rejects operators that the account is not linked to, existing or not, with the same error over ${protocol}`, async () => {
    // 65002 has records of this user, 65003 has none.
    const { push, read } = callsOf(server.client(protocol), "operators/65002");
    await Promise.all(push.map((call) => call()));
    await Promise.all(read.map((call) => call()));
    const client = server.client(protocol, await server.makeToken({ asns: [65001] }));
    const errorsFor = async (operator: string) => {
      const calls = callsOf(client, operator);
      const all = await Promise.all([...calls.push, ...calls.read].map((call) => apiErrorOf(call())));
      return all.map(({ headers: _, ...error }) =>
        JSON.parse(JSON.stringify(error).replaceAll(operator, "operators/N")),
      );
    };
    const existing = await errorsFor("operators/65002");
    expect(existing).toEqual(await errorsFor("operators/65003"));
    for (const error of existing) {
      expect(error).toMatchObject({
        code: "PermissionDenied",
        reason: "OPERATOR_NOT_LINKED",
        message: "the account of this token is not linked to operators/N: use one that is",
        metadata: { parent: "operators/N" },
        fields: [],
      });
    }
  });

  it(`checks the operator before the fields of the request over ${protocol}`, async () => {
    const client = server.client(protocol, await server.makeToken({ asns: [65001] }));
    const call = client.createUserPlanStatus({
      parent: "operators/65002",
      clientId: "gmail",
      userKey: "k",
      planStatus: {},
    });
    expect(await apiErrorOf(call)).toMatchObject({ reason: "OPERATOR_NOT_LINKED", fields: [] });
  });

  it(`answers an invalid parent with a violation and not with PERMISSION_DENIED over ${protocol}`, async () => {
    for (const operator of ["operators/0", "operators/065001", "operators/4294967296", "operators/x"]) {
      const call = server.client(protocol).createPlanGroup({ parent: operator, planGroupId: "k" });
      expect(await apiErrorOf(call)).toMatchObject({ code: "InvalidArgument", fields: ["parent"] });
    }
  });

  it(`stores nothing when it rejects a push over ${protocol}`, async () => {
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

/** Sends only the head of a request and returns the answer. */
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

describe.each(paths)("the Authorization header over %s", (protocol, path, contentType) => {
  const isWeb = contentType.includes("grpc-web");
  const whole = isWeb ? /grpc-status:[\s\S]*\r\n/ : /\r\n\r\n[\s\S]*\}/;
  const answerTo = (headers: Record<string, string>) =>
    answerToHead(path, { "content-type": contentType, ...headers }, whole);
  const unauthenticated = isWeb ? /grpc-status: 16/ : /^HTTP\/1\.1 401 /;
  const denied = isWeb ? /grpc-status: 7/ : /^HTTP\/1\.1 403 /;

  it(`answers a missing Authorization header before the body, without an error code (RFC 6750 3.1), over ${protocol}`, async () => {
    const text = await answerTo({});
    expect(text).toMatch(unauthenticated);
    expect(text).toContain(`www-authenticate: ${realm}\r\n`);
  });

  it.each([
    ["has another scheme", "Basic dXNlcjpwYXNz"],
    ["has no token", "Bearer"],
    ["has only spaces", "Bearer   "],
    ["has two tokens", "Bearer a b"],
    ["has a token of other characters", "Bearer a,b"],
    ["has a token in quotes", 'Bearer "abc"'],
    ["is only a token", "abc"],
  ])(
    `answers an Authorization header that %s before the body over ${protocol}`,
    async (__, authorization) => {
      const text = await answerTo({ authorization });
      expect(text).toMatch(unauthenticated);
      expect(text).toContain(
        `www-authenticate: ${realm}, error="invalid_token", error_description="the Authorization header must be: Bearer <token>"\r\n`,
      );
    },
  );

  it(`answers a token with an invalid signature before the body over ${protocol}`, async () => {
    expect(await answerTo({ authorization: `Bearer ${foreign.token}` })).toMatch(unauthenticated);
  });

  it(`answers a token without the required scope before the body over ${protocol}`, async () => {
    const token = await server.makeToken({ scopes: [readScope] });
    expect(await answerTo({ authorization: `Bearer ${token}` })).toMatch(denied);
  });

  it(`accepts the scheme in any case (RFC 9110 11.1) over ${protocol}`, async () => {
    const response = await fetch(server.url + path, {
      method: "POST",
      headers: { authorization: `bEARER ${server.token}`, "content-type": "application/json" },
      body: "{}",
    });
    expect(response.status).toBe(400);
  });
});

describe("the answer before the body", () => {
  it("rejects an operator in the path of a REST call that the account is not linked to", async () => {
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

  it("rejects a gRPC call without credentials", async () => {
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

  it("answers 404 for an unknown path without credentials", async () => {
    const response = await fetch(`${server.url}/v1/operators/65001/nothing`, { method: "POST" });
    expect(response.status).toBe(404);
  });
});

describe("createRequestGate", () => {
  const verified: SentToken[] = [];
  const gate = createRequestGate({
    isOpen: () => false,
    async verifyToken(token) {
      verified.push(token);
      return { account: "a", asns: new Set([65001]), scopes: new Set([pushScope]) };
    },
  });
  const contextOf = (query: string, head?: RequestHead) =>
    createHandlerContext({
      contextValues: createContextValues().set(requestHeadKey, head),
      service: PlanGroupService,
      method: PlanGroupService.method.createPlanGroup,
      protocolName: "connect",
      requestMethod: "POST",
      url: `https://mdps.test/path${query}`,
      requestHeader: { authorization: "Bearer good" },
    });

  it.each(["access_token", "oauth_token"])(
    "rejects a call with %s in the query before it verifies the token of the header",
    async (name) => {
      verified.length = 0;
      for (const query of [`?${name}=good`, `?a=b&${name}=`, `?${name}`, `?%61${name}=1&${name}=x`]) {
        const error = await apiErrorOf((async () => gate(contextOf(query)))());
        expect(error).toMatchObject({ code: "InvalidArgument", reason: "CREDENTIALS_MALFORMED" });
        expect(error.message).toMatch(new RegExp(`^${name} is not accepted in the query`));
        expect(error.headers.get("www-authenticate")).toContain(`${realm}, error="invalid_request"`);
      }
      expect(verified).toEqual([]);
    },
  );

  it("accepts other query parameters and stores the caller in the context", async () => {
    const context = contextOf("?token=x&my_access_token=y");
    await gate(context);
    expect(context.values.get(principalKey)).toMatchObject({ account: "a" });
  });

  it("reads a header that its connection has sent before without another digest, for its last four tokens", async () => {
    const target = "/path";
    const connection = {};
    async function tokenOf(authorization: string, over: object): Promise<SentToken | undefined> {
      const context = contextOf("", { authorization, target, connection: over });
      await gate(context);
      expect(context.values.get(principalKey)).toMatchObject({ account: "a" });
      return verified.at(-1);
    }
    const first = await tokenOf("Bearer one", connection);
    expect(first).toEqual({ text: "one", digest: expect.stringMatching(/^[\w+/]{43}=$/) });
    expect(await tokenOf("Bearer one", connection)).toBe(first);
    expect(await tokenOf("Bearer one", {})).not.toBe(first);
    for (const text of ["two", "three", "four"]) {
      expect(await tokenOf(`Bearer ${text}`, connection)).toMatchObject({ text });
    }
    expect(await tokenOf("Bearer one", connection)).toBe(first);
    await tokenOf("Bearer five", connection);
    expect(await tokenOf("Bearer one", connection)).not.toBe(first);
  });

  it("does not keep the header of a token that was rejected", async () => {
    const seen: SentToken[] = [];
    const rejecting = createRequestGate({
      isOpen: () => false,
      verifyToken(token) {
        seen.push(token);
        return { rejected: "no" };
      },
    });
    const head = { authorization: "Bearer bad", target: "/path", connection: {} };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await apiErrorOf((async () => rejecting(contextOf("", head)))());
    }
    expect(seen).toHaveLength(2);
    expect(seen[0]).not.toBe(seen[1]);
  });
});
