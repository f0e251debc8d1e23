import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createPlanSharingClient, googleCredentials, readError } from "../../src/client/index.ts";
import { systemClock } from "../../src/contract/clock.ts";
import { proxyFor } from "../../src/network/proxy.ts";
import { fixedToken } from "../../src/push/send/access-tokens.ts";
import { createSender } from "../../src/push/send/sender.ts";
import { makeAccount } from "../support/auth/service-accounts.ts";
import { renewedCertificate, testCertificate } from "../support/certificates/certificate.ts";
import { type ConnectProxy, type ProxyOptions, startConnectProxy } from "../support/http/connect-proxy.ts";
import { lineOf, pushRequestOf } from "../support/push-inputs.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ tls: testCertificate, clock: { ...systemClock, set() {} } });
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => {
  vi.unstubAllEnvs();
});

const target = () => new URL(server.url).host;
const ca = testCertificate.cert;

/** Starts a proxy and names it in the environment, with a user and a password if given. */
async function useProxy(options: ProxyOptions = {}, user?: string): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  vi.stubEnv("HTTPS_PROXY", user === undefined ? proxy.url : proxy.url.replace("://", `://${user}@`));
  return proxy;
}

type Protocol = (typeof protocols)[number];

function pushOver(protocol: Protocol, certificates = ca) {
  const options = { endpoint: server.url, protocol, timeoutMs: 30_000, ca: certificates };
  const sender = createSender({ ...options, tokens: fixedToken(server.token) });
  onTestFinished(() => sender.close());
  return sender.send(pushRequestOf(lineOf(freshKey()), protocol));
}

async function callOver(protocol: Protocol, certificates = ca): Promise<string> {
  const options = {
    endpoint: server.url,
    protocol,
    token: server.token,
    ca: certificates,
    retry: false,
  } as const;
  const client = createPlanSharingClient(options);
  return (await client.createPlanGroup({ parent, planGroupId: freshKey() })).name;
}

const errorOver = (protocol: Protocol, certificates = ca) =>
  callOver(protocol, certificates).then(
    () => expect.fail("the call succeeded"),
    (error: unknown) => readError(error),
  );

