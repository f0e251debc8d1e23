import { createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#deps/grpc/health/v1/health_pb.js";
import { createHealthService } from "../../src/services/health-service.ts";
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

it("a health watch reports NOT_SERVING while the server is not ready, then SERVING again", async () => {
  const seen: unknown[] = [];
  const service = createHealthService({
    services: ["a"],
    stopping: new AbortController().signal,
    intervalMs: 1,
    ready: async () => (seen.length === 1 ? "the store cannot serve" : undefined),
  });
  const leave = new AbortController();
  const context = { signal: leave.signal } as never;
  for await (const { status } of service.watch({ service: "a" } as never, context)) {
    seen.push(status);
    if (seen.length === 3) {
      leave.abort();
    }
  }
  expect(seen).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING]);
});

it("all health watches together check the readiness once per interval, and none is left when they have ended", async () => {
  // Only intervals: the server of the other tests may still set timeouts while it closes their connections.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    let problem: string | undefined;
    const ready = vi.fn(async () => problem);
    const service = createHealthService({ services: ["a"], stopping: new AbortController().signal, ready });
    const leave = new AbortController();
    const seen: ServingStatus[][] = [];
    const watches = Array.from({ length: 100 }, async (_, at) => {
      const own: ServingStatus[] = [];
      seen.push(own);
      const request = { service: at % 2 === 0 ? "" : "a" } as never;
      for await (const { status } of service.watch(request, { signal: leave.signal } as never)) {
        own.push(status as ServingStatus);
      }
    });
    await vi.advanceTimersByTimeAsync(0);
    ready.mockClear();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ready).toHaveBeenCalledTimes(5);
    problem = "the store cannot serve";
    await vi.advanceTimersByTimeAsync(1_000);
    const both = [ServingStatus.SERVING, ServingStatus.NOT_SERVING];
    expect(seen).toEqual(Array.from({ length: 100 }, () => both));
    leave.abort();
    await Promise.all(watches);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
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
