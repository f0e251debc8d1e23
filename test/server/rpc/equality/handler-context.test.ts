import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { isMessage } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextKey,
  createContextValues,
  encodeBinaryHeader,
  type HandlerContext,
} from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Caller, callers, type Served, serveBoth } from "./callers.ts";
import { script, scripted } from "./service.ts";

const key = createContextKey("no value");

let served: Served;
beforeAll(async () => {
  served = await serveBoth({
    contextValues: (request) => createContextValues().set(key, `value of ${request.headers["x-note"]}`),
  });
});
afterAll(() => served.close());

/** A timeout of 50 ms. */
const timeoutHeaders = {
  connect: { name: "connect-timeout-ms", value: "50" },
  grpc: { name: "grpc-timeout", value: "50m" },
  "grpc-web": { name: "grpc-timeout", value: "50m" },
  rest: { name: "x-server-timeout", value: "0.05" },
};

/** Makes a call and returns the context that its implementation got, after the call has ended. */
async function contextOf(
  caller: Caller,
  inspect: (context: HandlerContext) => unknown = () => undefined,
  options: Parameters<Served["call"]>[2] = {},
): Promise<HandlerContext> {
  let seen: HandlerContext | undefined;
  served.run = async (_, context) => {
    seen = context;
    await inspect(context);
    return {};
  };
  await served.call(caller, {}, options);
  return seen as HandlerContext;
}

/** Waits for a signal to be aborted, and returns its reason. */
async function reasonOf(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) {
    await once(signal, "abort");
  }
  return signal.reason;
}

