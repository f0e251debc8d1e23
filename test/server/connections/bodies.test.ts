import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import type { Readable, Writable } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { maxDiscardedBytes } from "../../../src/server/connections/lingering.ts";
import type { HttpHandler } from "../../../src/server/http-handler.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import {
  encodeRequest,
  frameFlags,
  frameTypes,
  openFrameClient,
  resetCode,
} from "../../support/http/http2-frames.ts";
import { openSocket, type RawSocket, rawSocket } from "../../support/http/raw-socket.ts";
import { echo, startTestListener } from "../../support/test-listener.ts";

const { headers, data, rstStream } = frameTypes;
const { endStream, endHeaders } = frameFlags;
const noError = 0;

/** Longer than a test may take. */
const longMs = 60_000;
const patient = { headerTimeoutMs: longMs, bodyTimeoutMs: longMs, idleTimeoutMs: longMs };

/** Refuses every path but `/echo` before it reads anything. */
const refuse: HttpHandler = (request, response) => {
  if (request.url === "/echo") {
    echo(request, response);
  } else {
    response.statusCode = 413;
    response.end("refused");
  }
};

/** Stops reading half way, as a handler of a stream does that has read enough. */
const readFirst: HttpHandler = async (request, response) => {
  if (request.url === "/echo") {
    echo(request, response);
    return;
  }
  for await (const _ of request as Readable) {
    break;
  }
  response.end("refused");
};

const post = (fields: string, path = "/") => `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${fields}\r\n\r\n`;
const piece = Buffer.alloc(65_536, "a");
const chunk = Buffer.concat([Buffer.from("10000\r\n"), piece, Buffer.from("\r\n")]);

function shakeHands(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", ca: testCertificate.cert, ALPNProtocols: ["http/1.1"] };
    const socket = connectTls(options, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Sends without end, until the server closes; resolves with what it has said. */
async function sendWithoutEnd({ socket, closed }: RawSocket, bytes: Buffer): Promise<string> {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes)) {}
  };
  socket.on("drain", more);
  more();
  return await closed();
}

