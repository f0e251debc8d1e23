import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import { AuthConfigSchema } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { startFront } from "../../support/auth/identity-providers.ts";
import { openSocket, type RawSocket } from "../../support/http/raw-socket.ts";
import { parent, startTestServer, type TestServer } from "../../support/test-server.ts";

/** A quarter of the 256 places of callers without a token. */
const share = 64;

const start = (trustedProxies: readonly string[] = []) =>
  startTestServer({
    admin: { host: "127.0.0.1", port: 0 },
    graceMs: 0,
    trustedProxies,
    limits: { maxInFlight: 4 },
  });

const open: RawSocket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) {
    socket.destroy();
  }
});

type Sender = { from?: string; headers?: Record<string, string> };

/** Starts token requests whose bodies do not arrive, one of each sender. Resolves once all have a place. */
async function holdPlaces(server: TestServer, senders: readonly Sender[]): Promise<void> {
  for (const { from, headers = {} } of senders) {
    const socket = await openSocket(server.port, from);
    open.push(socket);
    const lines = Object.entries({
      host: "localhost",
      "content-type": "application/x-www-form-urlencoded",
      "content-length": "9",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /token HTTP/1.1\r\n${lines.join("")}\r\n`);
  }
  await expect.poll(() => requestsInFlight(server)).toBe(senders.length);
}

async function requestsInFlight(server: TestServer): Promise<number> {
  const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
  return Number(/^mdps_requests_in_flight (\d+)/m.exec(metrics)?.[1]);
}

/** Makes a token request. Resolves with its status: 400 if it was served, because it has no assertion. */
async function tokenStatus(server: TestServer, { from = "127.0.0.1", headers = {} }: Sender) {
  const call = request(`${server.url}/token`, {
    method: "POST",
    localAddress: from,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  });
  call.end("a=b");
  const [answer] = await once(call, "response");
  answer.resume();
  return answer.statusCode;
}

const times = <Value>(count: number, make: (at: number) => Value) =>
  Array.from({ length: count }, (_, at) => make(at));

const forwardedFor = (address: string): Sender => ({ headers: { "x-forwarded-for": address } });

describe("a client without a token", () => {
  it("gets 503 once it holds a quarter of the places, while other addresses are served", async () => {
    await using server = await start();
    await holdPlaces(
      server,
      times(share, () => ({})),
    );
    expect(await tokenStatus(server, {})).toBe(503);
    expect(await tokenStatus(server, { from: "127.0.0.2" })).toBe(400);
    open.pop()?.destroy();
    await expect.poll(() => tokenStatus(server, {})).toBe(400);
  });

  it("does not get more places with forged headers", async () => {
    await using server = await start(["192.0.2.1"]);
    await holdPlaces(
      server,
      times(share, (at) => ({
        headers: { "x-forwarded-for": `198.51.100.${at}`, forwarded: `for=10.0.0.${at}` },
      })),
    );
    expect(await tokenStatus(server, forwardedFor("203.0.113.9"))).toBe(503);
    expect(await tokenStatus(server, { from: "127.0.0.2" })).toBe(400);
  });

  it("does not keep out other clients behind a trusted proxy", async () => {
    await using server = await start(["127.0.0.1"]);
    await holdPlaces(
      server,
      // Whatever it sends itself is to the left of what the proxy appends.
      times(share, (at) => forwardedFor(`198.51.100.${at}, 203.0.113.9`)),
    );
    expect(await tokenStatus(server, forwardedFor("203.0.113.9"))).toBe(503);
    expect(await tokenStatus(server, forwardedFor("203.0.113.10"))).toBe(400);
  });

  it("does not get more places with other addresses of its IPv6 network", async () => {
    await using server = await start(["127.0.0.1"]);
    await holdPlaces(
      server,
      times(share, (at) => forwardedFor(`2001:db8:1:2:${at}::1`)),
    );
    expect(await tokenStatus(server, forwardedFor("2001:db8:1:2:ffff::1"))).toBe(503);
    expect(await tokenStatus(server, forwardedFor("2001:db8:1:3::1"))).toBe(400);
  });
});

it("a client gets UNAVAILABLE once it holds a quarter of the places with reflection streams, while others are served", async () => {
  await using server = await start();
  const openSession = (localAddress: string) =>
    connect(server.url, {
      createConnection: () => connectTcp({ port: server.port, host: "127.0.0.1", localAddress }),
    });
  const [session, other] = [openSession("127.0.0.1"), openSession("127.0.0.2")];
  const headers = {
    ":method": "POST",
    ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "content-type": "application/grpc",
    te: "trailers",
  };
  const streams = times(share, () => session.request(headers, { endStream: false }));
  await expect.poll(() => requestsInFlight(server)).toBe(share);
  const [rejected] = await once(session.request(headers, { endStream: false }), "response");
  expect(rejected["grpc-status"]).toBe("14");
  expect(decodeURIComponent(rejected["grpc-message"])).toMatch(/^too many calls without a valid token/);
  const served = other.request(headers, { endStream: false });
  await expect.poll(() => requestsInFlight(server)).toBe(share + 1);
  served.close();
  streams[0]?.close();
  await expect.poll(() => requestsInFlight(server)).toBe(share - 1);
  session.destroy();
  other.destroy();
});

it.each([
  ["REST", `/v1/${parent}/planGroups`, "application/json"],
  ["Connect", "/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup", "application/json"],
  ["gRPC", "/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup", "application/grpc"],
  ["gRPC-Web", "/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup", "application/grpc-web"],
])(
  "calls with a wrong token and an endless body over %s take no place of callers with a token",
  async (_, path, type) => {
    await using server = await start();
    const session = connect(server.url);
    const headers = { ":method": "POST", ":path": path, "content-type": type, authorization: "Bearer wrong" };
    for (let count = 0; count < 8; count += 1) {
      const stream = session.request(headers, { endStream: false });
      await once(stream, "response");
      await once(stream.resume(), "end");
    }
    await server.client("rest").createPlanGroup({ parent, planGroupId: "g" });
    expect(await requestsInFlight(server)).toBe(0);
    session.destroy();
  },
);

it("a client whose tokens wait for a slow provider takes at most half of the places of callers with a token", async () => {
  await using provider = await startFront(() => () => {});
  await provider.behave("stalls");
  await using server = await startTestServer({
    admin: { host: "127.0.0.1", port: 0 },
    graceMs: 0,
    limits: { maxInFlight: 160 },
    introspectionSecret: "secret",
    auth: create(AuthConfigSchema, {
      introspection: {
        endpoint: `${provider.url}/introspect`,
        clientId: "mdps",
        requestTimeout: { seconds: 60n },
      },
    }),
  });
  const stranger = connect(server.url, {
    createConnection: () => connectTcp({ port: server.port, host: "127.0.0.1", localAddress: "127.0.0.2" }),
  });
  stranger.on("error", () => {});
  // Until then a client opens at most 100 streams.
  await once(stranger, "remoteSettings");
  const answers: number[] = [];
  for (let count = 0; count < 200; count += 1) {
    const stream = stranger.request(
      { ":method": "POST", ":path": `/v1/${parent}/planGroups`, authorization: `Bearer opaque-${count}` },
      { endStream: false },
    );
    stream.on("error", () => {});
    stream.once("response", (headers) => answers.push(Number(headers[":status"])));
  }
  await expect.poll(() => answers.length).toBe(120);
  expect(new Set(answers)).toEqual(new Set([503]));
  expect(await requestsInFlight(server)).toBe(80);
  await server.client("rest").createPlanGroup({ parent, planGroupId: "g" });
  stranger.destroy();
});
