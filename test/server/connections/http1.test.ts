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
