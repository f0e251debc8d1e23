import { once } from "node:events";
import { request as requestHttp } from "node:http";
import { connect } from "node:http2";
import { request as requestHttps } from "node:https";
import { describe, expect, it } from "vitest";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { scrape, sumOf } from "../../support/http/exposition.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { createLogLines } from "../../support/log-lines.ts";
import { parent, startTestServer, type TestServer } from "../../support/test-server.ts";

type Answer = { status: number; text: string; allow: unknown; type: unknown; cache: unknown };

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    text += chunk;
  }
  return text;
}

async function overHttp1({ url, port }: TestServer, method: string, path: string): Promise<Answer> {
  const secure = url.startsWith("https:");
  const send = secure ? requestHttps : requestHttp;
  const ca = secure ? { ca: testCertificate.cert } : {};
  const call = send({ host: "localhost", port, family: 4, method, path, ...ca });
  call.end();
  const [answer] = await once(call, "response");
  const { headers, statusCode } = answer;
  return {
    status: statusCode,
    text: await readAll(answer),
    allow: headers.allow,
    type: headers["content-type"],
    cache: headers["cache-control"],
  };
}

async function overHttp2({ url, port }: TestServer, method: string, path: string): Promise<Answer> {
  const secure = url.startsWith("https:");
  const session = connect(`${secure ? "https" : "http"}://localhost:${port}`, {
    family: 4,
    ...(secure && { ca: testCertificate.cert }),
  } as object);
  const stream = session.request({ ":method": method, ":path": path });
  const [headers] = await once(stream, "response");
  const text = await readAll(stream);
  session.destroy();
  return {
    status: headers[":status"],
    text,
    allow: headers.allow,
    type: headers["content-type"],
    cache: headers["cache-control"],
  };
}

describe.each([
  ["HTTP/1.1", overHttp1, {}],
  ["HTTP/2", overHttp2, {}],
  ["HTTP/1.1 with TLS", overHttp1, { tls: testCertificate }],
  ["HTTP/2 with TLS", overHttp2, { tls: testCertificate }],
])("the probes on the port for clients over %s", (_, send, options) => {
  it("answer GET and HEAD without a token, and 405 to other methods", async () => {
    await using server = await startTestServer(options);
    for (const path of ["/livez", "/readyz", "/readyz?verbose=1"]) {
      expect(await send(server, "GET", path)).toEqual({
        status: 200,
        text: "ok\n",
        allow: undefined,
        type: "text/plain; charset=utf-8",
        cache: "no-store",
      });
      expect(await send(server, "HEAD", path)).toMatchObject({ status: 200, text: "" });
      expect(await send(server, "DELETE", path)).toMatchObject({ status: 405, allow: "GET, HEAD" });
    }
    expect(server.failures).toEqual([]);
  });
});

describe("the probes on the port for clients", () => {
  it("report a stopping server as not ready, without the reason, which is no failure of a call", async () => {
    const log = createLogLines();
    await using server = await startTestServer({
      admin: { host: "127.0.0.1", port: 0 },
      drainDelayMs: 1_000,
      log: { level: "debug", destination: log },
    });
    const stopped = server.stop();
    const ready = await fetch(`${server.url}/readyz`, { headers: { "x-request-id": "probe" } });
    expect([ready.status, await ready.text()]).toEqual([503, "not ready\n"]);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect(await log.request("probe")).toMatchObject({
      level: "debug",
      protocol: "http",
      method: "grpc.health.v1.Health/Check",
      code: "OK",
      httpStatus: 503,
    });
    const metrics = await scrape(server.adminUrl);
    const calls = "rpc_server_call_duration_seconds_count";
    expect(sumOf(metrics, calls, { rpc_response_status_code: "UNAVAILABLE" })).toBe(0);
    await stopped;
  });

  it("agree with the gRPC health service, which still answers", async () => {
    await using server = await startTestServer();
    const check = await fetch(`${server.url}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(await check.json()).toEqual({ status: "SERVING" });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it("answer a server that rejects calls because its event loop is late", async () => {
    // Every measurement is above a negative limit.
    await using server = await startTestServer({ limits: { maxEventLoopDelayMs: -1e9 } });
    const create = () => server.client("rest").createPlanGroup({ parent, planGroupId: "g" });
    await expect.poll(() => create().then(String, String)).toContain("overloaded");
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it("answer HTTP/1.0 without a Host, which some load balancers send", async () => {
    await using server = await startTestServer();
    const socket = await openSocket(server.port);
    socket.write("GET /readyz HTTP/1.0\r\n\r\n");
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok\n$/);
  });

  it.each(["/readyz/", "/READYZ", "/%72eadyz", "/v1/readyz", "//readyz", "/metrics"])(
    "leave %s to the API",
    async (path) => {
      await using server = await startTestServer();
      const answer = await fetch(server.url + path);
      await answer.arrayBuffer();
      expect(answer.status).toBe(404);
    },
  );
});
