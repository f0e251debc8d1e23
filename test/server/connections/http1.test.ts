import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import type { HttpHandler } from "../../../src/server/http-handler.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { openSocket, type RawSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { echo, startTestListener } from "../../support/test-listener.ts";

const get = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
/** Longer than a test may take. */
const longMs = 60_000;
/** Longer than a TLS handshake takes on a busy machine: one that is late gets no answer. */
const headerTimeoutMs = 1_000;
const patient = { headerTimeoutMs: longMs, bodyTimeoutMs: longMs, idleTimeoutMs: longMs };

async function shakeHands(port: number): Promise<RawSocket> {
  const options = { port, host: "127.0.0.1", ca: testCertificate.cert, ALPNProtocols: ["http/1.1"] };
  const socket = connect(options);
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  return rawSocket(socket);
}

const getLarge = get.replace("/", "/large");
const post = (length: number, field = "") =>
  `POST / HTTP/1.1\r\nhost: localhost\r\n${field}content-length: ${length}\r\n\r\n${"y".repeat(length)}`;
const chunked = (field: string, trailer = "") =>
  `POST / HTTP/1.1\r\nhost: localhost\r\n${field}transfer-encoding: chunked\r\n\r\n5\r\nyyyyy\r\n0\r\n${trailer}\r\n`;
const lastPost = (length: number) => post(length, "connection: close\r\n");
/** Requests that take more than one TLS record when written at once, and how many they are. */
const longRequests: [string, string, number][] = [
  ["a long request", lastPost(40_000), 1],
  ["several long requests", post(40_000) + lastPost(40_000), 2],
  ["many short requests", get.repeat(1_000) + lastPost(2), 1_001],
];
/** More than the buffers of two sockets hold. */
const large = Buffer.alloc(16 * 1024 * 1024, "x");
const answersIn = (text: string) => text.split("HTTP/1.1 200 ").length - 1;

const upgrade = (protocol: string) => `connection: Upgrade, HTTP2-Settings\r\nupgrade: ${protocol}\r\n`;
/** Requests that offer another protocol. HttpClient of Java offers h2c with each, Apache HttpClient TLS. */
const upgrades: [string, string][] = [
  ["GET", get.replace("\r\n\r\n", `\r\n${upgrade("h2c")}\r\n`)],
  ["POST without a body", post(0, upgrade("h2c"))],
  ["POST", post(5, upgrade("h2c"))],
  ["chunked POST", chunked(upgrade("h2c"))],
  ["POST that offers TLS", post(5, upgrade("TLS/1.2"))],
  ["POST that offers WebSocket", post(5, upgrade("websocket"))],
  ["POST that offers nothing", post(5, upgrade(""))],
];

