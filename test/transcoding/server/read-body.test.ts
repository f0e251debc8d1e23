import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect, createServer as createHttp2Server, type Http2ServerRequest } from "node:http2";
import { type AddressInfo, createConnection } from "node:net";
import { setImmediate } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { readBody, readBytes } from "../../../src/transcoding/server/read-body.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) {
    await close();
  }
});

/** Returns a request of which one byte has arrived, and a function that disconnects its client. */
async function startHttp1(
  rest = "Content-Length: 10\r\n\r\n{",
): Promise<{ request: IncomingMessage; leave(): void }> {
  const server = createServer().listen(0, "127.0.0.1");
  closing.push(() => server.close());
  await once(server, "listening");
  const socket = createConnection((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${rest}`);
  const [request] = await once(server, "request");
  return { request, leave: () => socket.destroy() };
}

async function startHttp2(): Promise<{ request: Http2ServerRequest; leave(): void }> {
  const server = createHttp2Server().listen(0, "127.0.0.1");
  closing.push(() => server.close());
  await once(server, "listening");
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stream = session.request({ ":method": "POST", ":path": "/" });
  stream.on("error", () => {});
  stream.write("{");
  const [request] = await once(server, "request");
  return { request, leave: () => session.destroy() };
}

describe.each([
  ["HTTP/1.1", startHttp1],
  ["HTTP/2", startHttp2],
] as const)("readBody over %s", (protocol, start) => {
  it(`readBody rejects if the client disconnects during the body, over ${protocol}`, async () => {
    const { request, leave } = await start();
    const reading = readBody(request, { limit: 100, timeoutMs: 10_000, isTyped: true });
    leave();
    await expect(reading).rejects.toMatchObject({ code: Code.Canceled });
  });

  it(`readBody rejects if the client disconnected before the call, over ${protocol}`, async () => {
    const { request, leave } = await start();
    const closed = new Promise((resolve) => request.once("close", resolve));
    leave();
    await closed;
    await expect(readBody(request, { limit: 100, timeoutMs: 10_000, isTyped: true })).rejects.toMatchObject({
      code: Code.Canceled,
    });
  });
});

it("readBody sets a timer only for a body that does not arrive with its header", async () => {
  const timeoutMs = 12_345;
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => timers.mockRestore());
  const timersOf = () => timers.mock.calls.filter(([, ms]) => ms === timeoutMs).length;
  const server = createServer().listen(0, "127.0.0.1");
  closing.push(() => server.close());
  await once(server, "listening");
  const read: Promise<unknown>[] = [];
  server.on("request", (request: IncomingMessage) => {
    read.push(readBody(request, { limit: 100, timeoutMs, isTyped: true }));
  });
  const socket = createConnection((server.address() as AddressInfo).port, "127.0.0.1");
  closing.push(() => socket.destroy());
  const header = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
  socket.write(`${header}{}`);
  await expect.poll(() => read.length).toBe(1);
  expect(await read[0]).toEqual({ bytes: Buffer.from("{}") });
  await setImmediate();
  expect(timersOf()).toBe(0);
  const other = createConnection((server.address() as AddressInfo).port, "127.0.0.1");
  closing.push(() => other.destroy());
  other.write(header);
  await expect.poll(timersOf).toBe(1);
  other.write("{}");
  expect(await read[1]).toEqual({ bytes: Buffer.from("{}") });
});

describe("readBytes over HTTP/1.1", () => {
  const length = "Content-Length: 2\r\n\r\n{}";
  const chunks = "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n";

  it.each([
    ["with its length", length, "{}"],
    ["in chunks", chunks, "{}"],
    ["that is empty", "Content-Length: 0\r\n\r\n", ""],
    ["that is missing", "\r\n", ""],
  ])("readBytes returns a body %s, read at once or when it has arrived", async (_, rest, text) => {
    for (const arrive of [() => {}, setImmediate]) {
      const { request } = await startHttp1(rest);
      await arrive();
      const ended = once(request, "end");
      expect(String(await readBytes(request, 2, 10_000))).toBe(text);
      await ended;
    }
  });

  it.each([
    ["has none", "\r\n", 0],
    ["has not arrived", "Content-Length: 2\r\n\r\n{", 1],
  ])("readBytes waits for the body of a request only if there is one: it %s", async (_, rest, listeners) => {
    const { request } = await startHttp1(rest);
    const reading = readBytes(request, 2, 10_000);
    await setImmediate();
    expect(request.listenerCount("data")).toBe(listeners);
    await (listeners === 0 && reading);
    reading.catch(() => {});
  });

  it("readBytes does not return a body in chunks that is too large", async () => {
    for (const arrive of [() => {}, setImmediate]) {
      const { request } = await startHttp1(chunks);
      await arrive();
      expect(await readBytes(request, 1, 10_000)).toBe("too-large");
    }
  });

  it("readBytes rejects if the client left after its whole body", async () => {
    const { request, leave } = await startHttp1("Content-Length: 2\r\n\r\n{}");
    await setImmediate();
    const closed = new Promise((resolve) => request.once("close", resolve));
    leave();
    await closed;
    await expect(readBytes(request, 2, 10_000)).rejects.toMatchObject({ code: Code.Canceled });
  });
});
