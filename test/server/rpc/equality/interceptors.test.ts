import type { Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextKey,
  type Interceptor,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callers as allCallers, type Caller, type Served, serveBoth } from "./callers.ts";
import { result, scripted } from "./service.ts";

/** Interceptors are those of RPC. */
const callers = allCallers.filter(({ protocol }) => protocol !== "rest");

type Unary = (request: UnaryRequest) => Promise<UnaryResponse>;
type Intercept = (request: UnaryRequest, next: Unary) => Promise<UnaryResponse>;

let intercept: Intercept;
let order: string[];
let served: Served;
beforeAll(async () => {
  const changing: Interceptor = (next) => (request) => intercept(request as UnaryRequest, next as Unary);
  const recording =
    (name: string): Interceptor =>
    (next) =>
    async (request) => {
      order.push(name);
      try {
        return await next(request);
      } finally {
        order.push(`end of ${name}`);
      }
    };
  served = await serveBoth({ interceptors: [recording("outer"), changing, recording("inner")] });
});
afterAll(() => served.close());

/** Makes a call and returns its response. */
async function call(caller: Caller, request = {}, headers = {}) {
  order = [];
  let header = new Headers();
  let trailer = new Headers();
  const message = await served.call(caller, request, {
    headers,
    onHeader: (received) => {
      header = received;
    },
    onTrailer: (received) => {
      trailer = received;
    },
  });
  return { message: message as Message & { padding: string }, header, trailer };
}

/** Returns the response of an interceptor. connect-node has those of its protocol among them. */
function ownResponse({ service, method, header }: UnaryRequest, text: string): UnaryResponse {
  return {
    stream: false,
    service,
    method,
    message: create(result, { padding: text } as never),
    header: new Headers({ "content-type": header.get("content-type") ?? "", "x-header": text }),
    trailer: new Headers({
      "x-trailer": text,
      ...(header.get("content-type")?.startsWith("application/grpc") && { "grpc-status": "0" }),
    }),
  };
}

describe.each(callers)("interceptors of $name", (caller) => {
  it("see the request as it was sent, and run in their order", async () => {
    let seen: UnaryRequest | undefined;
    intercept = (request, next) => {
      seen = request;
      return next(request);
    };
    served.run = () => {
      order.push("implementation");
      return {};
    };
    await call(caller, { padding: 3 }, { "x-note": "a", "x-data-bin": "AP8" });
    expect(seen).toMatchObject({
      stream: false,
      requestMethod: "POST",
      url: `${served.url(caller)}/scripted.v1.Scripted/Run`,
      message: { $typeName: "scripted.v1.Script", padding: 3 },
    });
    expect(seen?.method).toBe(scripted.method.run);
    expect(seen?.service).toBe(scripted);
    expect(seen?.header.get("x-note")).toBe("a");
    expect(seen?.header.get("x-data-bin")).toBe("AP8");
    expect(seen?.signal).toBeInstanceOf(AbortSignal);
    expect(order).toEqual(["outer", "inner", "implementation", "end of inner", "end of outer"]);
  });

  it("change the headers of a request, its message and its context values", async () => {
    const key = createContextKey("");
    intercept = (request, next) => {
      request.header.set("x-note", "changed");
      request.contextValues.set(key, "set");
      return next({ ...request, message: { ...request.message, padding: 5 } as Message });
    };
    let seen: unknown;
    served.run = ({ padding }, { requestHeader, values }) => {
      seen = [padding, requestHeader.get("x-note"), values.get(key)];
      return {};
    };
    await call(caller, { padding: 3 }, { "x-note": "sent" });
    expect(seen).toEqual([5, "changed", "set"]);
  });

  it("pass the implementation other headers, another signal and other values", async () => {
    const signal = AbortSignal.abort(new Error("mine"));
    const header = new Headers({ "x-mine": "a" });
    intercept = (request, next) => next({ ...request, header, signal });
    let seen: unknown;
    served.run = (_, context) => {
      seen = [[...context.requestHeader], context.signal.reason.message];
      return {};
    };
    await call(caller);
    expect(seen).toEqual([[["x-mine", "a"]], "mine"]);
  });

  it("see the response of the implementation, and change it", async () => {
    let seen: unknown;
    intercept = async (request, next) => {
      const response = await next(request);
      const { message, header, trailer, stream } = response;
      seen = [stream, message.$typeName, header.get("x-header"), trailer.get("x-trailer")];
      header.set("x-header", "changed");
      trailer.append("x-trailer", "b");
      return { ...response, message: create(result, { padding: "changed" } as never) };
    };
    served.run = (_, { responseHeader, responseTrailer }) => {
      responseHeader.set("x-header", "a");
      responseTrailer.set("x-trailer", "a");
      return { padding: "x" } as never;
    };
    const { message, header, trailer } = await call(caller);
    expect(seen).toEqual([false, "scripted.v1.Result", "a", "a"]);
    expect(message).toMatchObject({ padding: "changed" });
    expect(header.get("x-header")).toBe("changed");
    expect(trailer.get("x-trailer")).toBe("a, b");
  });

  it("answer themselves, with headers and trailers of their own", async () => {
    let called = false;
    served.run = () => {
      called = true;
      return {};
    };
    intercept = async (request) => ownResponse(request, "own");
    const { message, header, trailer } = await call(caller);
    expect(called).toBe(false);
    expect(message).toMatchObject({ padding: "own" });
    expect(header.get("x-header")).toBe("own");
    expect(trailer.get("x-trailer")).toBe("own");
  });

  it("see the error of the implementation, and replace it", async () => {
    let seen: unknown;
    intercept = async (request, next) => {
      try {
        return await next(request);
      } catch (error) {
        seen = error;
        throw new ConnectError("replaced", Code.DataLoss, { "x-error": "a" });
      }
    };
    const thrown = new ConnectError("no", Code.NotFound);
    served.run = () => {
      throw thrown;
    };
    const error = await call(caller).catch((reason: unknown) => reason);
    expect(seen).toBe(thrown);
    expect(error).toMatchObject({ code: Code.DataLoss, rawMessage: "replaced" });
    expect((error as ConnectError).metadata.get("x-error")).toBe("a");
  });

  it("turn an error into a response", async () => {
    intercept = async (request, next) => next(request).catch(() => ownResponse(request, "instead"));
    served.run = () => {
      throw new Error("no");
    };
    expect((await call(caller)).message).toMatchObject({ padding: "instead" });
  });

  it("call the implementation twice", async () => {
    let calls = 0;
    intercept = async (request, next) => {
      await next(request);
      return next(request);
    };
    served.run = () => {
      calls += 1;
      return { padding: String(calls) } as never;
    };
    expect((await call(caller)).message).toMatchObject({ padding: "2" });
  });
});
