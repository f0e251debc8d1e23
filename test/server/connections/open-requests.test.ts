import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createOpenRequests } from "../../../src/server/connections/open-requests.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { scrape, sumOf } from "../../support/http/exposition.ts";
import { openSocket, type RawSocket } from "../../support/http/raw-socket.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, startTestServer, type TestServer } from "../../support/test-server.ts";

/** Requests without a place that may be open. */
const most = 2_048;
const enhanceYourCalm = 11;

const admin = { host: "127.0.0.1", port: 0 };
const grpc = { "content-type": "application/grpc", te: "trailers" };
const watch = { ":method": "POST", ":path": "/grpc.health.v1.Health/Watch", ...grpc };

const sessions: ClientHttp2Session[] = [];
const sockets: RawSocket[] = [];
afterEach(() => {
  for (const each of [...sessions.splice(0), ...sockets.splice(0)]) {
    each.destroy();
  }
});

async function openSession(url: string, settings = {}): Promise<ClientHttp2Session> {
  const session = connect(url, { settings, ca: testCertificate.cert });
  session.on("error", () => undefined);
  sessions.push(session);
  await once(session, "remoteSettings");
  return session;
}

/**
 * Stops the time that limits are measured with until the test ends: a busy machine takes longer to open thousands of
 * requests than the answered ones may go on.
 */
function stopTime(): void {
  const now = vi.spyOn(performance, "now").mockReturnValue(performance.now());
  onTestFinished(() => now.mockRestore());
}

type Flood = { headers: OutgoingHttpHeaders; perSession: number; settings?: object; ended?: boolean };

/** Opens `most` requests and as many more. Resolves once as many were reset. Returns the codes of the resets. */
async function flood(url: string, { headers, perSession, settings, ended = false }: Flood) {
  const codes: (number | undefined)[] = [];
  const extra = perSession;
  for (let opened = 0; opened < most + extra; ) {
    const session = await openSession(url, settings);
    for (let count = 0; count < perSession && opened < most + extra; count += 1, opened += 1) {
      const stream = session.request(headers, { endStream: ended });
      stream.on("error", () => undefined).on("close", () => codes.push(stream.rstCode));
      stream.resume();
    }
  }
  await expect.poll(() => codes.length).toBe(extra);
  return codes;
}

async function push(server: TestServer): Promise<void> {
  const client = server.client("grpc");
  await client.createPlanStatus({ parent, userKey: freshKey(), planStatus: planStatus() });
}

describe("requests that stay open without a place", () => {
  it.each<[string, Flood]>([
    [
      "REST calls without a token that never end",
      { headers: { ":method": "POST", ":path": `/v1/${parent}/planGroups` }, perSession: 500 },
    ],
    [
      "gRPC calls with a wrong token that never end",
      {
        headers: {
          ":method": "POST",
          ":path": "/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup",
          authorization: "Bearer wrong",
          ...grpc,
        },
        perSession: 500,
      },
    ],
    [
      "health checks that never end",
      { headers: { ":method": "POST", ":path": "/grpc.health.v1.Health/Check", ...grpc }, perSession: 500 },
    ],
    [
      "requests of unknown paths that never end",
      { headers: { ":method": "POST", ":path": "/nothing" }, perSession: 500 },
    ],
    [
      "requests of the Discovery document that is never read",
      // Node allows 10 MB of unread data on one session.
      {
        headers: { ":path": "/$discovery/rest" },
        perSession: 200,
        settings: { initialWindowSize: 0 },
        ended: true,
      },
    ],
    [
      "probes that are never read",
      { headers: { ":path": "/readyz" }, perSession: 500, settings: { initialWindowSize: 0 }, ended: true },
    ],
  ])("only the latest 2,048 %s stay open, and others are served", async (_, kind) => {
    stopTime();
    await using server = await startTestServer({ admin, graceMs: 0 });
    const held = (await openSession(server.url)).request(watch);
    held.on("error", () => undefined).end(Buffer.alloc(5));
    await once(held, "data");
    expect(new Set(await flood(server.url, kind))).toEqual(new Set([enhanceYourCalm]));
    expect(
      sumOf(await scrape(server.adminUrl), "mdps_connections_refused_total", { cause: "open_requests" }),
    ).toBe(kind.perSession);
    await push(server);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(held.closed).toBe(false);
    expect(server.failures).toEqual([]);
  });

  it("the same limit applies over TLS", async () => {
    stopTime();
    await using server = await startTestServer({ tls: testCertificate, graceMs: 0 });
    const headers = { ":method": "POST", ":path": "/nothing" };
    expect(await flood(server.url, { headers, perSession: 500 })).toHaveLength(500);
  });

  it.each([
    ["the Discovery document", "GET /$discovery/rest HTTP/1.1\r\nhost: localhost\r\n\r\n", ""],
    [
      "probes behind a health watch",
      "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n",
      "POST /grpc.health.v1.Health/Watch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/grpc-web\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0",
    ],
  ])(
    "connections that pipeline thousands of requests of %s and read nothing are closed",
    async (_, each, first) => {
      await using server = await startTestServer({ admin, graceMs: 0 });
      for (let count = 0; count < 4; count += 1) {
        const socket = await openSocket(server.port);
        sockets.push(socket);
        socket.socket.pause();
        socket.write(first + each.repeat(1_000));
      }
      await expect.poll(() => connectionsOf(server)).toBe(2);
      await push(server);
    },
  );
});

