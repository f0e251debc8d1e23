import { X509Certificate } from "node:crypto";
import { type AddressInfo, connect, createServer } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { renewedCertificate, testCertificate } from "../../support/certificates/certificate.ts";
import { openSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";

const get = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const serialOf = ({ cert }: { cert: string }) => new X509Certificate(cert).serialNumber;

function shakeHands(port: number, session?: Buffer): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const ca = [testCertificate.cert, renewedCertificate.cert];
    const socket = connectTls({ port, host: "127.0.0.1", ca, session }, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** The serial number of the certificate that a new connection sees. */
async function serialOfPort({ port }: TestListener): Promise<string> {
  const socket = await shakeHands(port);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe("another certificate", () => {
  it("a reloaded certificate applies to new and resumed connections, and open ones go on", async () => {
    await using listener = await startTestListener({}, { tls: testCertificate });
    const socket = await shakeHands(listener.port);
    const session = new Promise<Buffer>((resolve) => socket.once("session", resolve));
    const old = rawSocket(socket);
    old.write(get);
    await old.received(/^HTTP\/1\.1 200 /);
    listener.reloadTls(renewedCertificate);
    expect(await serialOfPort(listener)).toBe(serialOf(renewedCertificate));
    const resumed = await shakeHands(listener.port, await session);
    expect(resumed.isSessionReused()).toBe(false);
    resumed.destroy();
    old.write(get);
    await old.received(/(HTTP\/1\.1 200 [\s\S]*){2}/);
    old.destroy();
  });

  const { cert, key } = testCertificate;
  it.each([
    ["the private key does not belong to the certificate", { cert: renewedCertificate.cert, key }],
    ["the certificate is not valid PEM: ", { cert: "garbage", key }],
    ["the certificate is not valid PEM: ", { cert: "", key }],
    ["the certificate is not valid PEM: ", { cert: cert.replaceAll("A", "B"), key }],
    ["the certificate is not valid PEM: ", { cert: key, key: cert }],
    ["the private key is not valid PEM: ", { cert, key: "" }],
    ["the private key is not valid PEM: ", { cert, key: cert }],
  ])("an unusable certificate is an error, and the current one stays in use: %s", async (words, pair) => {
    await using listener = await startTestListener({}, { tls: testCertificate });
    expect(() => listener.reloadTls(pair)).toThrow(words);
    expect(await serialOfPort(listener)).toBe(serialOf(testCertificate));
    await expect(startTestListener({}, { tls: pair })).rejects.toThrow(words);
  });

  it("a port without TLS cannot be given a certificate", async () => {
    await using listener = await startTestListener();
    expect(() => listener.reloadTls(testCertificate)).toThrow("opened without TLS");
  });
});

/** Shakes hands and cuts the connection when the client has sent so many bytes of it. Resolves with their number. */
async function cutHandshake(port: number, after: number, how: "end" | "destroy"): Promise<number> {
  let sent = 0;
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    server.on("error", () => {}).on("close", () => client.destroy());
    client.on("error", () => {}).on("close", () => server.destroy());
    server.on("data", (chunk) => client.write(chunk));
    const cut = () => {
      server[how]();
      client.destroy();
    };
    client.on("data", (chunk) => {
      const bytes = chunk.subarray(0, after - sent);
      sent += bytes.length;
      server.write(bytes, () => sent === after && cut());
    });
    if (after === 0) {
      server.once("connect", cut);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port: own } = proxy.address() as AddressInfo;
  const socket = connectTls({ port: own, host: "127.0.0.1", ca: testCertificate.cert });
  socket.on("secureConnect", () => setImmediate(() => socket.destroy()));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
  proxy.close();
  return sent;
}

describe("a TLS handshake that fails", () => {
  it("a TLS handshake leaves nothing open, wherever it ends", async () => {
    await using listener = await startTestListener({}, { tls: testCertificate });
    const whole = await cutHandshake(listener.port, Number.POSITIVE_INFINITY, "end");
    const lengths = Array.from({ length: 40 }, (_, index) => Math.floor((index * whole) / 40));
    for (const [index, length] of [0, 1, 2, 3, 4, 5, 6, ...lengths].entries()) {
      await cutHandshake(listener.port, length, index % 2 === 0 ? "end" : "destroy");
    }
    await listener.hasConnections(0);
    expect(await serialOfPort(listener)).toBe(serialOf(testCertificate));
  });

  it.each([
    ["plain HTTP", Buffer.from(get)],
    ["HTTP/2 in cleartext", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
    ["zeros", Buffer.alloc(100)],
    ["a record of another kind", Buffer.from([23, 3, 3, 0, 4, 1, 2, 3, 4])],
    ["a ClientHello of nonsense", Buffer.from([22, 3, 1, 0, 8, 1, 0, 0, 4, 255, 255, 255, 255])],
    ["a version that is gone", Buffer.from([22, 3, 0, 0, 4, 1, 0, 0, 0])],
  ])("a failed TLS handshake is counted and closed without an HTTP response: %s", async (_, bytes) => {
    await using listener = await startTestListener({}, { tls: testCertificate });
    const socket = await openSocket(listener.port);
    socket.write(bytes);
    expect(await socket.closed()).not.toContain("HTTP/1.1");
    expect(listener.rejected).toEqual(["tls"]);
    await listener.hasConnections(0);
  });
});
