import { createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { exchange, maxAnswerBytes } from "../../src/pull/exchange.ts";
import { faultyCertificates, testCertificate } from "../support/certificates/certificate.ts";
import { startConnectProxy } from "../support/http/connect-proxy.ts";
import { type AgentAnswer, answerJson, startStubAgent } from "../support/http/stub-agent.ts";

/** Makes a GET, and returns what was answered and the problems as `field: description`. */
async function get(url: string, { ca, timeoutMs = 20_000 }: { ca?: string; timeoutMs?: number } = {}) {
  const call = { name: "pull", method: "GET", url: new URL(url), headers: {} } as const;
  const { answer, problems, report } = await exchange(call, { ca, timeoutMs });
  return {
    answer,
    report,
    found: problems.map(({ severity, field, description }) => `${severity} ${field}: ${description}`),
  };
}

/** Starts a server that answers every connection with these bytes, and returns its URL. */
async function startRawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.once("data", () => onConnection(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

/** Lets the timeout of the next exchange pass when the returned function is called, instead of after a time. */
function timeoutByHand(): () => void {
  const controller = new AbortController();
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValueOnce(controller.signal);
  onTestFinished(() => timeout.mockRestore());
  return () => controller.abort();
}

describe("an exchange", () => {
  it("reads a gzip answer, and reports only the headers that matter", async () => {
    const agent = await startStubAgent((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "x-secret": "1", age: "0" }).end(gzipSync("{}"));
    });
    const { answer, report, found } = await get(agent.url);
    expect(found).toEqual([]);
    expect(Buffer.from(answer?.body ?? []).toString()).toBe("{}");
    expect(report).toMatchObject({ status: 200, headers: { "content-encoding": "gzip", age: "0" } });
    expect(report.headers).not.toHaveProperty("x-secret");
    expect(agent.requests[0]?.headers).toMatchObject({
      accept: "application/json",
      "accept-encoding": "gzip",
    });
  });

  it("goes through the proxy that the environment names, unless NO_PROXY names the host", async () => {
    const agent = await startStubAgent(answerJson({}), testCertificate);
    const proxy = await startConnectProxy({ credentials: "me:secret" });
    vi.stubEnv("HTTPS_PROXY", proxy.url.replace("://", "://me:secret@"));
    const options = { ca: testCertificate.cert, timeoutMs: 2 ** 40 };
    expect(await get(agent.url, options)).toMatchObject({ found: [], answer: { status: 200 } });
    expect(proxy.asked).toEqual([new URL(agent.url).host]);
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    expect((await get(agent.url, options)).found).toEqual([
      `error connection: failed: the proxy ${proxy.name} requires a user and a password: ` +
        `set them in HTTPS_PROXY, as http://USER:PASSWORD@${proxy.name}`,
    ]);
    vi.stubEnv("NO_PROXY", "*");
    expect((await get(agent.url, options)).found).toEqual([]);
    vi.unstubAllEnvs();
  });

  it("accepts a timeout that is longer than timers can be", async () => {
    const agent = await startStubAgent(answerJson({}));
    expect((await get(agent.url, { timeoutMs: 999_999_999_000 })).found).toEqual([]);
  });

  it("reads an answer of the largest size, and none that is a byte longer, compressed or not", async () => {
    const sizes = [maxAnswerBytes, maxAnswerBytes + 1];
    for (const isCompressed of [false, true]) {
      const agent = await startStubAgent((_, response, count) => {
        const body = Buffer.alloc(sizes[count - 1] ?? 0, " ");
        response.writeHead(200, isCompressed ? { "content-encoding": "gzip" } : {});
        response.end(isCompressed ? gzipSync(body) : body);
      });
      const whole = await get(agent.url);
      expect([whole.answer?.body?.length, whole.found]).toEqual([maxAnswerBytes, []]);
      const long = await get(agent.url);
      expect(long.answer).not.toHaveProperty("body");
      expect(long.found).toEqual([
        `error body: is longer than 4 MiB${isCompressed ? " when it is decompressed" : ""}: it was not read`,
      ]);
    }
  });

  it("stops reading an answer that never ends", async () => {
    let open = 0;
    const agent = await startStubAgent((_, response) => {
      open += 1;
      response.on("close", () => {
        open -= 1;
      });
      const chunk = Buffer.alloc(1024 * 1024);
      const more = () => {
        while (response.writable && response.write(chunk)) {}
      };
      response.on("drain", more);
      more();
    });
    expect((await get(agent.url)).found).toEqual(["error body: is longer than 4 MiB: it was not read"]);
    await expect.poll(() => open).toBe(0);
  });

  it.each<[string, AgentAnswer, string]>([
    [
      "a content coding that was not requested",
      (_, response) => response.writeHead(200, { "content-encoding": "br" }).end("x"),
      'error Content-Encoding: is "br": the request accepts gzip or none',
    ],
    [
      "a body that is not gzip",
      (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("{}"),
      "error body: is not valid gzip, which Content-Encoding says that it is",
    ],
    [
      "a gzip body that is cut",
      (_, response) =>
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("{}").subarray(0, 15)),
      "error body: is not valid gzip",
    ],
    [
      "a body that is shorter than its length",
      (_, response) => {
        response.writeHead(200, { "content-length": "10" });
        response.write("{", () => response.socket?.destroy());
      },
      "error answer: was cut off",
    ],
    ["a connection that is closed", (_, response) => response.socket?.destroy(), "error answer: was cut off"],
    [
      "headers that are too long",
      (_, response) => response.writeHead(200, { "x-long": "x".repeat(20_000) }).end(),
      "error answer: is not valid HTTP/1.1",
    ],
  ])("reports %s", async (_, answer, expected) => {
    const agent = await startStubAgent(answer);
    const { found } = await get(agent.url);
    expect(found).toEqual([expect.stringContaining(expected)]);
  });

  it("reports an answer that is not HTTP", async () => {
    const url = await startRawServer((socket) => socket.end("220 mail.example.com ESMTP\r\n"));
    expect((await get(url)).found).toEqual([expect.stringContaining("error answer: is not valid HTTP/1.1")]);
  });

  it.each([
    ["without a byte", ""],
    ["in the headers", "HTTP/1.1 200 OK\r\n"],
    ["in the body", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"],
    ["in a body without a length", "HTTP/1.1 200 OK\r\n\r\n{"],
  ])("ends an answer that is not complete in time: %s", async (_, start) => {
    const timeOut = timeoutByHand();
    const url = await startRawServer((socket) => socket.write(start, timeOut));
    expect((await get(url, { timeoutMs: 30_000 })).found).toEqual([
      "error answer: was not complete after 30 s: answer faster, or allow more time with --timeout",
    ]);
  });

  it("reports a port that does not accept connections", async () => {
    const agent = await startStubAgent(answerJson({}));
    const closed = new URL(agent.url);
    closed.port = "1";
    expect((await get(closed.href)).found).toEqual([
      expect.stringMatching(/^error connection: failed: "connect ECONNREFUSED.*check the host, the port/),
    ]);
  });
});

describe("the certificate of a server", () => {
  const { expired, notYetValid, otherHost, unknownIssuer } = faultyCertificates;
  const selfSigned = "error certificate: is self-signed: use one of a public certificate authority";

  it("is accepted if it is trusted, also by the name localhost", async () => {
    const agent = await startStubAgent(answerJson({}), testCertificate);
    for (const url of [agent.url, agent.url.replace("127.0.0.1", "localhost")]) {
      expect(await get(url, { ca: testCertificate.cert })).toMatchObject({
        answer: { status: 200 },
        found: [],
      });
    }
  });

  it.each<[string, { cert: string; key: string }, string | undefined, readonly string[]]>([
    ["self-signed", testCertificate, undefined, [selfSigned]],
    ["expired", expired, expired.cert, ["error certificate: expired at 2021-01-01T00:00:00.000Z: renew it"]],
    ["not yet valid", notYetValid, notYetValid.cert, ["is not valid before 2110-01-01T00:00:00.000Z"]],
    [
      "for another host",
      otherHost,
      otherHost.cert,
      ['is for "DNS:dpa.example.com", but the URL has the host 127.0.0.1: use a certificate with this name'],
    ],
    [
      "of an issuer that is not known",
      unknownIssuer,
      undefined,
      ["the server must send all intermediate certificates"],
    ],
    ["expired and self-signed", expired, undefined, ["expired at 2021-01-01", selfSigned]],
    ["for another host and self-signed", otherHost, undefined, ["is for", selfSigned]],
  ])("is described completely if it is %s, and nothing is sent", async (_, tls, ca, expected) => {
    const agent = await startStubAgent(answerJson({}), tls);
    const { answer, found } = await get(agent.url, ca === undefined ? {} : { ca });
    expect(answer).toBeUndefined();
    expect(found).toEqual(expected.map((part) => expect.stringContaining(part)));
    expect(agent.requests).toEqual([]);
  });

  it("is missing if the port speaks http", async () => {
    const agent = await startStubAgent(answerJson({}));
    expect((await get(agent.url.replace("http:", "https:"))).found).toEqual([
      expect.stringMatching(/^error connection: TLS failed: \w+; the server must accept TLS/),
    ]);
  });

  it("is not waited for longer than the timeout", async () => {
    const timeOut = timeoutByHand();
    const url = await startRawServer(timeOut);
    expect((await get(url.replace("http:", "https:"))).found).toEqual([
      "error connection: was not accepted before the timeout: check the host, the port and firewalls",
    ]);
  });
});
