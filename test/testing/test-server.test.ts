import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { BalanceLevel, NotificationType, PlanCategory } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { byteBalance, createPlanSharingClient, planStatusOf, readError } from "../../src/client/index.ts";
import { controlEmulator, startTestServer, type TestServer } from "../../src/testing/index.ts";

const hour = 3_600_000;
const noon = "2026-12-01T12:00:00Z";

async function clientOf(server: TestServer) {
  return createPlanSharingClient({ endpoint: server.url, token: await server.token(), retry: false });
}

/** Returns a push whose status was measured at a time, that notifies of a low balance if `remaining` is given. */
function pushOf({ at = noon, userKey = "+14155550100", remaining = undefined as bigint | undefined } = {}) {
  const planModule = {
    moduleName: "Data",
    description: "2 GB",
    balance: byteBalance({ quota: 2_000_000_000n, ...(remaining !== undefined && { remaining }) }),
    coarseBalanceLevel: remaining === undefined ? BalanceLevel.HIGH_QUOTA : BalanceLevel.LOW_QUOTA,
  };
  const planStatus = planStatusOf(
    {
      languageCode: "en-US",
      expiresIn: { hours: 24 },
      plans: [{ planId: "acme", planCategory: PlanCategory.POSTPAID, planModules: [planModule] }],
    },
    { now: new Date(at) },
  );
  return { parent: "operators/65001", clientId: "mobiledataplan", userKey, planStatus };
}

