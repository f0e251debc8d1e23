import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { type ClientHttp2Stream, connect, constants } from "node:http2";
import { setImmediate } from "node:timers/promises";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRpcHandler } from "../../../../src/server/rpc/handler.ts";
import { compile } from "../../../scripts/generate/openapi/compile.ts";
import { startTestListener, type TestListener } from "../../../support/test-listener.ts";

const source = `
syntax = "proto3";
package streams.v1;
service Streams {
  rpc Watch(Item) returns (stream Item);
}
message Item { string text = 1; }
`;

/** Messages of the stream: far more than the buffers of both sides and of the operating system take. */
const count = 1_000;
const text = "a".repeat(64 * 1024);

let listener: TestListener;
/** Messages that the implementation has yielded. */
let yielded = 0;
/** Whether the implementation has ended. */
let isEnded = false;
/** Resolves when the server has noticed the end of the response. */
let closed: Promise<unknown>;

beforeAll(async () => {
  const service = compile({ "streams/v1/streams.proto": source }).files[0]?.services[0];
  if (service === undefined) {
    throw new Error("the proto file has no service");
  }
  const implementation = {
    async *watch() {
      [yielded, isEnded] = [0, false];
      try {
        while (yielded < count) {
          yielded += 1;
          yield { text };
        }
      } finally {
        isEnded = true;
      }
    },
  };
  const rpc = createRpcHandler({
    routes: (router) => router.service(service, implementation as never),
    requestGate: async () => {},
    readMaxBytes: 1_000,
    shutdownSignal: new AbortController().signal,
  });
  listener = await startTestListener(
    {},
    {
      onRequest(request, response) {
        closed = new Promise<void>((resolve) => response.once("close", () => resolve()));
        rpc.handle(request, response);
      },
    },
  );
});
afterAll(async () => {
  await listener[Symbol.asyncDispose]();
});

/** A call whose response has begun, but is not read. */
type Unread = {
  /** Reads the response and returns its size. */
  readAll(): Promise<number>;
  /** Leaves before the end of the response. */
  leave(): void;
  [Symbol.dispose](): void;
};

const path = "/streams.v1.Streams/Watch";
const body = encodeEnvelope(0, new Uint8Array(0));
const headers = { "content-type": "application/connect+proto" };

async function sizeOf(response: AsyncIterable<Buffer>): Promise<number> {
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
  }
  return size;
}

async function callOverHttp1(): Promise<Unread> {
  const sent: ClientRequest = request(`${listener.url}${path}`, { method: "POST", headers, agent: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return {
    readAll: () => sizeOf(response),
    leave: () => sent.destroy(),
    [Symbol.dispose]: () => sent.destroy(),
  };
}

async function callOverHttp2(): Promise<Unread> {
  const session = connect(listener.url);
  const stream: ClientHttp2Stream = session.request({ ":method": "POST", ":path": path, ...headers });
  stream.end(body);
  await once(stream, "response");
  return {
    readAll: () => sizeOf(stream),
    leave: () => stream.close(constants.NGHTTP2_CANCEL),
    [Symbol.dispose]: () => session.destroy(),
  };
}

/** Waits until the implementation does nothing anymore. */
async function stopped(): Promise<void> {
  let [before, turns] = ["", 0];
  while (turns < 50) {
    const now = `${yielded} ${isEnded}`;
    turns = now === before ? turns + 1 : 0;
    before = now;
    await setImmediate();
  }
}

describe.each([
  { version: "HTTP/1.1", start: callOverHttp1 },
  { version: "HTTP/2", start: callOverHttp2 },
])("a stream over $version", ({ start }) => {
  it("waits for a client that does not read, and goes on when it reads", async () => {
    using call = await start();
    await stopped();
    expect(yielded).toBeGreaterThan(0);
    expect(yielded).toBeLessThan(count / 2);
    expect(await call.readAll()).toBeGreaterThan(count * text.length);
    expect(yielded).toBe(count);
  });

  it("runs the finally block of its implementation when a client that does not read leaves", async () => {
    using call = await start();
    await stopped();
    expect(isEnded).toBe(false);
    call.leave();
    await closed;
    await stopped();
    expect(isEnded).toBe(true);
    expect(yielded).toBeLessThan(count / 2);
  });
});
