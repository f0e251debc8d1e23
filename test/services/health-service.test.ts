import { createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#deps/grpc/health/v1/health_pb.js";
import { createHealthService } from "../../src/services/health-service.ts";
import { StoreUnavailable } from "../../src/store/plan-store.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

const names = [
  "",
  "mobiledataplansharing.v1.PlanStatusService",
  "mobiledataplansharing.v1.PlanGroupService",
  "mobiledataplansharing.serving.v1.PlanServingService",
];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const transports = {
  connect: () => createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
  grpc: () => createGrpcTransport({ baseUrl: server.url }),
  "grpc-web": () => createGrpcWebTransport({ baseUrl: server.url, httpVersion: "1.1" }),
};

describe.each(["connect", "grpc", "grpc-web"] as const)("the health service over %s", (protocol) => {
  const client = () => createClient(Health, transports[protocol]());

  it.each(names)("the health service reports SERVING for the service %j without a token", async (service) => {
    expect(await client().check({ service })).toMatchObject({ status: ServingStatus.SERVING });
  });

  it("the health service answers a check of an unknown service with NOT_FOUND", async () => {
    await expect(client().check({ service: "x" })).rejects.toThrow("[not_found]");
  });

  it("the health service lists the health of every service", async () => {
    const { statuses } = await client().list({});
    expect(Object.keys(statuses).toSorted()).toEqual(names.toSorted());
  });

  it("the health service sends a watcher the health immediately, also of an unknown service", async () => {
    for (const [service, status] of [
      ["", ServingStatus.SERVING],
      ["x", ServingStatus.SERVICE_UNKNOWN],
    ] as const) {
      const leave = new AbortController();
      for await (const answer of client().watch({ service }, { signal: leave.signal })) {
        expect(answer.status).toBe(status);
        break;
      }
      leave.abort();
    }
  });
});

/** Creates the service on a store whose health the test sets. */
function serviceOver(store: { broken: boolean; asked: number }) {
  const service = createHealthService({
    services: ["a"],
    stopping: new AbortController().signal,
    intervalMs: 1,
    store: {
      async health() {
        store.asked += 1;
        if (store.broken) {
          throw new StoreUnavailable("away");
        }
      },
    },
  });
  const context = (signal: AbortSignal) => ({ signal }) as never;
  return { service, context };
}

it("a health watch reports NOT_SERVING while the store is unavailable, then SERVING again", async () => {
  const store = { broken: false, asked: 0 };
  const { service, context } = serviceOver(store);
  const leave = new AbortController();
  const seen: unknown[] = [];
  for await (const { status } of service.watch({ service: "a" } as never, context(leave.signal))) {
    seen.push(status);
    store.broken = seen.length === 1;
    if (seen.length === 3) {
      leave.abort();
    }
  }
  expect(seen).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING]);
});

it("concurrent health checks ask the store once", async () => {
  let asked = 0;
  const health = createHealthService({
    services: [],
    stopping: new AbortController().signal,
    intervalMs: 3_600_000,
    store: {
      async health() {
        asked += 1;
      },
    },
  });
  await Promise.all(Array.from({ length: 100 }, () => health.check({ service: "" } as never, {} as never)));
  expect(asked).toBe(1);
});

it("a health watch reports NOT_SERVING when the server shuts down, and does not delay the shutdown", async () => {
  const own = await startTestServer({ graceMs: 20_000 });
  const client = createClient(Health, createGrpcTransport({ baseUrl: own.url }));
  const seen: unknown[] = [];
  let stopped: Promise<void> | undefined;
  for await (const { status } of client.watch({})) {
    seen.push(status);
    stopped ??= own.stop();
  }
  await stopped;
  expect(seen).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
  await own[Symbol.asyncDispose]();
}, 15_000);
