import { setTimeout } from "node:timers/promises";
import type { DescService } from "@bufbuild/protobuf";
import {
  Code,
  type ConnectError,
  type ConnectRouter,
  createClient,
  createContextValues,
  type HandlerContext,
  type Transport,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Listener, listen } from "../../src/server/connections/listener.ts";
import type { HttpRequest } from "../../src/server/http-handler.ts";
import { createRpcHandler } from "../../src/server/rpc/handler.ts";
import {
  attachFacts,
  type CallFacts,
  callFactsKey,
  factsOf,
  settleOutcome,
} from "../../src/server/telemetry/call-facts.ts";
import { createRestTransport, createTranscodingHandler } from "../../src/transcoding/index.ts";
import { shelf } from "../transcoding/fixtures/shelf.ts";

type Handler = (context: HandlerContext) => Promise<unknown>;

/** What the next call runs: before its answer if it is unary, after its first message if it is a stream. */
let handler: Handler = async () => undefined;
let logged: unknown[] = [];
let calls: CallFacts[] = [];
let listener: Listener;

beforeAll(async () => {
  const routes = (router: ConnectRouter) => {
    router.service(shelf, {
      anything: async (_: unknown, context: HandlerContext) => {
        await handler(context);
        return {};
      },
      watchBooks: async function* (_: unknown, context: HandlerContext) {
        yield { title: "first" };
        await handler(context);
      },
    } as never);
  };
  const log = (cause: unknown) => logged.push(cause);
  const common = {
    routes,
    readMaxBytes: 1024,
    shutdownSignal: new AbortController().signal,
    requestGate: async () => {},
    contextValues: (request: HttpRequest) => createContextValues().set(callFactsKey, factsOf(request)),
    onError: (error: ConnectError, request: HttpRequest) => settleOutcome(factsOf(request), { error }),
    onFailure: log,
  };
  const rpc = createRpcHandler(common);
  const rest = createTranscodingHandler(common);
  listener = await listen({ host: "127.0.0.1", port: 0 }, (request, response) => {
    // Without the observer of requests, which settles the outcome first if the client has left.
    const call = { id: "x", outcome: undefined } as CallFacts;
    calls.push(call);
    attachFacts(request, call);
    (rpc.serves(request.url ?? "") ? rpc.handle : rest)(request, response);
  });
});
afterAll(() => listener.close(0));

const transports: Readonly<Record<string, () => Transport>> = {
  "Connect over HTTP/1.1": () => createConnectTransport({ baseUrl: listener.url, httpVersion: "1.1" }),
  "Connect over HTTP/2": () => createConnectTransport({ baseUrl: listener.url, httpVersion: "2" }),
  gRPC: () => createGrpcTransport({ baseUrl: listener.url }),
  "gRPC-Web over HTTP/1.1": () => createGrpcWebTransport({ baseUrl: listener.url, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": () => createGrpcWebTransport({ baseUrl: listener.url, httpVersion: "2" }),
  REST: () => createRestTransport({ baseUrl: listener.url }),
};
/** The deadline of every protocol, unknown to the client, which would leave at the same time. */
const deadline = { "connect-timeout-ms": "50", "grpc-timeout": "50m", "x-server-timeout": "0.05" };
const kinds = ["unary", "stream"] as const;

type Client = {
  anything(request: object, options: object): Promise<unknown>;
  watchBooks(request: object, options: object): AsyncIterable<unknown>;
};

/** Makes one call and returns its error. */
async function call(transport: () => Transport, kind: (typeof kinds)[number], options: object = {}) {
  const client = createClient(shelf as DescService, transport()) as unknown as Client;
  try {
    if (kind === "unary") {
      await client.anything({}, options);
    } else {
      for await (const _ of client.watchBooks({}, options)) {
        // Reads until the end.
      }
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

/** What handlers that stop because the signal is aborted throw. */
const waits: Readonly<Record<string, Handler>> = {
  "an AbortError": ({ signal }) => setTimeout(60_000, undefined, { signal }),
  "the reason of its signal": ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  "a DOMException": ({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
    ),
};

describe.each(Object.keys(transports))("%s", (name) => {
  const transport = transports[name] as () => Transport;

  describe.each(kinds)("%s", (kind) => {
    it.each(Object.keys(waits))(
      `a ${kind} call over ${name} whose client leaves, and whose handler then throws %s, is CANCELLED and no failure`,
      async (wait) => {
        logged = [];
        calls = [];
        const leaving = new AbortController();
        const ended = Promise.withResolvers<void>();
        handler = async (context) => {
          leaving.abort();
          await (waits[wait] as Handler)(context).finally(() => ended.resolve());
        };
        await call(transport, kind, { signal: leaving.signal });
        await ended.promise;
        await expect.poll(() => calls[0]?.outcome?.code).toBe(Code.Canceled);
        // A failure of a later call is logged after that of this one.
        const failure = new TypeError("x");
        handler = () => Promise.reject(failure);
        await call(transport, "unary");
        expect(logged).toEqual([failure]);
      },
    );

    it(`a ${kind} call over ${name} whose deadline passes, and whose handler then throws an AbortError, is DEADLINE_EXCEEDED and no failure`, async () => {
      logged = [];
      calls = [];
      const ended = Promise.withResolvers<void>();
      handler = (context) => (waits["an AbortError"] as Handler)(context).finally(() => ended.resolve());
      expect(await call(transport, kind, { headers: deadline })).toMatchObject({
        code: Code.DeadlineExceeded,
      });
      await ended.promise;
      await expect.poll(() => calls[0]?.outcome?.code).toBe(Code.DeadlineExceeded);
      expect(logged).toEqual([]);
    });

    it(`a ${kind} call over ${name} whose deadline passes, and whose handler then returns, is DEADLINE_EXCEEDED and no failure`, async () => {
      logged = [];
      calls = [];
      handler = (context) => (waits["an AbortError"] as Handler)(context).catch(() => undefined);
      expect(await call(transport, kind, { headers: deadline })).toMatchObject({
        code: Code.DeadlineExceeded,
      });
      await expect.poll(() => calls[0]?.outcome?.code).toBe(Code.DeadlineExceeded);
      expect(logged).toEqual([]);
    });

    it(`a ${kind} call over ${name} whose handler throws an AbortError of its own is an INTERNAL failure`, async () => {
      logged = [];
      calls = [];
      const own = new DOMException("aborted", "AbortError");
      handler = () => Promise.reject(own);
      expect(await call(transport, kind)).toMatchObject({ code: Code.Internal });
      expect(logged).toEqual([own]);
      expect(calls[0]?.outcome).toMatchObject({ code: Code.Internal, reason: "SERVER_FAILURE" });
    });
  });
});
