import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { testCertificate } from "../../support/certificates/certificate.ts";
import {
  encodeField,
  encodeRequest,
  frameFlags,
  frameTypes,
  goawayCode,
  openFrameClient,
  resetCode,
} from "../../support/http/http2-frames.ts";
import { openSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { startTestListener } from "../../support/test-listener.ts";

const get = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const { headers, continuation, data } = frameTypes;
const { endStream, endHeaders } = frameFlags;
const protocolError = 1;
/** What some versions of Node send instead. */
const internalError = 2;
const refusedStream = 7;
const enhanceYourCalm = 11;

describe("the largest header", () => {
  it("the largest header is served over HTTP/1.1, and a larger one ends the connection with 431", async () => {
    await using listener = await startTestListener({ maxHeaderBytes: 8_192 });
    const ask = async (bytes: number) => {
      const socket = await openSocket(listener.port);
      const connection = "connection: close\r\n";
      socket.write(`GET / HTTP/1.1\r\nhost: x\r\n${connection}x-long: ${"a".repeat(bytes)}\r\n\r\n`);
      return socket.closed();
    };
    expect(await ask(8_000)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await ask(8_300)).toMatch(/^HTTP\/1\.1 431 [^\r]*\r\nConnection: close\r\n/);
    expect(await ask(1_000_000)).toMatch(/^HTTP\/1\.1 431 /);
    expect(listener.rejected).toEqual(["header_size", "header_size"]);
  });

  it("the largest header is sent to HTTP/2 clients, and a larger one resets only its stream", async () => {
    await using listener = await startTestListener({ maxHeaderBytes: 4_096 });
    using client = await openFrameClient(listener.port);
    const settings = await client.received(({ type, flags }) => type === frameTypes.settings && flags === 0);
    // SETTINGS_MAX_HEADER_LIST_SIZE, RFC 9113 6.5.2.
    expect(settings.payload.toString("hex")).toContain("000600001000");
    client.send({ type: frameTypes.settings, flags: frameFlags.ack });
    const more = Buffer.concat(Array.from({ length: 50 }, () => encodeField("x-long", "a".repeat(100))));
    client.send(
      {
        type: headers,
        flags: endStream | endHeaders,
        stream: 1,
        payload: Buffer.concat([encodeRequest(), more]),
      },
      { type: headers, flags: endStream | endHeaders, stream: 3, payload: encodeRequest() },
    );
    await client.received(({ type, stream }) => type === headers && stream === 3);
    expect(resetCode(client.frames(), 1)).toBe(enhanceYourCalm);
  });

  it("the table of header compression keeps its default size of 4 KiB", async () => {
    await using listener = await startTestListener();
    using client = await openFrameClient(listener.port);
    const { payload } = await client.received(
      ({ type, flags }) => type === frameTypes.settings && flags === 0,
    );
    const identifiers = Array.from({ length: payload.length / 6 }, (_, at) => payload.readUInt16BE(at * 6));
    // RFC 9113 6.5.2: SETTINGS_HEADER_TABLE_SIZE is 1.
    expect(identifiers).not.toContain(1);
    expect(identifiers).not.toEqual([]);
  });

  it("a flood of CONTINUATION frames does not bypass the largest header", async () => {
    await using listener = await startTestListener();
    using client = await openFrameClient(listener.port);
    client.send({ type: headers, stream: 1, payload: encodeRequest() });
    client.send(...Array.from({ length: 1_000 }, () => ({ type: continuation, stream: 1 })));
    expect(goawayCode(await client.closed())).toBeGreaterThan(0);
    expect(listener.rejected).toEqual(["protocol"]);
  });
});

describe("connections beyond the most", () => {
  it.each([
    ["cleartext", undefined],
    ["TLS", testCertificate],
  ])("connections above the maximum are closed at once while others go on, over %s", async (_, tls) => {
    await using listener = await startTestListener({ maxConnections: 2 }, { tls });
    const open = async () => {
      const raw = await openSocket(listener.port);
      return tls ? rawSocket(connectTls({ socket: raw.socket, ca: tls.cert })) : raw;
    };
    const first = await open();
    first.write(get);
    await first.received(/^HTTP\/1\.1 200 /);
    const second = await open();
    await listener.hasConnections(2);
    expect(await (await openSocket(listener.port)).closed()).toBe("");
    expect(listener.connections()).toBe(2);
    expect(listener.rejected).toEqual(["connections"]);
    first.write(get);
    await first.received(/(HTTP\/1\.1 200 [\s\S]*){2}/);
    first.destroy();
    await listener.hasConnections(1);
    const next = await open();
    next.write(get);
    await next.received(/^HTTP\/1\.1 200 /);
    next.destroy();
    second.destroy();
  });
});

describe("connections of one address", () => {
  it.each([
    ["cleartext", undefined],
    ["TLS", testCertificate],
  ])("connections of one address are at most three quarters of all, over %s", async (_, tls) => {
    await using listener = await startTestListener({ maxConnections: 8 }, { tls });
    const own = await Promise.all(Array.from({ length: 6 }, () => openSocket(listener.port)));
    await listener.hasConnections(6);
    expect(await (await openSocket(listener.port)).closed()).toBe("");
    expect(listener.rejected).toEqual(["connections"]);
    const other = await openSocket(listener.port, "127.0.0.2");
    await listener.hasConnections(7);
    own.pop()?.destroy();
    await listener.hasConnections(6);
    const next = await openSocket(listener.port);
    await listener.hasConnections(7);
    for (const socket of [...own, other, next]) {
      socket.destroy();
    }
  });

  it("connections of a trusted proxy can be all", async () => {
    const isProxy = (address: string) => address === "127.0.0.1";
    await using listener = await startTestListener({ maxConnections: 8 }, { isProxy });
    const sockets = await Promise.all(Array.from({ length: 8 }, () => openSocket(listener.port)));
    await listener.hasConnections(8);
    expect(listener.rejected).toEqual([]);
    for (const socket of sockets) {
      socket.destroy();
    }
  });
});

describe("streams of one connection beyond the most", () => {
  it("streams above the maximum are rejected with REFUSED_STREAM, and a later one is served", async () => {
    await using listener = await startTestListener({ maxConcurrentStreams: 2 });
    using client = await openFrameClient(listener.port);
    // As a client does that has not seen the SETTINGS of the server yet.
    for (const stream of [1, 3, 5]) {
      client.send({ type: headers, flags: endHeaders, stream, payload: encodeRequest() });
    }
    await client.received(({ type, stream }) => type === frameTypes.rstStream && stream === 5);
    expect(resetCode(client.frames(), 5)).toBe(refusedStream);
    client.send({ type: data, flags: endStream, stream: 1 }, { type: data, flags: endStream, stream: 3 });
    await client.received(({ type, stream }) => type === headers && stream === 1);
    await client.received(({ type, stream }) => type === headers && stream === 3);
    client.send({ type: headers, flags: endStream | endHeaders, stream: 7, payload: encodeRequest() });
    await client.received(({ type, stream }) => type === headers && stream === 7);
    expect(listener.rejected).toEqual([]);
  });

  it("streams above the maximum end the connection of a client that acknowledged the SETTINGS", async () => {
    await using listener = await startTestListener({ maxConcurrentStreams: 2 });
    using client = await openFrameClient(listener.port);
    client.send({ type: frameTypes.settings, flags: frameFlags.ack });
    for (const stream of [1, 3, 5]) {
      client.send({ type: headers, flags: endHeaders, stream, payload: encodeRequest() });
    }
    expect([protocolError, internalError]).toContain(goawayCode(await client.closed()));
    expect(listener.rejected).toEqual(["protocol"]);
  });
});
