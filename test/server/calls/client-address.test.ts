import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, isIP, type Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClientAddress, createProxyCheck } from "../../../src/server/calls/client-address.ts";
import type { HttpRequest } from "../../../src/server/http-handler.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { rawSocket } from "../../support/http/raw-socket.ts";
import { createLogLines, type LogLines } from "../../support/log-lines.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

type Fields = readonly (readonly [name: string, value: string])[];

let log: LogLines;
let server: TestServer;
let requests = 0;
beforeAll(async () => {
  log = createLogLines();
  server = await startTestServer({
    log: { level: "debug", destination: log },
    trustedProxies: ["127.0.0.1", "10.0.0.0/8", "2001:db8:ffff::/48"],
  });
});
afterAll(() => server[Symbol.asyncDispose]());

async function overHttp1(fields: Fields, localAddress = "127.0.0.1"): Promise<string> {
  const id = `h1-${++requests}`;
  const socket: Socket = connect({ port: server.port, host: "127.0.0.1", localAddress });
  await once(socket, "connect");
  const lines = [["host", "localhost"], ["x-request-id", id], ...fields].map((pair) => pair.join(": "));
  const raw = rawSocket(socket);
  raw.write(`GET /none HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  await raw.received(/HTTP\/1\.1 404/);
  raw.destroy();
  return id;
}

async function overHttp2(fields: Fields, localAddress = "127.0.0.1"): Promise<string> {
  const id = `h2-${++requests}`;
  const session = connectHttp2(server.url, {
    createConnection: () => connect({ port: server.port, host: "127.0.0.1", localAddress }),
  });
  const headers: Record<string, string | string[]> = { ":path": "/none", "x-request-id": id };
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    headers[lower] = [...(headers[lower] ?? []), value];
  }
  const stream = session.request(headers);
  await once(stream, "response");
  session.destroy();
  return id;
}

const peerOf = async (id: string) => (await log.request(id)).peer;

const xff = "X-Forwarded-For";
const forwarded = "Forwarded";

describe.each([
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
])("the client address over %s", (_, send) => {
  it.each<[string, Fields, string]>([
    ["the peer without a header", [], "127.0.0.1"],
    ["the address that a trusted proxy reports", [[xff, "203.0.113.9"]], "203.0.113.9"],
    ["the nearest untrusted address", [[xff, "198.51.100.7, 203.0.113.9"]], "203.0.113.9"],
    ["an address before further trusted proxies", [[xff, "6.6.6.6, 203.0.113.9, 10.0.0.5"]], "203.0.113.9"],
    ["the first of only trusted proxies", [[xff, "10.0.0.7,10.0.0.6"]], "10.0.0.7"],
    [
      "the last of several lines",
      [
        [xff, "6.6.6.6"],
        [xff, "203.0.113.9"],
      ],
      "203.0.113.9",
    ],
    ["an address with a port", [[xff, "203.0.113.9:4711"]], "203.0.113.9"],
    ["an IPv6 address", [[xff, "2001:DB8::9"]], "2001:db8::9"],
    ["an IPv6 address with brackets and a port", [[xff, "[2001:db8::9]:443"]], "2001:db8::9"],
    ["an IPv4-mapped address as IPv4", [[xff, "::FFFF:203.0.113.9"]], "203.0.113.9"],
    ["an address before a mapped trusted proxy", [[xff, "203.0.113.9, ::ffff:a00:5"]], "203.0.113.9"],
    ["an IPv6 address before an IPv6 proxy", [[xff, "2001:db8::9, 2001:db8:ffff::1"]], "2001:db8::9"],
    ["an address without its zone", [[xff, "fe80::9%eth0"]], "fe80::9"],
    ["an address among empty elements", [[xff, ",, 203.0.113.9 ,,"]], "203.0.113.9"],
    ["the peer for an empty header", [[xff, ""]], "127.0.0.1"],
    ["the peer for unknown", [[xff, "unknown"]], "127.0.0.1"],
    ["the peer for a name", [[xff, "evil.example"]], "127.0.0.1"],
    ["the peer for text that would forge a log line", [[xff, '1.2.3.4","level":"error']], "127.0.0.1"],
    ["the peer for an address in octal", [[xff, "0177.0.0.1"]], "127.0.0.1"],
    ["the last known proxy before a malformed hop", [[xff, "6.6.6.6, x, 10.0.0.5"]], "10.0.0.5"],
    ["the peer for 10,000 characters without a comma", [[xff, "1".repeat(10_000)]], "127.0.0.1"],
    ["the nearest of thousands of addresses", [[xff, `${"6.6.6.6,".repeat(1_500)}9.9.9.9`]], "9.9.9.9"],
    ["Forwarded", [[forwarded, "for=203.0.113.9"]], "203.0.113.9"],
    [
      "the nearest untrusted address of Forwarded",
      [[forwarded, "for=6.6.6.6, For=203.0.113.9;proto=https;by=10.0.0.1, for=10.0.0.5"]],
      "203.0.113.9",
    ],
    [
      "several lines of Forwarded",
      [
        [forwarded, "for=6.6.6.6"],
        [forwarded, "for=9.9.9.9"],
      ],
      "9.9.9.9",
    ],
    ["quoted IPv6 with a port", [[forwarded, 'for="[2001:db8:cafe::17]:4711"']], "2001:db8:cafe::17"],
    ["a quoted IPv4 with an obfuscated port", [[forwarded, 'for="203.0.113.9:_p"']], "203.0.113.9"],
    ["an address after a quoted comma", [[forwarded, 'for=6.6.6.6;x="a, b", for=9.9.9.9']], "9.9.9.9"],
    ["an address after a quote left open", [[forwarded, 'for="6.6.6.6, for=9.9.9.9']], "9.9.9.9"],
    ["the peer for an obfuscated node", [[forwarded, "for=_hidden"]], "127.0.0.1"],
    ["the peer for an unknown node", [[forwarded, "for=unknown"]], "127.0.0.1"],
    ["the peer without for", [[forwarded, "proto=https;host=x"]], "127.0.0.1"],
    ["the peer for two for in one element", [[forwarded, "for=6.6.6.6;for=9.9.9.9"]], "127.0.0.1"],
    ["the peer for IPv6 without brackets", [[forwarded, 'for="2001:db8::1"']], "127.0.0.1"],
    ["the peer for IPv4 in brackets", [[forwarded, 'for="[9.9.9.9]"']], "127.0.0.1"],
    [
      "an address in both headers",
      [
        [xff, "9.9.9.9"],
        [forwarded, "for=9.9.9.9"],
      ],
      "9.9.9.9",
    ],
    [
      "the peer if both headers differ",
      [
        [xff, "9.9.9.9"],
        [forwarded, "for=6.6.6.6"],
      ],
      "127.0.0.1",
    ],
    [
      "the last proxy in which both headers agree",
      [
        [xff, "9.9.9.9, 10.0.0.5"],
        [forwarded, "for=6.6.6.6, for=10.0.0.5"],
      ],
      "10.0.0.5",
    ],
  ])("is %s", async (_name, fields, expected) => {
    expect(await peerOf(await send(fields))).toBe(expected);
  });

  it("is the peer if that is not a trusted proxy, whatever it sends", async () => {
    const spoofed: Fields = [
      [xff, "203.0.113.9"],
      [forwarded, "for=203.0.113.9"],
      ["X-Real-IP", "203.0.113.9"],
    ];
    expect(await peerOf(await send(spoofed, "127.0.0.2"))).toBe("127.0.0.2");
  });
});

it.each(["::1", "127.0.0.1"])(
  "the client address on a port for IPv6 and IPv4 is %s without a prefix",
  async (host) => {
    const own = createLogLines();
    await using both = await startTestServer({
      host: "::",
      allowCleartext: true,
      log: { level: "debug", destination: own },
      trustedProxies: [host],
    });
    const url = `http://${host.includes(":") ? `[${host}]` : host}:${both.port}/none`;
    await (await fetch(url, { headers: { "x-request-id": "plain" } })).arrayBuffer();
    expect((await own.request("plain")).peer).toBe(host);
    const headers = { "x-forwarded-for": "203.0.113.9", "x-request-id": "proxied" };
    await (await fetch(url, { headers })).arrayBuffer();
    expect((await own.request("proxied")).peer).toBe("203.0.113.9");
  },
);

