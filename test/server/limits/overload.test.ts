import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { createOverloadGuard } from "../../../src/server/limits/overload.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

/** Sends the beginning of a push, which then counts as under way, and returns how to finish it. */
async function pushSlowly(server: TestServer) {
  const socket = await openSocket(server.port);
  socket.write(
    `POST /v1/${parent}/planGroups HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
      `authorization: Bearer ${server.token}\r\ncontent-length: 19\r\nexpect: 100-continue\r\n\r\n`,
  );
  await socket.received(/100 Continue/);
  return async () => {
    socket.write('{"planGroupId":"g"}');
    await socket.received(/HTTP\/1\.1 200 OK/);
    socket.destroy();
  };
}

const health = (server: TestServer) =>
  fetch(`${server.url}/grpc.health.v1.Health/Check`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });

describe("a server with as many calls under way as it takes", () => {
  it.each(protocols)(
    "refuses more over %s with a time to come back, and serves again after",
    async (protocol) => {
      await using server = await startTestServer({ limits: { maxInFlight: 2 } });
      const finish = [await pushSlowly(server), await pushSlowly(server)];
      const client = server.client(protocol);
      const error = await client.createPlanGroup({ parent, planGroupId: "more" }).then(
        () => expect.fail("was served"),
        (raised: ConnectError) => raised,
      );
      expect(await apiErrorOf(Promise.reject(error))).toMatchObject({
        code: "Unavailable",
        reason: "SERVER_OVERLOADED",
        message: "the server is overloaded; the request was not processed, retry later",
      });
      const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
      expect(delay && durationMs(delay)).toBeGreaterThanOrEqual(500);
      expect(error.metadata.get("retry-after")).toMatch(/^[1-3]$/);
      await Promise.all(finish.map((each) => each()));
      await client.createPlanGroup({ parent, planGroupId: "more" });
    },
  );

  it("does not even look at the token of what it refuses", async () => {
    await using server = await startTestServer({ limits: { maxInFlight: 1 } });
    const finish = await pushSlowly(server);
    const refused = server.client("rest", "wrong").createPlanGroup({ parent, planGroupId: "g" });
    expect((await apiErrorOf(refused)).reason).toBe("SERVER_OVERLOADED");
    await finish();
  });

  it("cannot be kept busy by those who have no token, who are bounded apart", async () => {
    await using server = await startTestServer();
    const sockets = await Promise.all(
      Array.from({ length: 256 }, async () => {
        const socket = await openSocket(server.port);
        socket.write(
          "POST /token HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n" +
            "content-length: 9\r\nexpect: 100-continue\r\n\r\n",
        );
        await socket.received(/100 Continue/);
        return socket;
      }),
    );
    const token = await fetch(`${server.url}/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "x" }),
    });
    expect([token.status, token.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await token.json()).toMatchObject({ error: "temporarily_unavailable" });
    await server.client("rest").createPlanGroup({ parent, planGroupId: "g" });
    for (const socket of sockets) {
      socket.destroy();
    }
  });

  it("answers health and readiness all the same", async () => {
    await using server = await startTestServer({
      limits: { maxInFlight: 1 },
      admin: { host: "127.0.0.1", port: 0 },
    });
    const finish = await pushSlowly(server);
    expect(await (await health(server)).json()).toEqual({ status: "SERVING" });
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${server.adminUrl}/metrics`)).text()).toContain("mdps_requests_in_flight 1");
    await finish();
  });

  it("has room again when a caller goes away", async () => {
    await using server = await startTestServer({ limits: { maxInFlight: 1 } });
    const socket = await openSocket(server.port);
    socket.write(
      `POST /v1/${parent}/planGroups HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${server.token}\r\n` +
        "content-type: application/json\r\ncontent-length: 19\r\nexpect: 100-continue\r\n\r\n",
    );
    await socket.received(/100 Continue/);
    socket.destroy();
    await expect
      .poll(() =>
        server
          .client("rest")
          .createPlanGroup({ parent, planGroupId: "g" })
          .then(
            () => "served",
            () => "refused",
          ),
      )
      .toBe("served");
  });
});

/** Keeps the event loop busy. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until) {}
}

/** Resolves when timers that are due have fired. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("a server whose event loop is late", () => {
  it("refuses calls while it stays so, and serves again when it has caught up", async () => {
    await using server = await startTestServer({ limits: { maxEventLoopDelayMs: 20 } });
    const client = server.client("rest");
    for (let look = 0; look < 4; look++) {
      block(100);
      await turn();
    }
    const refused = client.createPlanGroup({ parent, planGroupId: "g" });
    expect((await apiErrorOf(refused)).reason).toBe("SERVER_OVERLOADED");
    await expect
      .poll(() =>
        client.createPlanGroup({ parent, planGroupId: "g" }).then(
          () => "served",
          () => "refused",
        ),
      )
      .toBe("served");
  });

  it("bears a single pause", async () => {
    const guard = createOverloadGuard({ maxInFlight: 10, maxEventLoopDelayMs: 20 });
    await turn();
    block(300);
    await turn();
    expect(guard.enter("authenticated")).toBeDefined();
    guard.stop();
  });

  it("never refuses for it if told so", async () => {
    const guard = createOverloadGuard({ maxInFlight: 10, maxEventLoopDelayMs: 0 });
    for (let look = 0; look < 4; look++) {
      block(100);
      await turn();
    }
    expect(guard.enter("authenticated")).toBeDefined();
    guard.stop();
  });
});