const page = (status: string, body = "", type = "text/plain") =>
  `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe.each(protocols)("over %s", (protocol) => {
  it("a push goes through the proxy that the environment names", async () => {
    const proxy = await useProxy();
    expect(await pushOver(protocol)).toEqual({ kind: "pushed" });
    expect(proxy.asked).toEqual([target()]);
  });

  it("a call of the client goes through the proxy, one connection for many calls", async () => {
    const proxy = await useProxy();
    const options = { endpoint: server.url, protocol, token: server.token, ca } as const;
    const client = createPlanSharingClient(options);
    for (let count = 0; count < 3; count++) {
      await client.createPlanGroup({ parent, planGroupId: freshKey() });
    }
    expect(proxy.asked).toEqual([target()]);
  });

  it.each([
    ["http", {}],
    ["https", { tls: testCertificate }],
  ])("passes the user and the password to an %s proxy that requires them", async (_, options) => {
    const proxy = await useProxy({ credentials: "me:p@ss", ...options }, "me:p%40ss");
    expect(await pushOver(protocol)).toEqual({ kind: "pushed" });
    expect(await callOver(protocol)).toMatch(/^operators\/65001\/planGroups\//);
    expect(proxy.asked).toEqual([target(), target()]);
  });

  it("says what to set if the proxy requires a user and a password, once, without a retry", async () => {
    const proxy = await useProxy({ credentials: "me:secret" });
    const message =
      `the proxy ${proxy.name} requires a user and a password: ` +
      `set them in HTTPS_PROXY, as http://USER:PASSWORD@${proxy.name}`;
    expect(await pushOver(protocol)).toMatchObject({ kind: "unusable", code: "UNAVAILABLE", message });
    const client = createPlanSharingClient({ endpoint: server.url, protocol, token: "t", ca });
    const error = await client.createPlanGroup({ parent, planGroupId: "k" }).catch(readError);
    expect(error).toMatchObject({ code: Code.Unavailable, message: expect.stringContaining(message) });
    expect(proxy.asked.length).toBe(2);
  });

  it("does not show the password that a proxy rejects", async () => {
    const proxy = await useProxy({ credentials: "me:secret" }, "me:wrong");
    const message = `the proxy ${proxy.name} rejected the user and the password in HTTPS_PROXY`;
    expect(await pushOver(protocol)).toMatchObject({ kind: "unusable", message });
    expect((await errorOver(protocol)).message).toContain(message);
  });

  it("does not show credentials that a proxy sends back", async () => {
    const encoded = Buffer.from("me:hunter2secret").toString("base64");
    const proxy = await useProxy(
      { answer: page(`403 No ${encoded}`, `got Basic ${encoded} for hunter2secret`) },
      "me:hunter2secret",
    );
    const message = `the proxy ${proxy.name} answered 403 No *** for ${target()} "got Basic *** for ***"`;
    expect(await pushOver(protocol)).toMatchObject({ message: expect.stringContaining(message) });
    expect((await errorOver(protocol)).message).toContain(message);
  });

  it("quotes the beginning of what a proxy answers instead of a tunnel", async () => {
    const proxy = await useProxy({ answer: page("403 Forbidden", "blocked by \u001b[31mpolicy 7") });
    const message =
      `the proxy ${proxy.name} answered 403 Forbidden for ${target()} "blocked by \\u001b[31mpolicy 7"; ` +
      "allow this host there, or name it in NO_PROXY if it can be reached directly";
    expect(await pushOver(protocol)).toMatchObject({ kind: "unusable", message });
    expect((await errorOver(protocol)).message).toContain(message);
  });

  it("retries a call when the proxy does not reach the host", async () => {
    const html = "<html><head><title>ERROR: no route</title><style>x</style></head></html>";
    const proxy = await useProxy({ answer: page("503 Service Unavailable", html, "text/html") });
    const client = createPlanSharingClient({
      ...{ endpoint: server.url, protocol, token: "t", ca },
      retry: { maxAttempts: 3 },
      pacing: { random: () => 0 },
    });
    const error = await client.createPlanGroup({ parent, planGroupId: "k" }).catch(readError);
    const message = `the proxy ${proxy.name} answered 503 Service Unavailable for ${target()} "ERROR: no route"`;
    expect(error).toMatchObject({ code: Code.Unavailable, message: expect.stringContaining(message) });
    expect(proxy.asked.length).toBe(3);
    expect(await pushOver(protocol)).toMatchObject({ kind: "retry", message });
  });

  it.each([
    ["does not listen", "http://127.0.0.1:1", "the proxy 127.0.0.1:1 cannot be used: connect ECONNREFUSED"],
    [
      "has a name that does not exist",
      "http://proxy.invalid",
      "the proxy proxy.invalid:80 cannot be used: getaddrinfo",
    ],
  ])("names a proxy that %s", async (_, url, message) => {
    vi.stubEnv("HTTPS_PROXY", url);
    expect(await pushOver(protocol)).toMatchObject({ message: expect.stringContaining(message) });
    const error = await errorOver(protocol);
    expect(error).toMatchObject({ code: Code.Unavailable, message: expect.stringContaining(message) });
  });

  it("names a proxy that closes the connection", async () => {
    const proxy = await useProxy({ answer: "" });
    const message = expect.stringContaining(`the proxy ${proxy.name} cannot be used: socket hang up`);
    expect(await pushOver(protocol)).toMatchObject({ kind: "retry", message });
    expect(await errorOver(protocol)).toMatchObject({ code: Code.Unavailable, message });
  });

  it("names the proxy when the certificate is not trusted, which may be its own", async () => {
    const proxy = await useProxy();
    const message = expect.stringContaining(
      `through the proxy ${proxy.name}: self-signed certificate; to trust it, pass the certificate as ca (--ca FILE)`,
    );
    expect(await pushOver(protocol, renewedCertificate.cert)).toMatchObject({ kind: "unusable", message });
    expect((await errorOver(protocol, renewedCertificate.cert)).message).toEqual(message);
  });

  it("asks no proxy for a host in NO_PROXY", async () => {
    const proxy = await useProxy();
    vi.stubEnv("NO_PROXY", new URL(server.url).hostname);
    expect(await pushOver(protocol)).toEqual({ kind: "pushed" });
    await callOver(protocol);
    expect(proxy.asked).toEqual([]);
  });

  it("throws TypeError for a variable that names no proxy", async () => {
    vi.stubEnv("HTTPS_PROXY", "socks5://127.0.0.1:1");
    expect(() => pushOver(protocol)).toThrow(TypeError);
    await expect(callOver(protocol)).rejects.toThrow("HTTPS_PROXY: socks5://127.0.0.1:1 is not supported");
  });
});

describe("googleCredentials", () => {
  it("requests its token through the proxy, with the certificates to trust", async () => {
    const key = await makeAccount(server);
    const proxy = await useProxy({ credentials: "me:secret" }, "me:secret");
    expect(await googleCredentials(key, { ca })()).toMatch(/^[\w-]+\./);
    expect(proxy.asked).toEqual([target()]);
  });

  it("names the proxy that refuses", async () => {
    const key = await makeAccount(server);
    const proxy = await useProxy({ credentials: "me:secret" });
    await expect(googleCredentials(key, { ca })()).rejects.toThrow(
      `${target()}: the proxy ${proxy.name} requires a user and a password`,
    );
  });

  it("asks no proxy for a host in NO_PROXY", async () => {
    const key = await makeAccount(server);
    const proxy = await useProxy();
    vi.stubEnv("NO_PROXY", "*");
    expect(await googleCredentials(key, { ca })()).toMatch(/^[\w-]+\./);
    expect(proxy.asked).toEqual([]);
  });

  it("rejects with TypeError for a variable that names no proxy", async () => {
    const key = await makeAccount(server);
    vi.stubEnv("HTTPS_PROXY", "http://me:secret@");
    await expect(googleCredentials(key, { ca })()).rejects.toThrow(TypeError);
    expect(() => proxyFor(new URL(server.url))).toThrow("HTTPS_PROXY: must be the URL of a proxy");
  });
});
