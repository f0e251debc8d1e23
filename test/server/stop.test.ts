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

  it.each(protocols)(
    "a server stops although clients that called it over %s are still connected",
    async (protocol) => {
      await using server = await startTestServer({ graceMs });
      await server.client(protocol).createPlanGroup({ parent, planGroupId: "k" });
      await server.stop();
      await expectClosedPort(server);
    },
  );

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
    agent.destroy();
  });

  it.each([
    ["nothing", ""],
    ["the beginning of HTTP/2", "PRI * HTTP/2.0\r\n"],
  ])("a server stops although a connection has sent %s", async (_, bytes) => {
    await using server = await startTestServer({ graceMs });
    const socket = await openSocket(server.port);
    socket.write(bytes);
    // A second connection that is answered shows that the server has the first.
    await fetch(server.url);
    await server.stop();
    await socket.closed();
  });

  it("a server stops although a TLS connection has sent nothing", async () => {
    await using server = await startTestServer({ graceMs, tls: testCertificate });
    const socket = await openSocket(server.port);
    const other = await shakeHands(server);
    await server.stop();
    await socket.closed();
    other.destroy();
  });

  it.each([
    ["HTTP/1.1", ["http/1.1"]],
    ["HTTP/2", ["h2"]],
  ])("a server stops although a TLS connection for %s has sent no request", async (_, offered) => {
    await using server = await startTestServer({ graceMs, tls: testCertificate });
    const socket = rawSocket(await shakeHands(server, offered));
    await server.stop();
    await socket.closed();
  });

  it.each([
    ["HTTP/1.1", `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n`],
    ["a head that is not finished", "POST /v1/oper"],
  ])("a stopping server closes a connection whose request does not finish in time: %s", async (_, bytes) => {
    await using server = await startTestServer({ graceMs: 1 });
    const token = `authorization: Bearer ${server.token}\r\n`;
    const socket = await openSocket(server.port);
    socket.write(bytes.replace("content-length", `${token}content-length`));
    await fetch(server.url);
    await server.stop();
    await socket.closed();
  });

  it("a stopping server closes a connection whose request does not finish in time: HTTP/2", async () => {
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
