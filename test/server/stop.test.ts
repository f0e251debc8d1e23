import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { toJsonString } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { testCertificate } from "../support/certificates/certificate.ts";
import { openSocket, rawSocket } from "../support/http/raw-socket.ts";
import { planStatus } from "../support/plan-statuses.ts";
import { parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

const body = toJsonString(PlanStatusSchema, planStatus({ title: "in flight" }));
const path = `/v1/${parent}/planStatuses?userKey=k`;

/** Longer than a test may take: what is only ended by it fails the test. */
const graceMs = 60_000;

async function expectClosedPort(server: TestServer): Promise<void> {
  await expect(openSocket(server.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
}

/** Reads what was stored, with a server on the same data. */
async function storedTitle(directory: string): Promise<string> {
  await using server = await startTestServer({ directory });
  const status = await server.client("rest").getPlanStatus({ name: `${parent}/planStatuses/k` });
  return status.title;
}

describe("a server that stops", () => {
  it("a stopping server closes its port, and may be stopped more than once", async () => {
    await using server = await startTestServer({ graceMs });
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    await expectClosedPort(server);
  });

  it("a server stops although clients of every protocol that called it are still connected", async () => {
    await using server = await startTestServer({ graceMs });
    for (const protocol of protocols) {
      await server.client(protocol).createPlanGroup({ parent, planGroupId: "k" });
    }
    await server.stop();
    await expectClosedPort(server);
  });

  it.each([
    ["cleartext", undefined],
    ["TLS", testCertificate],
  ])(
    "a stopping server accepts no connection while it finishes a request over HTTP/1.1 and %s",
    async (_, tls) => {
      const server = await startTestServer({ graceMs, tls });
      const socket = tls ? rawSocket(await shakeHands(server)) : await openSocket(server.port);
      const headers = `host: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer ${server.token}`;
      // The answer to "expect" shows that the server has the request.
      socket.write(
        `POST ${path} HTTP/1.1\r\n${headers}\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
      );
      await socket.received(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
      const stopped = server.stop();
      await expectClosedPort(server);
      socket.write(body);
      expect(await socket.closed()).toMatch(/HTTP\/1\.1 200 OK\r\n/);
      await stopped;
      expect(await storedTitle(server.directory)).toBe("in flight");
    },
  );

  it.each([
    ["cleartext", undefined],
    ["TLS", testCertificate],
  ])("a stopping server sends GOAWAY over HTTP/2 and %s, and finishes running requests", async (_, tls) => {
    const server = await startTestServer({ graceMs, tls });
    const session = connectHttp2(server.url, { ca: testCertificate.cert });
    await once(session, "connect");
    const goaway = new Promise<number>((resolve) => session.on("goaway", resolve));
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/json",
      authorization: `Bearer ${server.token}`,
    });
    stream.write(body.slice(0, 10));
    const status = new Promise((resolve, reject) => {
      stream.on("response", (headers) => resolve(headers[":status"]));
      stream.on("error", reject);
    });
    // What answers the ping has read what was sent before.
    await new Promise((resolve) => session.ping(resolve));
    const stopped = server.stop();
    expect(await goaway).toBe(0);
    stream.end(body.slice(10));
    stream.resume();
    expect(await status).toBe(200);
    await stopped;
    await expectClosedPort(server);
    expect(await storedTitle(server.directory)).toBe("in flight");
  });

  it("a stopping server closes idle keep-alive connections", async () => {
    await using server = await startTestServer({ graceMs });
    const agent = new Agent({ keepAlive: true });
    const closed = Promise.withResolvers<void>();
    await new Promise<void>((resolve, reject) => {
      request(server.url, { agent }, (response) => {
        response.socket.once("close", () => closed.resolve());
        response.resume();
        response.on("end", resolve);
      })
        .on("error", reject)
        .end();
    });
    await server.stop();
    await closed.promise;
    await expectClosedPort(server);
    agent.destroy();
  });

  it("a server stops although connections have sent nothing, or only the beginning of HTTP/2", async () => {
    await using server = await startTestServer({ graceMs });
    const sockets = [await openSocket(server.port), await openSocket(server.port)] as const;
    sockets[1].write("PRI * HTTP/2.0\r\n");
    // The answer to a later connection shows that the server has accepted these.
    await fetch(server.url);
    await server.stop();
    expect(await Promise.all(sockets.map((socket) => socket.closed()))).toEqual(["", ""]);
  });

  it("a server stops although TLS connections have sent nothing, or no request after the handshake", async () => {
    await using server = await startTestServer({ graceMs, tls: testCertificate });
    const silent = await openSocket(server.port);
    const http1 = rawSocket(await shakeHands(server, ["http/1.1"]));
    const http2 = rawSocket(await shakeHands(server, ["h2"]));
    await server.stop();
    const [fromSilent, fromHttp1] = await Promise.all([silent, http1, http2].map((each) => each.closed()));
    expect([fromSilent, fromHttp1]).toEqual(["", ""]);
  });

  it("a stopping server closes HTTP/1.1 connections whose request does not finish in time", async () => {
    await using server = await startTestServer({ graceMs: 1 });
    const token = `authorization: Bearer ${server.token}`;
    const sockets = [await openSocket(server.port), await openSocket(server.port)] as const;
    sockets[0].write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\n${token}\r\ncontent-length: 100\r\n\r\n`);
    sockets[1].write("POST /v1/oper");
    await fetch(server.url);
    await server.stop();
    const received = await Promise.all(sockets.map((socket) => socket.closed()));
    expect(received.join("")).not.toContain("HTTP/1.1 200");
  });

  it("a stopping server closes HTTP/2 connections whose request does not finish in time", async () => {
    await using server = await startTestServer({ graceMs: 1 });
    const session = connectHttp2(server.url);
    session.on("error", () => {});
    await once(session, "connect");
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/json",
      authorization: `Bearer ${server.token}`,
    });
    stream.on("error", () => {});
    await new Promise((resolve) => session.ping(resolve));
    await server.stop();
    await expectClosedPort(server);
    session.destroy();
  });

  it("a stopping server closes the connection of an HTTP/2 client that leaves a response unread", async () => {
    await using server = await startTestServer({ graceMs: 1 });
    const session = connectHttp2(server.url);
    session.on("error", () => undefined);
    const stream = session.request({ ":path": "/none" });
    stream.on("error", () => undefined);
    await once(stream, "response");
    await server.stop();
    await expectClosedPort(server);
  });

  it("a stopped server has stored every push that it answered", async () => {
    const server = await startTestServer({ graceMs });
    const client = server.client("grpc");
    let answered = 0;
    const pushes = Array.from({ length: 200 }, async (_, index) => {
      await client.createPlanGroup({ parent, planGroupId: `k${index}` });
      answered += 1;
    });
    await Promise.race(pushes);
    await server.stop();
    const outcomes = await Promise.allSettled(pushes);
    await using again = await startTestServer({ directory: server.directory });
    const reader = again.client("rest");
    for (const [index, { status }] of outcomes.entries()) {
      if (status === "fulfilled") {
        await reader.getPlanGroup({ name: `${parent}/planGroups/k${index}` });
      }
    }
    expect(answered).toBeGreaterThan(0);
  });
});

function shakeHands(server: TestServer, offered: string[] = ["http/1.1"]): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = {
      port: server.port,
      host: "127.0.0.1",
      ca: testCertificate.cert,
      ALPNProtocols: offered,
    };
    const socket = connectTls(options, () => resolve(socket));
    socket.on("error", reject);
  });
}
