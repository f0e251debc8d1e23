import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../src/server/server.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { readExposition, scrape, sumOf } from "../support/http/exposition.ts";
import { day, planStatus } from "../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ admin: { host: "127.0.0.1", port: 0 }, version: "1.2.3" });
});
afterAll(() => server[Symbol.asyncDispose]());

const get = (path: string, init?: RequestInit) => fetch(server.adminUrl + path, init);
const push = (userKey = freshKey()) =>
  server.client("rest").createPlanStatus({ parent, userKey, planStatus: planStatus() });

describe("the admin port", () => {
  it("the admin port reports that the server is live and ready", async () => {
    for (const path of ["/livez", "/readyz", "/readyz?verbose"]) {
      const answer = await get(path);
      expect([answer.status, await answer.text()]).toEqual([200, "ok\n"]);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
  });

  it("the admin port serves metrics in the text format of Prometheus", async () => {
    const answer = await get("/metrics");
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(readExposition(await answer.text()).length).toBeGreaterThan(50);
  });

  it("the admin port answers HEAD, and 405 or 404 to other methods and paths", async () => {
    const head = await get("/metrics", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const post = await get("/metrics", { method: "POST", body: "x" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const other = await get("/v1/operators/65001/planGroups");
    expect([other.status, await other.text()]).toEqual([
      404,
      "not found; available: /livez, /readyz, /metrics\n",
    ]);
  });

  it("the port for clients does not serve metrics", async () => {
    const answer = await fetch(`${server.url}/metrics`);
    await answer.arrayBuffer();
    expect(answer.status).toBe(404);
  });

  it("the admin port is not opened by default", async () => {
    await using plain = await startTestServer();
    expect(plain.running.adminUrl).toBeUndefined();
    expect(plain.running.metrics).toBeUndefined();
  });

  it("the admin port reports why a stopping server is not ready, until it has stopped", async () => {
    // Longer than three requests take on a busy machine.
    await using own = await startTestServer({ admin: { host: "127.0.0.1", port: 0 }, drainDelayMs: 2_000 });
    const stopped = own.stop();
    const answer = await fetch(`${own.adminUrl}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([503, "the server is stopping\n"]);
    expect((await fetch(`${own.adminUrl}/livez`)).status).toBe(200);
    // While it is not ready it still serves those who have not noticed.
    await own.client("rest").createPlanGroup({ parent, planGroupId: "late" });
    await stopped;
    await expect(fetch(`${own.adminUrl}/livez`)).rejects.toThrow();
  });

  it("an admin port in use fails the start of the server, and leaves nothing open", async () => {
    const { hostname, port } = new URL(server.adminUrl);
    const directory = await dataDirectory();
    const start = (admin: { host: string; port: number }) =>
      startServer({ host: "127.0.0.1", port: 0, dataDirectory: directory, admin });
    await expect(start({ host: hostname, port: Number(port) })).rejects.toMatchObject({ code: "EADDRINUSE" });
    const free = await start({ host: "127.0.0.1", port: 0 });
    await free.close();
  });
});

describe("metrics", () => {
  const method = "mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";

  it.each([
    ["connect", "connectrpc"],
    ["grpc", "grpc"],
    ["grpc-web", "grpc_web"],
    ["rest", "rest"],
  ] as const)("metrics count and time calls over %s by method and code", async (protocol, system) => {
    const client = server.client(protocol);
    const labels = { rpc_system_name: system, rpc_method: method };
    const count = async (code: string) =>
      sumOf(await scrape(server.adminUrl), "rpc_server_call_duration_seconds_count", {
        ...labels,
        rpc_response_status_code: code,
      });
    const before = [await count("OK"), await count("INVALID_ARGUMENT")] as [number, number];
    await client.createPlanStatus({ parent, userKey: freshKey(), planStatus: planStatus() });
    await client.createPlanStatus({ parent, userKey: freshKey(), planStatus: planStatus() });
    await client.createPlanStatus({ parent, userKey: "", planStatus: planStatus() }).catch(() => undefined);
    expect(await count("OK")).toBe(before[0] + 2);
    expect(await count("INVALID_ARGUMENT")).toBe(before[1] + 1);
    const samples = await scrape(server.adminUrl);
    expect(sumOf(samples, "rpc_server_call_duration_seconds_sum", labels)).toBeGreaterThan(0);
  });

  it("metrics count rejected calls by reason", async () => {
    const count = async () =>
      sumOf(await scrape(server.adminUrl), "mdps_refusals_total", { reason: "CREDENTIALS_INVALID" });
    const before = await count();
    for (const protocol of protocols) {
      await server
        .client(protocol, "wrong")
        .createPlanGroup({ parent, planGroupId: "x" })
        .catch(() => undefined);
    }
    expect(await count()).toBe(before + protocols.length);
  });

  it("metrics time store operations and count batches and waiting puts", async () => {
    const before = await scrape(server.adminUrl);
    const key = freshKey();
    await push(key);
    await server.client("rest").getPlanStatus({ name: `${parent}/planStatuses/${key}` });
    const after = await scrape(server.adminUrl);
    const grown = (name: string, labels: Record<string, string> = {}) =>
      sumOf(after, name, labels) - sumOf(before, name, labels);
    const sqlite = { db_system_name: "sqlite", error_type: "" };
    const calls = "db_client_operation_duration_seconds_count";
    expect(grown(calls, { ...sqlite, db_operation_name: "put" })).toBe(1);
    expect(grown(calls, { ...sqlite, db_operation_name: "get" })).toBe(1);
    expect(grown("mdps_store_batch_size_count")).toBe(1);
    expect(grown("mdps_store_batch_size_sum")).toBe(1);
    expect(sumOf(after, "mdps_store_queue_length")).toBe(0);
  });

  it("metrics count the records that are swept", async () => {
    await using own = await startTestServer({ admin: { host: "127.0.0.1", port: 0 } });
    // SQLite keeps its last row.
    for (const userKey of ["swept", "last"]) {
      await own.client("rest").createPlanStatus({ parent, userKey, planStatus: planStatus() });
    }
    own.clock.set(own.clock.now() + day);
    await expect
      .poll(async () => sumOf(await scrape(own.adminUrl), "mdps_store_swept_records_total"))
      .toBe(1);
  });

  it("metrics time token verification by outcome", async () => {
    const count = async (outcome: string) =>
      sumOf(await scrape(server.adminUrl), "mdps_token_verification_duration_seconds_count", { outcome });
    const before = [await count("accepted"), await count("refused")] as [number, number];
    await push();
    await server
      .client("rest", "wrong")
      .createPlanGroup({ parent, planGroupId: "x" })
      .catch(() => undefined);
    expect([await count("accepted"), await count("refused")]).toEqual([before[0] + 1, before[1] + 1]);
  });

  it("metrics have the state of the process, the version and the event loop delay", async () => {
    const samples = await scrape(server.adminUrl);
    expect(sumOf(samples, "mdps_build_info", { version: "1.2.3" })).toBe(1);
    expect(sumOf(samples, "mdps_ready")).toBe(1);
    expect(sumOf(samples, "mdps_requests_in_flight")).toBe(0);
    expect(sumOf(samples, "process_resident_memory_bytes")).toBeGreaterThan(1e7);
    expect(samples.map(({ name }) => name)).toContain("nodejs_eventloop_lag_p99_seconds");
    expect(samples.map(({ name }) => name)).not.toContain("mdps_tls_certificate_not_after_timestamp_seconds");
  });

  it("metrics have no label that a caller can choose", async () => {
    const series = async () =>
      (await scrape(server.adminUrl)).filter(({ name }) => name.startsWith("rpc_")).length;
    const odd = async (round: number) => {
      for (const path of [`/none-${round}`, `/mobiledataplansharing.v1.PlanStatusService/None${round}`]) {
        for (const type of ["application/json", "application/grpc", `application/grpc-web+x${round}`]) {
          const answer = await fetch(server.url + path, {
            method: "POST",
            headers: { "content-type": type },
            body: "{}",
          });
          await answer.arrayBuffer();
        }
      }
    };
    await odd(0);
    const before = await series();
    for (let round = 1; round < 10; round++) {
      await odd(round);
    }
    expect(await series()).toBe(before);
    const text = await (await get("/metrics")).text();
    expect(text).not.toContain("none-");
    expect(text).not.toContain("user-");
  });
});

it("the admin port closes connections beyond 128, and answers again when others are closed", async () => {
  await using server = await startTestServer({ admin: { host: "127.0.0.1", port: 0 } });
  const open: Socket[] = [];
  const accepts = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(Number(new URL(server.adminUrl).port), "127.0.0.1");
      open.push(socket);
      socket.on("error", () => undefined).on("data", () => resolve(true));
      socket.on("close", () => resolve(false));
      socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    });
  let accepted = 0;
  while (await accepts()) {
    accepted += 1;
  }
  expect(accepted).toBeGreaterThan(16);
  expect(accepted).toBeLessThanOrEqual(128);
  for (const socket of open) {
    socket.destroy();
  }
  await expect.poll(accepts).toBe(true);
  open.at(-1)?.destroy();
});