describe("startTestServer", () => {
  it("starts an emulator whose clock stands still at the given time until it is advanced, and again after a reset", async () => {
    await using server = await startTestServer({ now: noon });
    expect(await server.clock.now()).toEqual(new Date(noon));
    await server.clock.advance(90_000);
    expect(await server.clock.now()).toEqual(new Date("2026-12-01T12:01:30Z"));
    await server.reset();
    expect(await server.clock.now()).toEqual(new Date(noon));
  });

  it("has the clock of the machine without a time, or when it is told so", async () => {
    await using server = await startTestServer();
    await server.clock.set(noon);
    expect(await server.clock.now()).toEqual(new Date(noon));
    const before = Date.now();
    await server.clock.useReal();
    const now = (await server.clock.now()).getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it("rejects a time that is none, and a scenario that there is not", async () => {
    await expect(startTestServer({ now: "tomorrow" })).rejects.toThrow(
      new RangeError('now: is "tomorrow": must be a time from 1970 to 9999, such as 2026-12-01T12:00:00Z'),
    );
    await expect(startTestServer({ scenario: "subscriber" })).rejects.toThrow(
      /^scenario: must be one of empty, .*did you mean subscribers\?/,
    );
    await expect(startTestServer({ scenario: { text: "records: [" } })).rejects.toThrow(/^text:1:1[0-9]?: /);
  });

  it("may be closed more than once, and then accepts no connection", async () => {
    const server = await startTestServer();
    await Promise.all([server.close(), server.close()]);
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it("ends its watches and keep-alive connections when it is closed, and then rejects with the reason", async () => {
    const server = await startTestServer({ now: noon, anyToken: true });
    const get = () => fetch(`${server.url}/v1/operators/1/planStatuses/a`);
    // What the watch reads, and an answer that nobody reads, on connections that stay open.
    const watched = server.service.watchCalls({ afterCall: "calls/0" })[Symbol.asyncIterator]();
    const first = watched.next();
    await (await get()).text();
    await get();
    expect((await first).value).toMatchObject({ call: { httpStatus: 404 } });
    const rest = (async () => {
      for (let each = await watched.next(); !each.done; each = await watched.next()) {
        // Until it ends.
      }
    })();
    await server.close();
    await rest.catch((error: unknown) => expect(error).toMatchObject({ code: Code.Unavailable }));
    const closed = { code: Code.Unavailable, rawMessage: "the test server is closed: start another" };
    for (const use of [server.calls, server.reset, server.token, server.clock.now, server.records]) {
      await expect(use()).rejects.toMatchObject(closed);
    }
  });

  it("runs beside others, each with its own clock, records and calls", async () => {
    await using first = await startTestServer({ now: noon });
    await using second = await startTestServer({ now: noon });
    await (await clientOf(first)).createUserPlanStatus(pushOf());
    expect([await first.records(), await first.calls()].map(({ length }) => length)).toEqual([1, 1]);
    expect([await second.records(), await second.calls()].map(({ length }) => length)).toEqual([0, 0]);
  });

  it("creates tokens for the operator of the server, unless another is given", async () => {
    await using server = await startTestServer({ now: noon, operator: 65002 });
    const push = { ...pushOf(), parent: "operators/65003" };
    const endpoint = server.url;
    const other = createPlanSharingClient({ endpoint, token: await server.token(), retry: false });
    await expect(other.createUserPlanStatus(push)).rejects.toMatchObject({ code: Code.PermissionDenied });
    await other.createUserPlanStatus({ ...push, parent: "operators/65002" });
    const token = await server.token({ operator: 65003, scopes: ["push"] });
    await createPlanSharingClient({ endpoint, token, retry: false }).createUserPlanStatus(push);
    expect((await server.records()).map(({ operator }) => operator).toSorted()).toEqual([
      "operators/65002",
      "operators/65003",
    ]);
    expect(await server.records({ operator: 65003 })).toHaveLength(1);
  });

  it("accepts a call without a token if it accepts any", async () => {
    await using server = await startTestServer({ now: noon, anyToken: true });
    const path = "/v1/operators/1/clients/youtube/users/a/planStatus";
    expect((await fetch(server.url + path)).status).toBe(404);
  });
});

describe("what a test of an agent asks", () => {
  it("shows an older push that was refused, with its reason", async () => {
    await using server = await startTestServer({ now: noon });
    const client = await clientOf(server);
    await client.createUserPlanStatus(pushOf());
    const older = client.createUserPlanStatus(pushOf({ at: "2026-12-01T11:59:59Z" }));
    await expect(older).rejects.toSatisfy((error) => readError(error).reason === "PLAN_STATUS_STALE");
    const calls = await server.calls();
    expect(calls.map(({ reason, httpStatus }) => [reason, httpStatus])).toEqual([
      ["", 200],
      ["PLAN_STATUS_STALE", 409],
    ]);
    expect(await server.calls({ reason: "PLAN_STATUS_STALE", method: "CreateUserPlanStatus" })).toEqual(
      calls.slice(1),
    );
  });

  it("lets statuses and tokens expire when the clock is advanced", async () => {
    await using server = await startTestServer({ now: noon });
    const client = await clientOf(server);
    await client.createUserPlanStatus(pushOf());
    await server.clock.advance(24 * hour - 1);
    expect(await server.records()).toHaveLength(1);
    await server.clock.advance(1);
    expect(await server.records()).toEqual([]);
    await expect(client.createUserPlanStatus(pushOf({ at: "2026-12-02T12:00:00Z" }))).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });

  it("lets the next calls fail, as many as asked, and then none", async () => {
    await using server = await startTestServer({ now: noon });
    const client = await clientOf(server);
    await server.failNext({ reason: "SERVER_OVERLOADED", retryAfterMs: 1_500, count: 2 });
    for (const _ of [1, 2]) {
      await expect(client.createUserPlanStatus(pushOf())).rejects.toSatisfy((error) => {
        const { reason, retryAfterMs } = readError(error);
        return reason === "SERVER_OVERLOADED" && retryAfterMs === 1_500;
      });
    }
    await client.createUserPlanStatus(pushOf());
    const failed = await server.failNext({ code: "RESOURCE_EXHAUSTED", message: "slower", userKey: "b*" });
    await client.createUserPlanStatus(pushOf());
    await expect(client.createUserPlanStatus(pushOf({ userKey: "b1" }))).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: "slower",
    });
    expect((await server.calls({ userKey: "b1" })).map(({ fault }) => fault)).toEqual([failed.name]);
  });

  it("stores a push whose answer is lost, so that a retry is safe", async () => {
    await using server = await startTestServer({ now: noon });
    const client = await clientOf(server);
    await server.failNext({ cut: "beforeAnswer" });
    await expect(client.createUserPlanStatus(pushOf())).rejects.toMatchObject({ code: Code.Unavailable });
    expect(await server.records()).toHaveLength(1);
    await client.createUserPlanStatus(pushOf());
    expect(await server.records()).toHaveLength(1);
  });

  it("notifies registered devices only, if registration is enforced", async () => {
    await using server = await startTestServer({ now: noon });
    const client = await clientOf(server);
    const push = pushOf({ userKey: "50%/a", remaining: 1_000n });
    await server.devices.enforce();
    await expect(client.createUserPlanStatus(push)).rejects.toSatisfy(
      (error) => readError(error).reason === "DEVICE_NOT_REGISTERED",
    );
    await server.devices.register("50%/a");
    await client.createUserPlanStatus(push);
    const [notification, ...others] = await server.notifications();
    expect(others).toEqual([]);
    expect(notification).toMatchObject({
      type: NotificationType.NOTIFICATION_LOW_BALANCE_WARNING,
      userKey: "50%/a",
      languageCode: "en-US",
    });
    await server.devices.unregister("50%/a");
    await expect(client.createUserPlanStatus(push)).rejects.toMatchObject({ code: Code.NotFound });
    await server.devices.enforce(false);
    await client.createUserPlanStatus(push);
  });

  it("begins with a scenario, returns to it with a reset, and can add another", async () => {
    await using server = await startTestServer({ now: noon, scenario: "subscribers" });
    const begun = await server.records();
    expect(begun.length).toBeGreaterThan(0);
    await (await clientOf(server)).createUserPlanStatus(pushOf({ userKey: "new" }));
    await server.failNext({ delayMs: 1 });
    await server.reset();
    const nameOf = ({ name }: { name: string }) => name;
    expect((await server.records()).map(nameOf).toSorted()).toEqual(begun.map(nameOf).toSorted());
    expect(await server.calls()).toEqual([]);
    expect((await server.service.listFaults({})).faults).toEqual([]);
    await server.load("overload");
    expect((await server.service.listFaults({})).faults.length).toBeGreaterThan(0);
    await expect(server.load("overlod")).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  it("reads more calls than are on a page", async () => {
    await using server = await startTestServer({ now: noon, anyToken: true });
    const path = "/v1/operators/1/planStatuses/a";
    for (let sent = 0; sent < 1_050; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, async () => (await fetch(server.url + path)).text()));
    }
    const calls = await server.calls();
    expect(calls).toHaveLength(1_050);
    expect(calls.map(({ name }) => Number(name.slice("calls/".length)))).toEqual(
      Array.from({ length: 1_050 }, (_, index) => index + 1),
    );
  });
});

describe("controlEmulator", () => {
  it("controls an emulator of another process by its URL", async () => {
    await using server = await startTestServer();
    const control = controlEmulator(server.url, { operator: 65007 });
    await control.clock.set(noon);
    expect(await server.clock.now()).toEqual(new Date(noon));
    const token = await control.token({ lifetimeMs: hour });
    const client = createPlanSharingClient({ endpoint: control.url, token, retry: false });
    await client.createUserPlanStatus({ ...pushOf(), parent: "operators/65007" });
    expect(
      await control.records({ operator: 65007, userKey: "+1*", clientId: "mobiledataplan" }),
    ).toHaveLength(1);
  });
});