it("the client address is known over HTTP/2 with TLS, on each stream", async () => {
  const own = createLogLines();
  await using secure = await startTestServer({
    tls: testCertificate,
    log: { level: "debug", destination: own },
    trustedProxies: ["127.0.0.1"],
  });
  const session = connectHttp2(secure.url, { ca: testCertificate.cert });
  for (const address of ["203.0.113.1", "203.0.113.2"]) {
    const headers = { ":path": "/none", "x-forwarded-for": address, "x-request-id": address };
    await once(session.request(headers), "response");
    expect((await own.request(address)).peer).toBe(address);
  }
  session.destroy();
});

it("the client address is the peer if no proxy is trusted", async () => {
  const own = createLogLines();
  await using direct = await startTestServer({ log: { level: "debug", destination: own } });
  const headers = {
    "x-forwarded-for": "203.0.113.9",
    forwarded: "for=203.0.113.9",
    "x-request-id": "direct",
  };
  await (await fetch(`${direct.url}/none`, { headers })).arrayBuffer();
  expect((await own.request("direct")).peer).toBe("127.0.0.1");
});

describe("the client address behind a trusted proxy", () => {
  const clientAddress = createClientAddress(createProxyCheck(["10.0.0.0/8"]));
  const from = (headers: Record<string, string>) =>
    clientAddress({ socket: { remoteAddress: "::ffff:10.0.0.1" }, headers } as unknown as HttpRequest);
  const written = fc.string({ unit: fc.constantFrom(...'",;=\\[]:. %0169af', "for=", "10.0.0.2", "::1") });

  it("is what the proxy appended, whatever the client wrote before", () => {
    fc.assert(
      fc.property(written, (text) => {
        expect(from({ "x-forwarded-for": `${text}, 203.0.113.9` })).toBe("203.0.113.9");
        expect(from({ forwarded: `${text}, for=203.0.113.9;proto=https` })).toBe("203.0.113.9");
        expect(from({ forwarded: `${text}, for="[2001:db8::9]:1"` })).toBe("2001:db8::9");
      }),
    );
  });

  it("is an IP address, whatever the headers contain", () => {
    fc.assert(
      fc.property(written, written, (text, other) => {
        expect(isIP(from({ "x-forwarded-for": text }) ?? "")).not.toBe(0);
        expect(isIP(from({ "x-forwarded-for": text, forwarded: other }) ?? "")).not.toBe(0);
        expect(isIP(from({ forwarded: other }) ?? "")).not.toBe(0);
      }),
    );
  });

  it("is found in at most 32 hops", () => {
    const hops = (count: number) => ({ "x-forwarded-for": `203.0.113.9${", 10.0.0.2".repeat(count)}` });
    expect(from(hops(31))).toBe("203.0.113.9");
    expect(from(hops(32))).toBe("10.0.0.2");
    expect(from(hops(1_000_000))).toBe("10.0.0.2");
  });
});

it("a trusted proxy that is not an address is rejected at the start", async () => {
  await expect(startTestServer({ trustedProxies: ["proxy.example.com"] })).rejects.toThrow(
    "trustedProxies: proxy.example.com must be an IP address or a network, such as 10.0.0.0/8",
  );
});
