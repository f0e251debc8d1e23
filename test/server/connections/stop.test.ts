import { once } from "node:events";
import type { Writable } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import type { HttpHandler } from "../../../src/server/http-handler.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import {
  encodeRequest,
  frameFlags,
  frameTypes,
  openFrameClient,
  resetCode,
  speakFrames,
} from "../../support/http/http2-frames.ts";
import { openSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { startTestListener } from "../../support/test-listener.ts";

const get = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const { headers, goaway } = frameTypes;
const { endStream, endHeaders } = frameFlags;
const refusedStream = 7;

/** Longer than a test may take: what is only ended by it fails the test. */
const graceMs = 60_000;

const transports = [
  ["cleartext", undefined],
  ["TLS", testCertificate],
] as const;

async function shakeHands(port: number, ALPNProtocols: string[]): Promise<TLSSocket> {
  const socket = connectTls({ port, host: "127.0.0.1", ca: testCertificate.cert, ALPNProtocols });
  await once(socket, "secureConnect");
  return socket;
}

/** Answers when it is told to, in the order of the requests. */
function heldAnswers() {
  const held: (() => unknown)[] = [];
  const waiting: (() => void)[] = [];
  return {
    onRequest: ((request, response) => {
      held.push(() => (response as Writable).end(request.url));
      waiting.shift()?.();
    }) satisfies HttpHandler,
    /** Resolves when there are so many. */
    async has(count: number) {
      while (held.length < count) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    give: () => held.shift()?.(),
    /** Those that are still to be given. */
    count: () => held.length,
  };
}

describe.each(transports)("a listener that drains, over HTTP/1.1 and %s", (name, tls) => {
  const open = async (port: number) =>
    tls ? rawSocket(await shakeHands(port, ["http/1.1"])) : openSocket(port);

  it(`a draining listener sends Connection: close in the next response over ${name}, and accepts new connections`, async () => {
    await using listener = await startTestListener({}, { tls });
    const old = await open(listener.port);
    old.write(get);
    expect(await old.received(/^HTTP\/1\.1 200 /)).toContain("Connection: keep-alive");
    listener.drain();
    old.write(get);
    expect(await old.closed()).toMatch(/HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 200 [\s\S]*Connection: close/);
    const young = await open(listener.port);
    young.write(get);
    expect(await young.closed()).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: close/);
  });

  it(`a draining listener sends Connection: close in the last pending response over ${name}, and serves nothing after it`, async () => {
    const answers = heldAnswers();
    await using listener = await startTestListener({}, { tls, onRequest: answers.onRequest });
    const socket = await open(listener.port);
    const ask = (path: string) => socket.write(get.replace("/", path));
    ask("/one");
    ask("/two");
    await answers.has(2);
    listener.drain();
    ask("/three");
    // When the server has a request that was sent later, it has seen the third.
    const other = await open(listener.port);
    other.write(get);
    await answers.has(3);
    expect(answers.count()).toBe(3);
    answers.give();
    answers.give();
    const said = await socket.closed();
    expect(said.match(/\/[a-z]+/g)).toEqual(["/one", "/two"]);
    expect(said.match(/Connection: [-a-z]+/g)).toEqual(["Connection: keep-alive", "Connection: close"]);
    answers.give();
    await other.closed();
    expect(answers.count()).toBe(0);
  });
});

describe.each(transports)("a listener that closes, over HTTP/1.1 and %s", (name, tls) => {
  const open = async (port: number) =>
    tls ? rawSocket(await shakeHands(port, ["http/1.1"])) : openSocket(port);

  it(`a closing listener sends only complete responses to a client that pipelines over ${name}`, async () => {
    const body = "x".repeat(500);
    let asked = 0;
    await using listener = await startTestListener(
      {},
      {
        tls,
        onRequest: (_, response) => {
          asked += 1;
          setImmediate(() => response.end(body));
        },
      },
    );
    const socket = await open(listener.port);
    let over = false;
    const said = socket.closed().finally(() => {
      over = true;
    });
    let closed: Promise<void> | undefined;
    while (!over) {
      socket.write(get.repeat(5));
      if (asked > 20) {
        closed ??= listener.close(graceMs);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answers = (await said).split("HTTP/1.1 200 OK\r\n").slice(1);
    await closed;
    expect(answers.length).toBeGreaterThan(20);
    for (const [index, answer] of answers.entries()) {
      expect(answer.endsWith(`\r\n\r\n${body}`)).toBe(true);
      expect(answer.includes("Connection: close")).toBe(index === answers.length - 1);
    }
  });

  it(`a closing listener serves the first request of a connection opened just before over ${name}`, async () => {
    await using listener = await startTestListener({}, { tls });
    const socket = await open(listener.port);
    await listener.hasConnections(1);
    const closed = listener.close(graceMs);
    socket.write(get);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: close/);
    await closed;
  });
});

describe.each(transports)("a listener that closes, over HTTP/2 and %s", (name, tls) => {
  it(`a closing listener serves every stream up to the id in its GOAWAY over ${name}`, async () => {
    let served = 0;
    await using listener = await startTestListener(
      {},
      {
        tls,
        onRequest: (_, response) => {
          served += 1;
          setTimeout(() => response.end("answer"), 3);
        },
      },
    );
    using client = tls
      ? speakFrames(await shakeHands(listener.port, ["h2"]))
      : await openFrameClient(listener.port);
    let over = false;
    const left = client
      .received(({ type }) => type === goaway)
      .then((frame) => {
        over = true;
        return frame.payload.readUInt32BE(0);
      });
    let closed: Promise<void> | undefined;
    let next = 1;
    while (!over) {
      const streams = Array.from({ length: 5 }, (_, index) => next + 2 * index);
      next += 10;
      client.send(
        ...streams.map((stream) => ({
          type: headers,
          flags: endStream | endHeaders,
          stream,
          payload: encodeRequest(),
        })),
      );
      if (served > 20) {
        closed ??= listener.close(graceMs);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    const lastStream = await left;
    const frames = await client.closed();
    await closed;
    const ended = new Set(
      frames.filter(({ flags, type }) => type < 2 && (flags & endStream) !== 0).map(({ stream }) => stream),
    );
    // Clients retry streams that were reset with REFUSED_STREAM or are above the id in GOAWAY: the server served neither.
    for (let stream = 1; stream <= lastStream; stream += 2) {
      expect(ended.has(stream) || resetCode(frames, stream) === refusedStream).toBe(true);
    }
    expect(ended.size).toBe(served);
    expect(served).toBeGreaterThan(20);
  });
});
