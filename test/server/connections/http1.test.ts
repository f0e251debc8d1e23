import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { openSocket, type RawSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { startTestListener } from "../../support/test-listener.ts";

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
});
