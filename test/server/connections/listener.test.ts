import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { request as requestHttps } from "node:https";
import { networkInterfaces } from "node:os";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createPlanSharingClient } from "../../../src/client/client.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { openSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { startSplittingProxy } from "../../support/http/splitting-proxy.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

const body = toJsonString(PlanStatusSchema, planStatus());
const pathOf = (userKey: string) => `/v1/${parent}/planStatuses?userKey=${userKey}`;

type Http2Answer = { status: number; text: string };

function post(session: ClientHttp2Session, path: string, token: string): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
    });
    let status = 0;
    let text = "";
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
    });
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    stream.on("error", reject);
    stream.on("end", () => resolve({ status, text }));
    stream.end(body);
  });
}

/** An HTTP/1.1 request as text. */
function head(path: string, token: string, more = ""): string {
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\n${more}content-length: ${body.length}\r\n\r\n`;
}

describe("one cleartext port", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });

  it("a cleartext port has an http URL", () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
  });

  it("a cleartext port serves HTTP/1.1", async () => {
    const socket = await openSocket(server.port);
    socket.write(head(pathOf(freshKey()), server.token, "connection: close\r\n") + body);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it("a cleartext port answers pipelined requests", async () => {
    const socket = await openSocket(server.port);
    const one = head(pathOf(freshKey()), server.token) + body;
    socket.write(one + one + one);
    expect((await socket.received(/(HTTP\/1\.1 200 OK[\s\S]*){3}/)).match(/HTTP\/1\.1/g)).toHaveLength(3);
    socket.destroy();
  });

  it("a cleartext port serves HTTP/2 with prior knowledge", async () => {
    const session = connectHttp2(server.url);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(session, pathOf(freshKey()), server.token)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    session.close();
  });

  it("a cleartext port detects the HTTP version when every byte arrives alone", async () => {
    await using proxy = await startSplittingProxy(server.port);
    const session = connectHttp2(proxy.url);
    expect((await post(session, pathOf(freshKey()), server.token)).status).toBe(200);
    session.close();
    // POST begins like the preface of HTTP/2 does: with a P.
    const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
    const response = await fetch(proxy.url + pathOf(freshKey()), { method: "POST", headers, body });
    expect(response.status).toBe(200);
  });

  it.each(protocols)("a cleartext port serves %s when every byte arrives alone", async (protocol) => {
    await using proxy = await startSplittingProxy(server.port);
    const client = createPlanSharingClient({ endpoint: proxy.url, protocol, token: server.token });
    const userKey = freshKey();
    const { name } = await client.createPlanStatus({ parent, userKey, planStatus: planStatus() });
    expect(name).toBe(`${parent}/planStatuses/${userKey}`);
  });

  it.each([
    ["that only begins like HTTP/2", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"],
    ["of a version that does not exist", "GET / HTTP/9.9\r\n\r\n"],
    ["of TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00"],
    ["of zeros", "\0".repeat(100)],
    ["of text", "hello\r\n\r\n"],
  ])("a cleartext port answers a beginning %s with 400, and serves others", async (_, bytes) => {
    const socket = await openSocket(server.port);
    socket.write(Buffer.from(bytes, "latin1"));
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 (400|505) /);
    const session = connectHttp2(server.url);
    expect((await post(session, pathOf(freshKey()), server.token)).status).toBe(200);
    session.close();
  });

  it("a cleartext port survives connections that end within a preface or a header", async () => {
    for (const bytes of ["", "P", "PRI * HTTP/2.0", "POST /v1/oper"]) {
      const socket = await openSocket(server.port);
      socket.write(bytes);
      socket.socket.end();
      socket.destroy();
    }
    const response = await fetch(server.url);
    expect(response.status).toBe(404);
  });

  it.each([
    ["nothing", ""],
    ["the beginning of a preface", "PRI * HTTP/2.0"],
  ])(
    "a cleartext port closes a connection whose client sent %s and ended its side",
    async (_, bytes) => {
      const socket = await openSocket(server.port);
      socket.socket.end(bytes);
      expect(await socket.closed()).toBe("");
    },
    5_000,
  );

  it("RPC paths are served as RPC and all others as REST, over both versions of HTTP", async () => {
    const rpc = "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";
    const session = connectHttp2(server.url);
    const unknown = { error: { code: 404, status: "NOT_FOUND", details: [{ reason: "ROUTE_NOT_FOUND" }] } };
    const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
    // Both reject the body, each with its own error.
    const wrong = async (path: string) =>
      (await fetch(server.url + path, { method: "POST", headers, body })).json();
    expect(await wrong(rpc)).toMatchObject({ code: "invalid_argument" });
    expect(await wrong("/v1/operators/65001/planStatuses")).toMatchObject({ error: { code: 400 } });
    expect(JSON.parse((await post(session, rpc, server.token)).text)).toMatchObject({
      code: "invalid_argument",
    });
    for (const path of [
      "/",
      "/v1",
      "/mobiledataplansharing.v1.PlanStatusService",
      `${rpc}/x`,
      "/favicon.ico",
    ]) {
      expect(await wrong(path)).toMatchObject(unknown);
      expect(JSON.parse((await post(session, path, server.token)).text)).toMatchObject(unknown);
    }
    session.close();
  });

  it.each([
    ["no value (HTTP/1.0)", "HTTP/1.0\r\n"],
    ["no value (HTTP/1.1)", "HTTP/1.1\r\n"],
    ["an empty value", "HTTP/1.1\r\nhost: \r\n"],
    ["a blank in it", "HTTP/1.1\r\nhost: a b\r\n"],
    ["a bracket", "HTTP/1.1\r\nhost: [\r\n"],
    ["an invalid port", "HTTP/1.1\r\nhost: localhost:99999\r\n"],
    ["two names", "HTTP/1.1\r\nhost: a\r\nhost: b\r\n"],
  ])("an RPC whose Host has %s is answered with 400", async (_, version) => {
    const socket = await openSocket(server.port);
    socket.write(
      `POST /mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus ${version}connection: close\r\ncontent-type: application/json\r\nauthorization: Bearer ${server.token}\r\ncontent-length: 2\r\n\r\n{}`,
    );
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 400 /);
  });

  // Some containers have no IPv6.
  it.runIf(Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1")))(
    "a server listens on an IPv6 address",
    async () => {
      await using own = await startTestServer({ host: "::1" });
      expect(own.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
      expect((await fetch(own.url)).status).toBe(404);
    },
  );

  it("a port in use rejects the start with EADDRINUSE and leaves the data directory usable", async () => {
    const other = await startTestServer();
    await other.stop();
    await expect(startTestServer({ directory: other.directory, port: server.port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    await using again = await startTestServer({ directory: other.directory });
    expect(again.port).not.toBe(server.port);
  });
});

describe("one port with TLS", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ tls: testCertificate });
  });
  afterAll(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });

  const handshake = (protocols?: string[]) =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connectTls(
        {
          port: server.port,
          host: "127.0.0.1",
          ca: testCertificate.cert,
          ...(protocols && { ALPNProtocols: protocols }),
        },
        () => resolve(socket),
      );
      socket.on("error", reject);
    });

  it("a TLS port has an https URL", () => {
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  });

  it.each<[string, string[] | undefined, string | false]>([
    ["HTTP/2 with clients that take both", ["h2", "http/1.1"], "h2"],
    ["HTTP/2 with clients that take both and name HTTP/1.1 first", ["http/1.1", "h2"], "h2"],
    ["HTTP/1.1 with clients that take no other", ["http/1.1"], "http/1.1"],
    ["HTTP/1.1 with clients that do not say", undefined, false],
  ])("a TLS port negotiates %s", async (_, offered, agreed) => {
    const socket = await handshake(offered);
    expect(socket.alpnProtocol).toBe(agreed);
    socket.destroy();
  });

  it("a TLS port serves HTTP/2", async () => {
    const session = connectHttp2(server.url, { ca: testCertificate.cert });
    expect((await post(session, pathOf(freshKey()), server.token)).status).toBe(200);
    session.close();
  });

  it("a TLS port serves HTTP/1.1", async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
      const options = { method: "POST", headers, ca: testCertificate.cert, agent: false };
      requestHttps(server.url + pathOf(freshKey()), options, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode));
      })
        .on("error", reject)
        .end(body);
    });
    expect(status).toBe(200);
  });

  it("a TLS port serves HTTP/1.1 to clients without ALPN", async () => {
    const socket = rawSocket(await handshake());
    socket.write(head(pathOf(freshKey()), server.token, "connection: close\r\n") + body);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it("a TLS port does not answer cleartext, and serves others", async () => {
    const socket = await openSocket(server.port);
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    expect(await socket.closed()).not.toContain("HTTP/1.1 200");
    const session = connectHttp2(server.url, { ca: testCertificate.cert });
    expect((await post(session, pathOf(freshKey()), server.token)).status).toBe(200);
    session.close();
  });
});