// Each limit is Node's own, and some versions of Node apply it on one kind of port only.
describe.each([
  ["cleartext", undefined, openSocket],
  ["TLS", testCertificate, shakeHands],
])("HTTP/1.1 over %s", (over, tls, open) => {
  it.each([
    ["the first header", ""],
    ["a header after another request", get],
  ])(`%s that trickles in is answered with 408 over ${over}`, async (_, before) => {
    await using listener = await startTestListener({ ...patient, headerTimeoutMs }, { tls });
    const socket = await open(listener.port);
    socket.write(before);
    await socket.received(before === "" ? /^/ : /^HTTP\/1\.1 200 /);
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ");
    const trickle = setInterval(() => socket.write("a"), 5);
    const said = await socket.closed();
    clearInterval(trickle);
    expect(said).toMatch(/HTTP\/1\.1 408 [^\r]*\r\nConnection: close\r\n/);
    expect(listener.rejected).toEqual(["header_timeout"]);
  });

  it(`a connection that never sends a request is closed over ${over}`, async () => {
    await using listener = await startTestListener({ ...patient, headerTimeoutMs }, { tls });
    const socket = await open(listener.port);
    await socket.closed();
    expect(listener.rejected).toEqual(["header_timeout"]);
  });

  it(`an idle connection is closed after its last response over ${over}`, async () => {
    await using listener = await startTestListener({ ...patient, idleTimeoutMs: 60 }, { tls });
    const socket = await open(listener.port);
    socket.write(get);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 200 /);
    expect(listener.rejected).toEqual([]);
  });

  it(`a header larger than the limit is answered with 431 over ${over}`, async () => {
    await using listener = await startTestListener({ maxHeaderBytes: 4_096 }, { tls });
    const socket = await open(listener.port);
    socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${"a".repeat(5_000)}\r\n\r\n`);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 431 /);
    expect(listener.rejected).toEqual(["header_size"]);
  });

  it(`a request without Host is answered with 400 over ${over}`, async () => {
    await using listener = await startTestListener({}, { tls });
    const socket = await open(listener.port);
    socket.write("GET / HTTP/1.1\r\n\r\n");
    expect(await socket.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  // Node's parser drops what arrives in one packet with the end of such a request.
  it.each(upgrades)(
    `%s with Upgrade is answered, and then its connection is closed, over ${over}`,
    async (_, request) => {
      await using listener = await startTestListener(patient, { tls });
      const alone = await open(listener.port);
      alone.write(request);
      expect(await alone.closed()).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n/);
      const between = await open(listener.port);
      between.write(get + request + get);
      const said = await between.closed();
      expect(answersIn(said)).toBe(2);
      expect(said.split("Connection: close")).toHaveLength(2);
      expect(listener.rejected).toEqual([]);
    },
  );

  it(`a request with Upgrade that is answered early is the last of its connection over ${over}`, async () => {
    const onRequest: HttpHandler = (_, response) => response.end("early");
    await using listener = await startTestListener(patient, { tls, onRequest });
    const socket = await open(listener.port);
    const request = post(5, upgrade("h2c"));
    socket.write(request.slice(0, -5));
    expect(await socket.received(/early$/)).toContain("\r\nConnection: close\r\n");
    // With the rest of the body: a header that would be lost, and never answered.
    socket.write(request.slice(-5) + request);
    expect(answersIn(await socket.closed())).toBe(1);
    expect(listener.rejected).toEqual([]);
  });

  it(`Upgrade in a trailer means nothing over ${over}`, async () => {
    await using listener = await startTestListener(patient, { tls });
    const socket = await open(listener.port);
    socket.write(chunked("", upgrade("h2c")).repeat(2) + lastPost(2));
    expect(answersIn(await socket.closed())).toBe(3);
  });

  describe.each(longRequests)("%s", (name, requests, count) => {
    it(`${name} may arrive while an answer is still being written over ${over}`, async () => {
      const written = Promise.withResolvers<void>();
      const arrived = Promise.withResolvers<void>();
      const onRequest: HttpHandler = (request, response) => {
        if (request.url === "/large") {
          response.end(large);
          written.resolve();
        } else {
          echo(request, response);
          arrived.resolve();
        }
      };
      await using listener = await startTestListener(patient, { tls, onRequest });
      const { socket, ...client } = await open(listener.port);
      socket.pause();
      client.write(getLarge);
      await written.promise;
      client.write(requests);
      await arrived.promise;
      socket.resume();
      const said = await client.closed();
      expect(answersIn(said)).toBe(1 + count);
      expect(said.slice(-2)).toBe("yy");
      expect(listener.rejected).toEqual([]);
    });

    it(`${name} may arrive while answers wait for the one before over ${over}`, async () => {
      const arrived = Promise.withResolvers<void>();
      const onRequest: HttpHandler = async (request, response) => {
        if (request.url === "/slow") {
          await arrived.promise;
          response.end();
        } else if (request.url === "/large") {
          response.end(large);
        } else {
          echo(request, response);
          arrived.resolve();
        }
      };
      await using listener = await startTestListener(patient, { tls, onRequest });
      const client = await open(listener.port);
      client.write(getLarge.replace("large", "slow") + getLarge + requests);
      const said = await client.closed();
      expect(answersIn(said)).toBe(2 + count);
      expect(said.slice(-2)).toBe("yy");
      expect(listener.rejected).toEqual([]);
    });
  });
});
