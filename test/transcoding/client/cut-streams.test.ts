import { Agent as HttpsAgent } from "node:https";
import { setImmediate } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Agent, fetch as undiciFetch } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { createNodeFetch } from "../../../src/client/node-fetch.ts";
import { createRestTransport } from "../../../src/transcoding/client/index.ts";
import { createTranscodingHandler } from "../../../src/transcoding/index.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { startTestListener } from "../../support/test-listener.ts";
import { type Canned, serveCanned } from "../fixtures/client-library.ts";
import { shelf } from "../fixtures/shelf.ts";

type Stream = (input: object) => AsyncIterable<{ title: string }>;

const handler = createTranscodingHandler({
  errorDomain: "shelf",
  routes(router) {
    router.service(shelf, {
      async *watchBooks({ count }: { count: number }) {
        for (let pages = 1; pages <= count; pages++) {
          yield { title: "x".repeat(10_000), pages };
        }
        throw new ConnectError("the shelf fell", Code.DataLoss);
      },
    } as never);
  },
});

const { cert } = testCertificate;
const http2Agent = new Agent({ allowH2: true, connect: { ca: cert } });
const http1Agent = new Agent({ allowH2: false, connect: { ca: cert } });
const fetches: [string, typeof globalThis.fetch][] = [
  [
    "undici over HTTP/2",
    ((url: string, init: object) => undiciFetch(url, { ...init, dispatcher: http2Agent })) as never,
  ],
  [
    "undici over HTTP/1.1",
    ((url: string, init: object) => undiciFetch(url, { ...init, dispatcher: http1Agent })) as never,
  ],
  ["node:https", createNodeFetch(new HttpsAgent({ ca: cert }))],
];

const canned: Canned[] = [];
afterEach(() => {
  for (const server of canned.splice(0)) {
    server.close();
  }
});

async function read(baseUrl: string, fetch: typeof globalThis.fetch, count: number, isSlow: boolean) {
  const client = createClient(shelf, createRestTransport({ baseUrl, fetch })) as unknown as {
    watchBooks: Stream;
  };
  let received = 0;
  try {
    for await (const _ of client.watchBooks({ count })) {
      received += 1;
      if (isSlow) {
        await setImmediate();
      }
    }
  } catch (cause) {
    const error = ConnectError.from(cause);
    return { received, code: Code[error.code], text: error.rawMessage, details: error.details.length };
  }
  return { received };
}

describe.each(fetches)("the REST transport with %s", (_, fetch) => {
  it.each([
    [1, false],
    [1, true],
    [106, true],
    [500, false],
    [500, true],
  ])("reads the error of a stream that is cut after %i messages, slowly: %s", async (count, isSlow) => {
    await using listener = await startTestListener({}, { tls: testCertificate, onRequest: handler });
    expect(await read(listener.url.replace("127.0.0.1", "localhost"), fetch, count, isSlow)).toEqual({
      received: count,
      code: "DataLoss",
      text: "the shelf fell",
      details: 1,
    });
  });
});

it("the REST transport accepts no compression of streams, whose end would be lost in it, unless its caller does", async () => {
  const accepted: unknown[] = [];
  const server = await serveCanned((request, response) => {
    accepted.push(request.headers["accept-encoding"]);
    response.setHeader("content-type", "application/json");
    response.end("[]");
  });
  canned.push(server);
  const client = createClient(shelf, createRestTransport({ baseUrl: server.baseUrl })) as never as {
    watchBooks: (input: object, options?: object) => AsyncIterable<unknown>;
  };
  for (const headers of [{}, { "accept-encoding": "gzip" }]) {
    for await (const _ of client.watchBooks({ count: 1 }, { headers })) {
      // An empty stream.
    }
  }
  expect(accepted).toEqual(["identity", "gzip"]);
});
