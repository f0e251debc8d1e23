import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { createOverloadGuard, type OverloadOptions } from "../../../src/server/limits/overload.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { openSocket, type RawSocket } from "../../support/http/raw-socket.ts";
import { parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ limits: { maxInFlight: 2 }, admin: { host: "127.0.0.1", port: 0 } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Sends the header of a push, which then is in flight. */
async function startPush(): Promise<RawSocket> {
  const socket = await openSocket(server.port);
  socket.write(
    `POST /v1/${parent}/planGroups HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
      `authorization: Bearer ${server.token}\r\ncontent-length: 19\r\nexpect: 100-continue\r\n\r\n`,
  );
  await socket.received(/100 Continue/);
  return socket;
}

async function finishPush(socket: RawSocket): Promise<void> {
  socket.write('{"planGroupId":"g"}');
  await socket.received(/HTTP\/1\.1 200 OK/);
  socket.destroy();
}

const createGroup = (protocol: (typeof protocols)[number] = "rest", token = server.token) =>
  server.client(protocol, token).createPlanGroup({ parent, planGroupId: "g" });

const createGroupOutcome = (of = server) =>
  of
    .client("rest")
    .createPlanGroup({ parent, planGroupId: "g" })
    .then(
      () => "served",
      (error: unknown) => apiErrorOf(Promise.reject(error)).then(({ reason }) => reason),
    );

describe("a server with as many calls in flight as allowed", () => {
  const inFlight: RawSocket[] = [];
  beforeEach(async () => {
    inFlight.push(await startPush(), await startPush());
  });
  afterEach(async () => {
    await Promise.all(inFlight.splice(0).map(finishPush));
  });

  it.each(protocols)(
    "rejects another call over %s with SERVER_OVERLOADED and a time to wait, and serves it once there is room",
    async (protocol) => {
      const error = await createGroup(protocol).then(
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
      await Promise.all(inFlight.splice(0).map(finishPush));
      await createGroup(protocol);
    },
  );

  it("rejects a call before it verifies the token", async () => {
    expect((await apiErrorOf(createGroup("rest", "wrong"))).reason).toBe("SERVER_OVERLOADED");
  });

  it("answers health, readiness and metrics", async () => {
    const health = await fetch(`${server.url}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(await health.json()).toEqual({ status: "SERVING" });
    expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${server.adminUrl}/metrics`)).text()).toContain("mdps_requests_in_flight 2");
  });

  it("serves again when a caller goes away", async () => {
    inFlight.pop()?.destroy();
    await expect.poll(() => createGroupOutcome()).toBe("served");
  });
});

describe("a server with 256 token requests in flight", () => {
  it("answers another one with 503 and still serves authenticated calls", async () => {
    const sockets = await Promise.all(
      Array.from({ length: 256 }, async (_, at) => {
        const socket = await openSocket(server.port, `127.0.0.${1 + (at % 4)}`);
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
    await createGroup();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
});

describe("a server whose event loop is late", () => {
  it("rejects calls with SERVER_OVERLOADED", async () => {
    // Every measurement is above a negative limit.
    await using late = await startTestServer({ limits: { maxEventLoopDelayMs: -1e9 } });
    await expect.poll(() => createGroupOutcome(late)).toBe("SERVER_OVERLOADED");
  });
});

describe("the overload guard", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A guard whose event loop is as late as a test says: `tick` measures once, with a delay in ms. */
  function guardWith(options: Partial<OverloadOptions> = {}) {
    let nowMs = 0;
    const guard = createOverloadGuard({ maxInFlight: 10, maxEventLoopDelayMs: 20, ...options }, () => nowMs);
    const tick = (delayMs: number) => {
      nowMs += 50 + delayMs;
      vi.advanceTimersByTime(50);
    };
    return { guard, tick, accepts: () => guard.enter("authenticated", "127.0.0.1") !== undefined };
  }

  it("rejects calls after three late measurements in a row, and accepts them after one that is in time", () => {
    const { tick, accepts } = guardWith();
    tick(21);
    tick(21);
    expect(accepts()).toBe(true);
    tick(21);
    expect(accepts()).toBe(false);
    tick(0);
    expect(accepts()).toBe(true);
  });

  it("accepts calls at exactly the allowed delay", () => {
    const { tick, accepts } = guardWith();
    for (let count = 0; count < 10; count++) {
      tick(20);
    }
    expect(accepts()).toBe(true);
  });

  it("accepts calls after a single long pause", () => {
    const { tick, accepts } = guardWith();
    tick(10_000);
    tick(0);
    tick(10_000);
    tick(10_000);
    expect(accepts()).toBe(true);
  });

  it("does not measure with a limit of 0, nor once it is stopped", () => {
    guardWith({ maxEventLoopDelayMs: 0 });
    expect(vi.getTimerCount()).toBe(0);
    const { guard } = guardWith();
    expect(vi.getTimerCount()).toBe(1);
    guard.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("counts calls in flight per class of callers, until they are released", () => {
    const { guard } = guardWith({ maxInFlight: 1 });
    const release = guard.enter("authenticated", "127.0.0.1");
    expect(guard.enter("authenticated", "127.0.0.1")).toBeUndefined();
    expect(guard.enter("anonymous", "127.0.0.1")).toBeDefined();
    expect(guard.inFlight).toBe(2);
    release?.();
    expect(guard.inFlight).toBe(1);
    expect(guard.enter("authenticated", "127.0.0.1")).toBeDefined();
  });

  it("accepts calls with unverified tokens of one address up to half of all calls, and at least 64", () => {
    const acceptedOf = (maxInFlight: number) => {
      const { guard } = guardWith({ maxInFlight });
      return Array.from({ length: 1_000 }, () => guard.enter("unverified", "192.0.2.1")).filter(Boolean)
        .length;
    };
    expect([1, 64, 100, 128, 200, 1_000].map(acceptedOf)).toEqual([1, 64, 64, 64, 100, 500]);
  });

  it("accepts at most 256 anonymous calls at once, whatever the limit for authenticated ones", () => {
    const { guard } = guardWith({ maxInFlight: 1_000 });
    const enter = (client: number) => guard.enter("anonymous", `192.0.2.${client}`);
    const accepted = Array.from({ length: 300 }, (_, at) => enter(at % 100)).filter(Boolean);
    expect(accepted).toHaveLength(256);
    accepted[0]?.();
    expect(enter(200)).toBeDefined();
  });
});