describe("a request over HTTP/1.1 that is answered early", () => {
  it.each([
    ["not read", refuse],
    ["read half way", readFirst],
  ])(
    "a request over HTTP/1.1 that is answered early and %s does not block those behind it",
    async (_, onRequest) => {
      await using listener = await startTestListener(patient, { onRequest });
      const socket = await openSocket(listener.port);
      socket.write(post("content-length: 1048576"));
      socket.write(piece);
      await socket.received(/refused$/);
      for (let sent = piece.length; sent < 1_048_576; sent += piece.length) {
        socket.write(piece);
      }
      socket.write(post("content-length: 3", "/echo"));
      socket.write("one");
      socket.write(post("content-length: 3", "/echo"));
      socket.write("two");
      const said = await socket.received(/two$/);
      expect(said.match(/HTTP\/1\.1 \d+/g)).toHaveLength(3);
      expect(said).toContain("one");
      socket.destroy();
    },
  );

  it("a request over HTTP/1.1 that is answered early is ended after it has sent the limit, and its client has the answer", async () => {
    await using listener = await startTestListener(patient, { onRequest: refuse });
    const socket = await openSocket(listener.port);
    socket.write(post("transfer-encoding: chunked"));
    const said = await sendWithoutEnd(socket, chunk);
    expect(said).toMatch(/^HTTP\/1\.1 413 [\s\S]*refused$/);
    expect(socket.socket.bytesWritten).toBeGreaterThan(maxDiscardedBytes);
    await listener.hasConnections(0);
    expect(listener.rejected).toEqual([]);
  });

  it("a request over HTTP/1.1 whose length is above what is discarded is told that its connection closes", async () => {
    await using listener = await startTestListener(patient, { onRequest: refuse });
    const socket = await openSocket(listener.port);
    socket.socket.removeAllListeners("end");
    socket.write(post(`content-length: ${4 * maxDiscardedBytes}`));
    const ended = once(socket.socket, "end");
    expect(await socket.received(/refused$/)).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/);
    // Half of the connection: the client may go on sending.
    await ended;
    socket.write(piece);
    socket.socket.end();
    await listener.hasConnections(0);
    expect(listener.rejected).toEqual([]);
  });

  it.each([
    ["stops sending", undefined],
    ["trickles", "a"],
  ])(
    "a request over HTTP/1.1 that is answered early and then %s is ended in time without another answer",
    async (_, byte) => {
      await using listener = await startTestListener(
        { ...patient, bodyTimeoutMs: 60 },
        { onRequest: refuse },
      );
      const socket = await openSocket(listener.port);
      socket.write(post("content-length: 40000"));
      const drip = setInterval(() => byte && socket.write(byte), 5);
      const said = await socket.closed();
      clearInterval(drip);
      expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(said).toMatch(/refused$/);
      expect(listener.rejected).toEqual(["body_timeout"]);
      await listener.hasConnections(0);
    },
  );

  it("a request over HTTP/1.1 that is answered early is ended without another answer if the rest of it is malformed", async () => {
    await using listener = await startTestListener(patient, { onRequest: refuse });
    const socket = await openSocket(listener.port);
    socket.write(post("transfer-encoding: chunked"));
    socket.write(chunk);
    await socket.received(/refused$/);
    socket.write("no length\r\n");
    expect((await socket.closed()).match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(listener.rejected).toEqual(["protocol"]);
  });

  it("a request over HTTP/1.1 that is answered early is answered in the order of its connection", async () => {
    const held = Promise.withResolvers<void>();
    await using listener = await startTestListener(patient, {
      async onRequest(request, response) {
        if (request.url === "/slow") {
          await held.promise;
          response.end("slow");
        } else {
          refuse(request, response);
        }
      },
    });
    const socket = await openSocket(listener.port);
    socket.write("GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n");
    socket.write(post(`content-length: ${piece.length}`));
    socket.write(piece);
    socket.write(post("content-length: 3", "/echo"));
    socket.write("end");
    held.resolve();
    expect(await socket.received(/end$/)).toMatch(/ 200 [\s\S]*slow[\s\S]* 413 [\s\S]*refused[\s\S]* 200 /);
    socket.destroy();
  });

  it("a request over HTTP/1.1 that is answered early does not keep a stopping server waiting", async () => {
    const listener = await startTestListener(patient, { onRequest: refuse });
    const socket = await openSocket(listener.port);
    socket.write(post("content-length: 40000"));
    await socket.received(/refused$/);
    await listener.close(longMs);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 413 /);
  });

  const badly = [
    ["has no Host", "POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n", 400],
    ["is malformed", "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n", 400],
    ["has a header that is too large", post(`x: ${"a".repeat(30_000)}`), 431],
    ["is of CONNECT", "CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n", 405],
    ["asks to close the connection", post("connection: close\r\ncontent-length: 5000000"), 413],
    ["is of HTTP/1.0", "POST / HTTP/1.0\r\ncontent-length: 5000000\r\n\r\n", 413],
  ] as const;
  it.each(
    badly.flatMap(([what, head, status]) => [
      [what, "cleartext", head, status, undefined] as const,
      [what, "TLS", head, status, testCertificate] as const,
    ]),
  )(
    "a request over HTTP/1.1 that %s is answered although its client sends on, over %s",
    async (_, __, head, status, tls) => {
      await using listener = await startTestListener(patient, { onRequest: refuse, tls });
      const socket = tls ? rawSocket(await shakeHands(listener.port)) : await openSocket(listener.port);
      socket.write(head);
      for (let sent = 0; sent < 4_000_000; sent += piece.length) {
        socket.write(piece);
      }
      expect(await socket.closed()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    },
  );

  it("a request over HTTP/1.1 that asks for another protocol is answered over HTTP/1.1", async () => {
    await using listener = await startTestListener(patient, { onRequest: refuse });
    const socket = await openSocket(listener.port);
    socket.write(post("connection: upgrade, http2-settings\r\nupgrade: h2c\r\ncontent-length: 9"));
    expect(await socket.received(/refused$/)).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it("HEAD with a body over HTTP/1.1 does not block the request behind it", async () => {
    await using listener = await startTestListener(patient, { onRequest: refuse });
    const socket = await openSocket(listener.port);
    socket.write(post(`content-length: ${2 * piece.length}`).replace("POST", "HEAD"));
    socket.write(piece);
    await socket.received(/ 413 [\s\S]*\r\n\r\n$/);
    socket.write(piece);
    socket.write(post("content-length: 3", "/echo"));
    socket.write("end");
    expect(await socket.received(/end$/)).not.toContain("refused");
    socket.destroy();
  });
});

describe("a request over HTTP/2 that is answered early", () => {
  it.each([
    ["not read", refuse],
    ["read half way", readFirst],
  ])(
    "a request over HTTP/2 that is answered early and %s gives its window back to the connection",
    async (_, onRequest) => {
      await using listener = await startTestListener(patient, { onRequest });
      const session = connectHttp2(listener.url);
      const send = (path: string, bytes: Buffer) => {
        const stream = session.request({ ":method": "POST", ":path": path });
        stream.end(bytes);
        return stream.toArray().then((chunks) => Buffer.concat(chunks as Buffer[]).toString());
      };
      // Together more than all windows.
      const large = Array.from({ length: 8 }, () => send("/", Buffer.alloc(1_048_576)));
      expect(await send("/echo", Buffer.alloc(100_000, "b"))).toHaveLength(100_000);
      expect(await Promise.all(large)).toEqual(large.map(() => "refused"));
      session.destroy();
    },
  );

  it("a request over HTTP/2 that is answered early is reset without an error once it has sent the limit", async () => {
    await using listener = await startTestListener(patient, { onRequest: refuse });
    const session = connectHttp2(listener.url);
    const stream = session.request({ ":method": "POST" });
    let sent = 0;
    const more = () => {
      let isRoom = true;
      while (isRoom && !stream.closed) {
        isRoom = stream.write(piece);
        sent += piece.length;
      }
    };
    stream.on("drain", more);
    more();
    expect(await stream.toArray()).toEqual([Buffer.from("refused")]);
    await once(stream, "close");
    expect(stream.rstCode).toBe(noError);
    expect(sent).toBeGreaterThan(maxDiscardedBytes);
    const next = session.request({ ":path": "/" });
    expect(await next.toArray()).toEqual([Buffer.from("refused")]);
    session.destroy();
  });

  it.each([
    ["stops sending", 0],
    ["trickles", 1],
  ])(
    "a request over HTTP/2 that is answered early and then %s is reset in time, after the complete answer",
    async (_, bytes) => {
      await using listener = await startTestListener(
        { ...patient, bodyTimeoutMs: 60 },
        { onRequest: refuse },
      );
      using client = await openFrameClient(listener.port);
      client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
      const drip = setInterval(() => client.send({ type: data, stream: 1, payload: Buffer.alloc(bytes) }), 5);
      await client.received(({ type, stream }) => type === rstStream && stream === 1);
      clearInterval(drip);
      const ends = client.frames().findIndex(({ type, flags }) => type === data && (flags & endStream) !== 0);
      expect(ends).toBeGreaterThan(-1);
      expect(client.frames().findIndex(({ type }) => type === rstStream)).toBeGreaterThan(ends);
      expect(resetCode(client.frames(), 1)).toBe(noError);
      expect(listener.rejected).toEqual(["body_timeout"]);
    },
  );

  it("a request over HTTP/2 that is answered instead of 100 (Continue) is reset soon, because no body follows", async () => {
    await using listener = await startTestListener(patient, { onRequest: refuse });
    using client = await openFrameClient(listener.port);
    const payload = encodeRequest({ expect: "100-continue", "content-length": "9" });
    client.send({ type: headers, flags: endHeaders, stream: 1, payload });
    await client.received(({ type, stream }) => type === rstStream && stream === 1);
    expect(resetCode(client.frames(), 1)).toBe(noError);
    expect(client.frames().some(({ type, flags }) => type === data && (flags & endStream) !== 0)).toBe(true);
    expect(listener.rejected).toEqual([]);
  });

  it("a connection over HTTP/2 can be used after a request was reset although its client sends on", async () => {
    await using listener = await startTestListener({ ...patient, bodyTimeoutMs: 60 }, { onRequest: refuse });
    using client = await openFrameClient(listener.port);
    client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
    await client.received(({ type, stream }) => type === rstStream && stream === 1);
    // The whole window of the connection, on a stream that the server has forgotten.
    const late = Array.from({ length: 4 }, () => ({ type: data, stream: 1, payload: Buffer.alloc(16_000) }));
    client.send(...late);
    await client.received(({ type, stream }) => type === frameTypes.windowUpdate && stream === 0);
    client.send({
      type: headers,
      flags: endHeaders,
      stream: 3,
      payload: encodeRequest({ ":path": "/echo" }),
    });
    client.send({ type: data, flags: endStream, stream: 3, payload: Buffer.from("end") });
    await client.received(({ type, payload }) => type === data && payload.toString() === "end");
    expect(resetCode(client.frames(), 3)).toBeUndefined();
  });

  it("a request over HTTP/2 that is answered early is ended if its client does not read the answer", async () => {
    await using listener = await startTestListener(
      { ...patient, bodyTimeoutMs: 60 },
      { onRequest: (_, response) => response.end(Buffer.alloc(1_000_000)) },
    );
    using client = await openFrameClient(listener.port);
    // The client grants no window beyond the first.
    client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
    await client.received(({ type, stream }) => type === rstStream && stream === 1);
    expect(listener.rejected).toEqual(["body_timeout"]);
  });

  it("a request over HTTP/2 that is answered early does not keep a stopping server waiting", async () => {
    const listener = await startTestListener(patient, { onRequest: refuse });
    using client = await openFrameClient(listener.port);
    client.send({ type: headers, flags: endHeaders, stream: 1, payload: encodeRequest() });
    await client.received(({ type, flags }) => type === data && (flags & endStream) !== 0);
    const closed = listener.close(longMs);
    await client.received(({ type, stream }) => type === rstStream && stream === 1);
    client.socket.end();
    await closed;
    expect(resetCode(client.frames(), 1)).toBe(noError);
  });

  it("CONNECT over HTTP/2 is answered with 405", async () => {
    await using listener = await startTestListener({ ...patient, bodyTimeoutMs: 60 }, { onRequest: refuse });
    const session = connectHttp2(listener.url);
    const stream = session.request({ ":method": "CONNECT", ":authority": "localhost:1" });
    const [answer] = await once(stream, "response");
    expect(answer[":status"]).toBe(405);
    await once(stream.resume(), "close");
    session.destroy();
  });
});

it("a response in pieces that ends before its request does so as well", async () => {
  await using listener = await startTestListener(patient, {
    onRequest(request, response) {
      (response as Writable).write("begun");
      request.once("data", () => response.end("over"));
    },
  });
  const session = connectHttp2(listener.url);
  const stream = session.request({ ":method": "POST" });
  stream.write("more");
  expect(Buffer.concat((await stream.toArray()) as Buffer[]).toString()).toBe("begunover");
  session.destroy();
});