describe.each(callers)("the context of a call to $name", (caller) => {
  const isRest = caller.protocol === "rest";

  it("tells an implementation its service, method, protocol, HTTP method and URL", async () => {
    const context = await contextOf(caller);
    const path = isRest ? "/v1/scripts:run" : "/scripted.v1.Scripted/Run";
    expect(context.service).toBe(scripted);
    expect(context.method).toBe(scripted.method.run);
    expect(context.protocolName).toBe(caller.protocol);
    expect(context.requestMethod).toBe("POST");
    expect(context.url).toBe(`${served.url(caller)}${path}`);
  });

  it("comes with a message that has its type", async () => {
    let message: unknown;
    served.run = (request) => {
      message = request;
      return {};
    };
    await served.call(caller, { padding: 3 });
    expect(isMessage(message, script)).toBe(true);
    expect(message).toMatchObject({ $typeName: "scripted.v1.Script", padding: 3, responseHeaders: [] });
  });

  it("has the request headers, as text and as bytes", async () => {
    const headers = new Headers({
      "x-note": "a",
      "x-data-bin": encodeBinaryHeader(new Uint8Array([0, 255])),
    });
    headers.append("x-note", "b");
    const { requestHeader } = await contextOf(caller, undefined, { headers });
    expect(requestHeader).toBeInstanceOf(Headers);
    expect(requestHeader.get("x-note")).toBe("a, b");
    expect(requestHeader.get("X-Data-Bin")).toBe("AP8");
    expect(requestHeader.get("content-type")).toMatch(/^application\//);
    expect(requestHeader.get("x-none")).toBeNull();
  });

  it("tells the time that is left, and none without a timeout", async () => {
    let left: unknown;
    const inspect = ({ timeoutMs }: HandlerContext) => {
      left = timeoutMs();
    };
    await contextOf(caller, inspect);
    expect(left).toBeUndefined();
    await contextOf(caller, inspect, { timeoutMs: 3_600_000 });
    expect(left).toBeGreaterThan(3_000_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });

  it("has the context values of its request, and takes others", async () => {
    const other = createContextKey(0);
    const { values } = await contextOf(caller, (context) => context.values.set(other, 1), {
      headers: { "x-note": "a" },
    });
    expect(values.get(key)).toBe("value of a");
    expect(values.get(other)).toBe(1);
  });

  it("sends the headers and trailers that an implementation sets, of several values and of bytes", async () => {
    served.run = (_, { responseHeader, responseTrailer }) => {
      for (const [name, target] of [
        ["header", responseHeader],
        ["trailer", responseTrailer],
      ] as const) {
        target.append(`x-${name}`, "a");
        target.append(`x-${name}`, "b");
        target.set(`x-${name}-bin`, encodeBinaryHeader(new Uint8Array([1, 2, 255])));
        target.set(`x-${name}-gone`, "c");
        target.delete(`x-${name}-gone`);
      }
      return {};
    };
    const headers = Promise.withResolvers<Headers>();
    const trailers = Promise.withResolvers<Headers>();
    await served.call(caller, {}, { onHeader: headers.resolve, onTrailer: trailers.resolve });
    const [header, trailer] = [await headers.promise, await trailers.promise];
    expect(header.get("x-header")).toBe("a, b");
    expect(header.get("x-header-bin")).toBe("AQL/");
    expect(header.has("x-header-gone")).toBe(false);
    // HTTP/1.1 responses of REST have no trailers.
    expect(trailer.get("x-trailer")).toBe(isRest ? null : "a, b");
    expect(trailer.get("x-trailer-bin")).toBe(isRest ? null : "AQL/");
    expect(trailer.has("x-trailer-gone")).toBe(false);
  });

  it("can be destructured", async () => {
    let seen: unknown[] = [];
    await contextOf(caller, (context) => {
      const { method, service, requestMethod, url, protocolName, timeoutMs, signal, values } = context;
      const { requestHeader, responseHeader, responseTrailer } = context;
      const names = { method: method.name, service: service.name, requestMethod, protocolName };
      seen = [names, url, timeoutMs(), signal, values, requestHeader, responseHeader, responseTrailer];
    });
    expect(seen).toMatchObject([
      { method: "Run", service: "Scripted", requestMethod: "POST", protocolName: caller.protocol },
      expect.stringMatching(/^http:/),
      undefined,
      expect.any(AbortSignal),
      { get: expect.any(Function), set: expect.any(Function) },
      expect.any(Headers),
      expect.any(Headers),
      expect.any(Headers),
    ]);
  });

  it("returns the same objects each time", async () => {
    const context = await contextOf(caller);
    for (const name of ["signal", "requestHeader", "responseHeader", "responseTrailer", "values"] as const) {
      expect(context[name]).toBe(context[name]);
    }
  });

  it("has a signal that is not aborted until the call has ended", async () => {
    let during: boolean | undefined;
    const { signal } = await contextOf(caller, async (context) => {
      await setImmediate();
      during = context.signal.aborted;
    });
    expect(during).toBe(false);
    expect(await reasonOf(signal)).toMatchObject({ name: "AbortError" });
  });

  it("has a signal that is aborted, also if it is first read after the call", async () => {
    const context = await contextOf(caller);
    // The client has the answer before the server knows that it was written.
    await expect.poll(() => context.signal.aborted).toBe(true);
  });

  it("has a signal with the error of a call that failed", async () => {
    let signal: AbortSignal | undefined;
    const error = new ConnectError("no", Code.NotFound);
    served.run = (_, context) => {
      signal = context.signal;
      throw error;
    };
    await expect(served.call(caller)).rejects.toMatchObject({ code: Code.NotFound, rawMessage: "no" });
    expect(await reasonOf(signal as AbortSignal)).toBe(error);
  });

  it("has a signal that is aborted when the deadline passes", async () => {
    const reason = Promise.withResolvers<unknown>();
    let called = false;
    served.run = async (_, { signal }) => {
      called = true;
      reason.resolve(await reasonOf(signal));
      throw signal.reason;
    };
    const { name, value } = timeoutHeaders[caller.protocol];
    // On a busy machine, it may have passed before the call.
    while (!called) {
      // Not by the option of the client, which would cancel the call.
      const call = served.call(caller, {}, { headers: { [name]: value } });
      await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    }
    expect(await reason.promise).toBeInstanceOf(ConnectError);
    expect(await reason.promise).toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("has a signal that is aborted when the client cancels", async () => {
    const called = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<unknown>();
    served.run = async (_, { signal }) => {
      called.resolve();
      reason.resolve(await reasonOf(signal));
      return {};
    };
    const cancelled = new AbortController();
    const call = served.call(caller, {}, { signal: cancelled.signal });
    await called.promise;
    cancelled.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    expect(await reason.promise).toBeInstanceOf(Error);
  });
});

describe.each(callers)("the shutdown of $name", (caller) => {
  it("aborts the signals of running calls with its reason", async () => {
    const shutdown = new AbortController();
    const stopping = await serveBoth({ shutdownSignal: shutdown.signal });
    try {
      stopping.run = async (_, { signal }) => {
        shutdown.abort(new ConnectError("the server stops", Code.Unavailable));
        throw await reasonOf(signal);
      };
      await expect(stopping.call(caller)).rejects.toMatchObject({ code: Code.Unavailable });
    } finally {
      await stopping.close();
    }
  });
});
