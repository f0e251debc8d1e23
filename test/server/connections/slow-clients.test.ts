import type { Writable } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { defaultLimits } from "../../../src/server/limits/server-limits.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import {
  encodeFrame,
  encodeRequest,
  frameFlags,
  frameTypes,
  goawayCode,
  http2Preface,
  openFrameClient,
  resetCode,
  speakFrames,
} from "../../support/http/http2-frames.ts";
import { openSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { startTestListener } from "../../support/test-listener.ts";
import { startTestServer } from "../../support/test-server.ts";

const { headers, data, settings, ping, rstStream } = frameTypes;
const { endStream, endHeaders } = frameFlags;
const noError = 0;
const cancel = 8;
const enhanceYourCalm = 11;

/** Sends a byte every few milliseconds for as long as the connection takes them. */
async function trickle(write: (bytes: Uint8Array) => unknown, bytes: Uint8Array, ended: Promise<unknown>) {
  let over = false;
  const end = ended.then(() => {
    over = true;
  });
  for (let at = 0; at < bytes.length && !over; at += 1) {
    write(bytes.subarray(at, at + 1));
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
  expect(over).toBe(true);
}

function shakeHands(port: number, ALPNProtocols: string[]): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", ca: testCertificate.cert, ALPNProtocols };
    const socket = connectTls(options, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Longer than a test may take. */
const longMs = 60_000;

describe("a header that trickles in", () => {
  const limits = { headerTimeoutMs: 60, bodyTimeoutMs: longMs, idleTimeoutMs: longMs };

  it.each([
    ["a connection that sends nothing", Buffer.alloc(0)],
    ["the beginning of HTTP/2 up to its last byte", http2Preface.subarray(0, -1)],
  ])("a late header ends the connection: %s", async (_, bytes) => {
    await using listener = await startTestListener({ ...limits, headerTimeoutMs: 40 });
    const socket = await openSocket(listener.port);
    socket.write(bytes.subarray(0, -1));
    const timer = setTimeout(() => socket.write(bytes.subarray(-1)), 20);
    expect(await socket.closed()).toBe("");
    clearTimeout(timer);
    expect(listener.rejected).toEqual(["header_timeout"]);
  });

  it("a late header ends the connection: HTTP/2 without SETTINGS", async () => {
    await using listener = await startTestListener(limits);
    const socket = await openSocket(listener.port);
    socket.write(http2Preface);
    await trickle(
      (byte) => socket.write(byte),
      encodeFrame({ type: settings, payload: Buffer.alloc(180) }),
      socket.closed(),
    );
    expect(listener.rejected).toEqual(["header_timeout"]);
  });

  it.each([
    ["one frame", encodeFrame({ type: headers, flags: endHeaders, stream: 1, length: 16_000 })],
    [
      "CONTINUATION frames that do not arrive",
      encodeFrame({ type: headers, stream: 1, payload: encodeRequest() }),
    ],
  ])("a late header ends an HTTP/2 connection: %s", async (_, begin) => {
    await using listener = await startTestListener(limits);
    using client = await openFrameClient(listener.port);
    client.send(begin);
    expect(goawayCode(await client.closed())).toBe(enhanceYourCalm);
    expect(listener.rejected).toEqual(["header_timeout"]);
  });

  it("a header that was rejected as too large does not count as late", async () => {
    await using listener = await startTestListener({ ...limits, maxHeaderBytes: 1_000 });
    using client = await openFrameClient(listener.port);
    client.send({ type: settings, flags: frameFlags.ack });
    const long = Array.from({ length: 20 }, (_, index) => [`x-${index}`, "a".repeat(100)]);
    client.send({
      type: headers,
      flags: endHeaders | endStream,
      stream: 1,
      payload: encodeRequest(Object.fromEntries(long)),
    });
    await client.received(({ type, stream }) => type === rstStream && stream === 1);
    // The server asks, and a client that is in no header answers.
    const asked = await client.received(({ type, flags }) => type === ping && flags === 0);
    client.send({ type: ping, flags: frameFlags.ack, payload: asked.payload });
    await new Promise((resolve) => setTimeout(resolve, 3 * limits.headerTimeoutMs));
    client.send({ type: headers, flags: endHeaders | endStream, stream: 3, payload: encodeRequest() });
    await client.received(({ type, stream }) => type === headers && stream === 3);
    expect(listener.rejected).toEqual([]);
  });

  it("a TLS handshake that trickles in ends the connection", async () => {
    await using listener = await startTestListener(limits, { tls: testCertificate });
    const socket = await openSocket(listener.port);
    // A handshake record of the length that a ClientHello may have.
    const hello = Buffer.concat([
      Buffer.from([22, 3, 1, 0x10, 0, 1, 0, 0x0f, 0xfc, 3, 3]),
      Buffer.alloc(4_085),
    ]);
    await trickle((byte) => socket.write(byte), hello, socket.closed());
    expect(listener.rejected).toEqual(["header_timeout"]);
    await listener.hasConnections(0);
  });
});

describe("a body that trickles in", () => {
  const limits = { headerTimeoutMs: longMs, bodyTimeoutMs: 60, idleTimeoutMs: longMs };
  const head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4000\r\n\r\n";

  it.each([
    ["cleartext", undefined],
    ["TLS", testCertificate],
  ])("a body that trickles in is answered with 408 over HTTP/1.1 and %s", async (_, tls) => {
    await using listener = await startTestListener(limits, { tls });
    const socket = tls
      ? rawSocket(await shakeHands(listener.port, ["http/1.1"]))
      : await openSocket(listener.port);
    socket.write(head);
    await trickle((byte) => socket.write(byte), Buffer.alloc(4_000, "a"), socket.closed());
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 408 [^\r]*\r\nConnection: close\r\n/);
    expect(listener.rejected).toEqual(["body_timeout"]);
  });

  it("a body that trickles in after the response has begun ends the HTTP/1.1 connection without another response", async () => {
    await using listener = await startTestListener(limits, {
      onRequest: (_, response) => {
        (response as Writable).write("begun");
      },
    });
    const socket = await openSocket(listener.port);
    socket.write(head);
    await trickle((byte) => socket.write(byte), Buffer.alloc(4_000, "a"), socket.closed());
    const answer = await socket.closed();
    expect(answer).toContain("begun");
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it.each([
    ["cleartext", undefined],
    ["TLS", testCertificate],
  ])("a body that trickles in resets only its stream over HTTP/2 and %s", async (_, tls) => {
    await using listener = await startTestListener(limits, { tls });
    using client = tls
      ? speakFrames(await shakeHands(listener.port, ["h2"]))
      : await openFrameClient(listener.port);
    client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
    const reset = client.received(({ type, stream }) => type === rstStream && stream === 1);
    const send = (payload: Uint8Array) => client.send({ type: data, stream: 1, payload });
    await trickle(send, Buffer.alloc(1_000), reset);
    expect(resetCode(client.frames(), 1)).toBe(cancel);
    client.send({ type: headers, flags: endHeaders | endStream, stream: 3, payload: encodeRequest() });
    await client.received(({ type, stream }) => type === headers && stream === 3);
    expect(listener.rejected).toEqual(["body_timeout"]);
  });

  it("a body may go on over HTTP/2 once the response has begun", async () => {
    await using listener = await startTestListener(limits, {
      onRequest: (request, response) => {
        const answer = response as Writable;
        answer.write("begun");
        request.on("data", (chunk: Buffer) => answer.write(chunk));
        request.on("end", () => answer.end());
      },
    });
    using client = await openFrameClient(listener.port);
    client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
    await new Promise((resolve) => setTimeout(resolve, 3 * limits.bodyTimeoutMs));
    client.send({ type: data, flags: endStream, stream: 1, payload: Buffer.from("over") });
    await client.received(({ type, payload }) => type === data && payload.toString() === "over");
    expect(listener.rejected).toEqual([]);
  });

  it("the body timeout does not apply to calls that take long", async () => {
    await using listener = await startTestListener(limits, {
      onRequest: (request, response) => {
        request.resume();
        setTimeout(() => response.end("late"), 3 * limits.bodyTimeoutMs);
      },
    });
    using client = await openFrameClient(listener.port);
    client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
    client.send({ type: data, flags: endStream, stream: 1, payload: Buffer.from("all") });
    const response = await fetch(listener.url, { method: "POST", body: "all" });
    expect(await response.text()).toBe("late");
    await client.received(({ type, payload }) => type === data && payload.toString() === "late");
  });

  it.each([
    ["gRPC", "application/grpc"],
    ["Connect", "application/proto"],
  ])(
    "a body that does not arrive over %s is answered before its stream is ended, and is no failure",
    async (_, contentType) => {
      await using server = await startTestServer({ limits: { ...defaultLimits, ...limits } });
      using client = await openFrameClient(server.port);
      const fields = {
        ":path": "/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup",
        "content-type": contentType,
        authorization: `Bearer ${server.token}`,
        te: "trailers",
      };
      client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest(fields) });
      await client.received(({ type, stream }) => type === rstStream && stream === 1);
      expect(client.frames().filter(({ type }) => type === headers)).toHaveLength(1);
      expect(server.failures).toEqual([]);
    },
  );
});

describe("an idle connection", () => {
  const limits = { headerTimeoutMs: longMs, bodyTimeoutMs: longMs, idleTimeoutMs: 60 };

  it("an idle HTTP/1.1 connection is closed after its last response", async () => {
    await using listener = await startTestListener(limits);
    const socket = await openSocket(listener.port);
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 200 /);
    expect(listener.rejected).toEqual([]);
  });

  it("an idle HTTP/2 connection is closed with GOAWAY NO_ERROR, even if it sends PINGs", async () => {
    await using listener = await startTestListener(limits);
    using client = await openFrameClient(listener.port);
    client.send({ type: headers, flags: endHeaders | endStream, stream: 1, payload: encodeRequest() });
    await client.received(({ type, stream }) => type === headers && stream === 1);
    const pings = setInterval(() => client.send({ type: ping, payload: Buffer.alloc(8) }), 10);
    const frames = await client.closed();
    clearInterval(pings);
    expect(goawayCode(frames)).toBe(noError);
    expect(listener.rejected).toEqual([]);
  });

  it("an HTTP/2 connection with a call is not idle", async () => {
    await using listener = await startTestListener(limits, {
      onRequest: (_, response) => {
        setTimeout(() => response.end("late"), 4 * limits.idleTimeoutMs);
      },
    });
    using client = await openFrameClient(listener.port);
    client.send({ type: headers, flags: endHeaders | endStream, stream: 1, payload: encodeRequest() });
    await client.received(({ type, payload }) => type === data && payload.toString() === "late");
    expect(listener.rejected).toEqual([]);
  });

  it("an idle HTTP/2 connection is destroyed if its client does not close it", async () => {
    await using listener = await startTestListener(limits);
    using client = await openFrameClient(listener.port);
    await client.received(({ type }) => type === frameTypes.goaway);
    client.socket.pause();
    await listener.hasConnections(0);
    expect(listener.connections()).toBe(0);
  });
});

describe("a client that is gone", () => {
  it.each([
    ["closes its side only", "end" as const],
    ["resets the connection", "resetAndDestroy" as const],
  ])("no connection remains of a client that %s", async (_, leave) => {
    await using listener = await startTestListener();
    await using tlsListener = await startTestListener({}, { tls: testCertificate });
    using client = await openFrameClient(listener.port);
    client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
    const socket = await openSocket(listener.port);
    socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n");
    const tlsSocket = await shakeHands(tlsListener.port, ["h2"]);
    using tlsClient = speakFrames(tlsSocket);
    tlsClient.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
    await client.settled();
    await tlsClient.settled();
    client.socket[leave]();
    socket.socket[leave]();
    tlsSocket[leave === "end" ? "end" : "destroy"]();
    await listener.hasConnections(0);
    await tlsListener.hasConnections(0);
    expect([listener.connections(), tlsListener.connections()]).toEqual([0, 0]);
  });
});