async function connectionsOf({ adminUrl }: TestServer): Promise<number> {
  return sumOf(await scrape(adminUrl), "mdps_connections");
}

/** Unlike `once`, also resolves if the stream has failed. */
function closed(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => stream.once("close", () => resolve()));
}

describe("an answer that its client does not read", () => {
  let http2: Http2Server | undefined;
  afterEach(() => http2?.close());

  it("an answer that is not read gets the timeout, and the time that it needs at 8,000 bytes per second", async () => {
    const rejected: string[] = [];
    const open = createOpenRequests({
      hasPlace: () => true,
      unreadTimeoutMs: 1_000,
      onRejected: (cause) => rejected.push(cause),
    });
    http2 = createServer((request, response) => {
      open.watch(request, response);
      response.end(Buffer.alloc(64_000));
    });
    await once(http2.listen(0), "listening");
    const url = `http://localhost:${(http2.address() as AddressInfo).port}`;
    const session = await openSession(url, { initialWindowSize: 0 });
    const stream = session.request();
    stream.on("error", () => undefined);
    const end = closed(stream);
    await once(stream, "response");
    // The server has turned its event loop: it knows that the request stays open.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const begun = performance.now();
    open.sweep(begun);
    open.sweep(begun + 8_990);
    expect(rejected).toEqual([]);
    open.sweep(begun + 9_010);
    expect(rejected).toEqual(["response_timeout"]);
    await end;
    expect(stream.rstCode).toBe(enhanceYourCalm);
  });
});

it("a place is free again when the client does not read its answers for the idle timeout", async () => {
  await using server = await startTestServer({ admin, limits: { idleTimeoutMs: 200 }, graceMs: 0 });
  const session = await openSession(server.url, { initialWindowSize: 0 });
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ...grpc,
  });
  stream.on("error", () => undefined);
  const end = closed(stream);
  // list_services: "*"
  stream.write(Buffer.from([0, 0, 0, 0, 3, 0x3a, 1, 0x2a]));
  await end;
  expect(stream.rstCode).toBe(enhanceYourCalm);
  await expect.poll(async () => sumOf(await scrape(server.adminUrl), "mdps_requests_in_flight")).toBe(0);
});

it("a connection over HTTP/1.1 whose client reads nothing is closed after the idle timeout", async () => {
  await using server = await startTestServer({ admin, limits: { idleTimeoutMs: 200 }, graceMs: 0 });
  const socket = await openSocket(server.port);
  sockets.push(socket);
  socket.socket.pause();
  // More than the buffers of the system take, and fewer than 2,048.
  socket.write("GET /$discovery/rest HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(1_000));
  await expect
    .poll(async () =>
      sumOf(await scrape(server.adminUrl), "mdps_connections_refused_total", { cause: "response_timeout" }),
    )
    .toBeGreaterThan(0);
  expect(await connectionsOf(server)).toBe(0);
});
