import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlanSharingClient } from "../../src/client/client.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(
    () => expect.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return Code[(error as ConnectError).code];
}

describe.each(protocols)("a client over %s", (protocol) => {
  it("the client has the methods of every service", () => {
    const client = createPlanSharingClient({ endpoint: server.url, protocol, token: "x" });
    expect(Object.keys(client).toSorted()).toEqual([
      "createPlanGroup",
      "createPlanStatus",
      "createUserPlanStatus",
      "getPlanGroup",
      "getPlanStatus",
      "getUserPlanStatus",
    ]);
  });

  it.each<[string, () => string | Promise<string>]>([
    ["a function", () => server.token],
    ["an asynchronous function", () => Promise.resolve(server.token)],
  ])("the client asks %s for the token before every call", async (_, source) => {
    let asked = 0;
    const token = () => {
      asked += 1;
      return source();
    };
    const client = createPlanSharingClient({ endpoint: server.url, protocol, token });
    const planGroupId = freshKey();
    const { name } = await client.createPlanGroup({ parent, planGroupId });
    await client.getPlanGroup({ name });
    expect(asked).toBe(2);
  });

  it("a call fails with the error of its token source", async () => {
    const token = () => Promise.reject(new ConnectError("no key", Code.Unauthenticated));
    const client = createPlanSharingClient({ endpoint: server.url, protocol, token });
    expect(await codeOf(client.createPlanGroup({ parent, planGroupId: "k" }))).toBe("Unauthenticated");
  });

  it("the client accepts an endpoint with a trailing slash", async () => {
    const client = createPlanSharingClient({ endpoint: `${server.url}/`, protocol, token: server.token });
    const planGroupId = freshKey();
    expect(await client.createPlanGroup({ parent, planGroupId })).toHaveProperty(
      "name",
      `${parent}/planGroups/${planGroupId}`,
    );
  });

  it("the client sends a Date where a request has a time, and rejects anything else without a call", async () => {
    const attempts: string[] = [];
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol,
      token: server.token,
      onAttempt: ({ method }) => attempts.push(method),
    });
    const lastUpdatedTime = new Date(server.clock.now());
    const planGroup = { lastUpdatedTime };
    const stored = await client.createPlanGroup({ parent, planGroupId: freshKey(), planGroup });
    expect(stored.lastUpdatedTime).toEqual(timestampFromDate(lastUpdatedTime));
    const wrong = { lastUpdatedTime: lastUpdatedTime.getTime() as unknown as Date };
    await expect(
      client.createPlanGroup({ parent, planGroupId: freshKey(), planGroup: wrong }),
    ).rejects.toThrow(/^planGroup\.lastUpdatedTime: \d+ must be a valid Date or a Timestamp/);
    expect(attempts).toEqual(["CreatePlanGroup"]);
  });

  it("interceptors see the request and the response of a call", async () => {
    const seen: string[] = [];
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol,
      token: server.token,
      interceptors: [
        (next) => async (request) => {
          seen.push(request.method.name);
          const response = await next(request);
          seen.push(response.stream ? "stream" : response.message.$typeName);
          return response;
        },
      ],
    });
    await client.createPlanGroup({ parent, planGroupId: freshKey() });
    expect(seen).toEqual(["CreatePlanGroup", "mobiledataplansharing.v1.PlanGroup"]);
  });

  it("a call is UNAVAILABLE when the server does not listen", async () => {
    // Port 1 is reserved: an ephemeral port could be taken by another test.
    const endpoint = "http://127.0.0.1:1";
    const client = createPlanSharingClient({ endpoint, protocol, token: "x", retry: false });
    expect(await codeOf(client.createPlanGroup({ parent, planGroupId: "k" }))).toBe("Unavailable");
  });

  it("a call is CANCELED when its signal is aborted", async () => {
    const controller = new AbortController();
    controller.abort();
    const call = server
      .client(protocol)
      .createPlanGroup({ parent, planGroupId: "k" }, { signal: controller.signal });
    expect(await codeOf(call)).toBe("Canceled");
  });

  it("a call is DEADLINE_EXCEEDED at its deadline, even if the server never answers", async () => {
    const sockets = new Set<Socket>();
    const silent = createTcpServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const client = createPlanSharingClient({ endpoint, protocol, token: "x" });
    const call = client.createPlanGroup({ parent, planGroupId: "k" }, { timeoutMs: 20 });
    expect(await codeOf(call)).toBe("DeadlineExceeded");
    for (const socket of sockets) {
      socket.destroy();
    }
    silent.close();
  });
});

describe("a client over REST", () => {
  it("the client sends over REST the paths, queries and headers that Google's hosts expect", async () => {
    const requests: IncomingMessage[] = [];
    const peer = createServer((request, response) => {
      requests.push(request);
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
    await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
    const client = createPlanSharingClient({ endpoint, protocol: "rest", token: "secret" });
    const userKey = "a/b+c==";
    await client.createUserPlanStatus({ parent, clientId: "youtube", userKey, planStatus: planStatus() });
    await client.createPlanStatus({ parent, userKey, planStatus: planStatus() });
    await client.createPlanGroup({ parent, planGroupId: userKey });
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /v1/operators/65001/clients/youtube/users/a%2Fb%2Bc%3D%3D/planStatus",
      "POST /v1/operators/65001/planStatuses?userKey=a%2Fb%2Bc%3D%3D",
      "POST /v1/operators/65001/planGroups",
    ]);
    for (const { headers } of requests) {
      expect(headers).toMatchObject({ authorization: "Bearer secret", "content-type": "application/json" });
    }
    peer.closeAllConnections();
    peer.close();
  });

  it.each(["", ".", "..", "\ud800"])(
    "the client rejects over REST the user key %j, which no path can contain",
    async (userKey) => {
      const request = { parent, clientId: "youtube", userKey, planStatus: planStatus() };
      expect(await codeOf(server.client("rest").createUserPlanStatus(request))).toBe("InvalidArgument");
    },
  );
});
