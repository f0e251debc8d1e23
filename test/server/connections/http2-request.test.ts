import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Http2Request, HttpResponse } from "../../../src/server/http-handler.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import {
  encodeRequest,
  frameFlags,
  frameTypes,
  openFrameClient,
  uint32,
} from "../../support/http/http2-frames.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";

type Exchange = { request: Http2Request; response: HttpResponse };

let listener: TestListener | undefined;
let session: ClientHttp2Session | undefined;
afterEach(async () => {
  session?.destroy();
  session = undefined;
  await listener?.[Symbol.asyncDispose]();
});

/** Starts a listener whose next request is passed to the test. */
async function start(isTls = false): Promise<{ url: string; port: number; next: () => Promise<Exchange> }> {
  let arrived = Promise.withResolvers<Exchange>();
  listener = await startTestListener(
    {},
    {
      ...(isTls && { tls: testCertificate }),
      onRequest: (request, response) => arrived.resolve({ request: request as Http2Request, response }),
    },
  );
  return {
    url: listener.url,
    port: listener.port,
    async next() {
      const exchange = await arrived.promise;
      arrived = Promise.withResolvers();
      return exchange;
    },
  };
}

async function post(url: string): Promise<ClientHttp2Stream> {
  session = connect(url, { ca: testCertificate.cert });
  const stream = session.request({ ":method": "POST", ":path": "/a?b=c", "x-a": "1" });
  stream.on("error", () => undefined);
  return stream;
}

/** Resolves once the server has read what the client has sent. */
function settled(): Promise<unknown> {
  return new Promise((resolve) => session?.ping(resolve));
}

async function readAll(request: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const piece of request) {
    text += piece;
  }
  return text;
}

describe("a request over HTTP/2", () => {
  it.each([false, true])("tells its header and its connection, over TLS: %s", async (isTls) => {
    const { url, next } = await start(isTls);
    const stream = await post(url);
    const { request, response } = await next();
    expect(request).toMatchObject({ method: "POST", url: "/a?b=c", httpVersion: "2.0", complete: false });
    expect(request.headers["x-a"]).toBe("1");
    expect(request.rawHeaders).toContain("x-a");
    expect(request.socket.remoteAddress).toBe("127.0.0.1");
    expect(request.socket instanceof TLSSocket).toBe(isTls);
    expect("encrypted" in request.socket).toBe(isTls);
    stream.end();
    response.end();
    await once(stream.resume(), "close");
    expect([request.complete, request.destroyed]).toEqual([true, true]);
  });

  it("is iterated piece by piece, and ends with its body", async () => {
    const { url, next } = await start();
    const stream = await post(url);
    const { request } = await next();
    const text = readAll(request);
    stream.write("one ");
    await settled();
    stream.end("two");
    expect(await text).toBe("one two");
    expect(request.complete).toBe(true);
  });

  it.each(["iterated", "listened to"])(
    "is complete when it is %s long after its body has ended",
    async (how) => {
      const { url, next } = await start();
      for (const body of [undefined, "", "text"]) {
        const stream = await post(url);
        stream.end(body);
        const { request, response } = await next();
        await settled();
        // The turn in which an empty body ends by itself.
        await new Promise((resolve) => setImmediate(resolve));
        expect(request.complete).toBe(true);
        let text = "";
        if (how === "iterated") {
          text = await readAll(request);
        } else {
          request.on("data", (chunk: Buffer) => {
            text += chunk;
          });
          await new Promise<void>((resolve) => request.on("end", resolve));
        }
        expect(text).toBe(body ?? "");
        response.end();
        await once(stream.resume(), "close");
        session?.close();
      }
    },
  );

  it.each([
    ["with an error", constants.NGHTTP2_INTERNAL_ERROR],
    ["by canceling", constants.NGHTTP2_CANCEL],
    ["without an error", constants.NGHTTP2_NO_ERROR],
  ])("never ends if its client resets it %s in the middle of the body", async (_, code) => {
    const { port, next } = await start();
    using client = await openFrameClient(port);
    const stream = 1;
    client.send({ type: frameTypes.headers, flags: frameFlags.endHeaders, stream, payload: encodeRequest() });
    const { request } = await next();
    const events: string[] = [];
    for (const event of ["data", "end", "aborted", "close"]) {
      request.on(event, () => events.push(event));
    }
    const closed = new Promise<void>((resolve) => request.once("close", resolve));
    client.send({ type: frameTypes.data, stream, payload: Buffer.from("half") });
    await client.settled();
    client.send({ type: frameTypes.rstStream, stream, payload: uint32(code) });
    await closed;
    expect(events).toEqual(["data", "aborted", "close"]);
    expect(request.stream.rstCode).toBe(code);
  });

  it("throws while it is iterated if its client resets it, and at once if it was reset before", async () => {
    const { port, next } = await start();
    using client = await openFrameClient(port);
    const stream = 1;
    client.send({ type: frameTypes.headers, flags: frameFlags.endHeaders, stream, payload: encodeRequest() });
    const { request } = await next();
    const pieces = request[Symbol.asyncIterator]();
    client.send({ type: frameTypes.data, stream, payload: Buffer.from("half") });
    expect(String((await pieces.next()).value)).toBe("half");
    const further = pieces.next();
    client.send({ type: frameTypes.rstStream, stream, payload: uint32(constants.NGHTTP2_CANCEL) });
    await expect(further).rejects.toThrow("closed the stream before the end of the body");
    await expect(readAll(request)).rejects.toThrow("closed the stream before the end of the body");
  });

  it("is read only as fast as its pieces are taken", async () => {
    const { port, next } = await start();
    using client = await openFrameClient(port);
    const stream = 1;
    client.send({ type: frameTypes.headers, flags: frameFlags.endHeaders, stream, payload: encodeRequest() });
    const { request } = await next();
    const pieces = request[Symbol.asyncIterator]();
    const ofStream = () => client.frames().filter((frame) => frame.stream === stream);
    const allowed = () => ofStream().reduce((sum, { payload }) => sum + payload.readUInt32BE(), 65_535);
    let sent = 0;
    async function sendAllowed(): Promise<void> {
      while (sent + 13_107 <= allowed()) {
        client.send({ type: frameTypes.data, stream, payload: Buffer.alloc(13_107) });
        sent += 13_107;
        await client.settled();
      }
    }
    await sendAllowed();
    let taken = (await pieces.next()).value?.length ?? 0;
    // What is read ahead is bounded. Otherwise this would never end.
    await sendAllowed();
    const ahead = sent;
    expect(ahead).toBeLessThan(300_000);
    while (taken < sent) {
      taken += (await pieces.next()).value?.length ?? 0;
    }
    const further = pieces.next();
    await client.settled();
    await sendAllowed();
    expect(sent).toBeGreaterThan(ahead);
    expect((await further).value?.length).toBeGreaterThan(0);
  });

  it("does not lose pieces that arrive while it is paused", async () => {
    const { url, next } = await start();
    const stream = await post(url);
    const { request } = await next();
    let text = "";
    const first = new Promise<void>((resolve) => {
      request.on("data", (chunk: Buffer) => {
        text += chunk;
        request.pause();
        resolve();
      });
    });
    stream.write("one ");
    await first;
    stream.end("two");
    await settled();
    expect(text).toBe("one ");
    const end = new Promise<void>((resolve) => request.on("end", resolve));
    request.resume();
    await end;
    expect(text).toBe("one two");
  });
});
