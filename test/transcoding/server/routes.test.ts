import { create, type DescMessage, type Message, toJsonString } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type HandlerContext,
} from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRestTransport } from "../../../src/transcoding/client/index.ts";
import { httpBindingKey } from "../../../src/transcoding/server/context.ts";
import { createTranscodingHandler } from "../../../src/transcoding/server/handler.ts";
import { library } from "../fixtures/library.ts";
import { errorOf, protocols, type Served, send, serve } from "../fixtures/serving.ts";
import { bookDesc, talk } from "../fixtures/shelf.ts";

/** Returns the binding of a call as text. */
function bindingOf({ values }: HandlerContext): string {
  const binding = values.get(httpBindingKey);
  return binding === undefined
    ? "none"
    : `${binding.index}: ${binding.method.name} ${binding.httpMethod} ${binding.template.source}`;
}

const implementation = {
  getTalk: (_: Message, context: HandlerContext) => ({ title: bindingOf(context) }),
  collect: () => ({ title: "never" }),
  chat: async function* () {},
};

const serveTalk = (options: Parameters<typeof serve>[1] = {}) =>
  serve({}, { routes: (router) => router.service(talk, implementation as never), ...options });

describe.each(protocols)("a service with methods that stream requests, over %s", (protocol) => {
  let served: Served;

  beforeAll(async () => {
    served = await serveTalk();
  });

  afterAll(() => served.close());

  it.each([
    ["client-streaming", { method: "POST", path: "/v1/collections", body: {} }, "Collect"],
    [
      "client-streaming, by an additional binding",
      { method: "PUT", path: "/v1/collections/a?alt=nope" },
      "Collect",
    ],
    ["bidirectional", { method: "POST", path: "/v1/chat", body: "[{}]" }, "Chat"],
    [
      "bidirectional, by a body that is not JSON",
      { method: "POST", path: "/v1/chat", body: "<a/>", headers: { "content-type": "text/xml" } },
      "Chat",
    ],
  ])("answers a %s method with 501 UNIMPLEMENTED and the reason", async (_, sent, name) => {
    const answer = await send(served, protocol, sent);
    expect([answer.status, answer.headers["content-type"]]).toEqual([501, "application/json; charset=utf-8"]);
    expect(errorOf(answer)).toEqual({
      code: 501,
      status: "UNIMPLEMENTED",
      message: `rpc shelf.v1.Talk.${name} cannot be called over REST: a request is one message, but this method streams requests`,
      details: [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "UNIMPLEMENTED", domain: "library" },
      ],
    });
  });

  it("serves the other methods, and other HTTP methods of the path are 405", async () => {
    const answer = await send(served, protocol, { path: "/v1/talks/a" });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      { title: "0: GetTalk GET /v1/talks/{title}" },
    ]);
    const other = await send(served, protocol, { path: "/v1/chat" });
    expect([other.status, other.headers.allow]).toEqual([405, "POST"]);
  });

  it.each([
    ["GET", "/v1/talks/a", "0: GetTalk GET /v1/talks/{title}"],
    ["GET", "/v1/talks?title=a", "1: GetTalk * /v1/talks"],
    ["PURGE", "/v1/talks", "1: GetTalk * /v1/talks"],
  ])("a handler reads the binding of %s %s under httpBindingKey", async (method, path, title) => {
    const answer = await send(served, protocol, { method, path });
    expect(JSON.parse(answer.text)).toEqual({ title });
  });
});

describe("createTranscodingHandler", () => {
  it("checks the request gate before it answers 501", async () => {
    const seen: string[] = [];
    const requestGate = (context: HandlerContext) => {
      seen.push(bindingOf(context));
      throw new ConnectError("no", Code.Unauthenticated);
    };
    const own = await serveTalk({ requestGate });
    const answer = await send(own, "HTTP/1.1", { method: "PUT", path: "/v1/collections/a" });
    expect([answer.status, seen]).toEqual([401, ["1: Collect PUT /v1/collections/{title}"]]);
    await own.close();
  });

  it("sets the binding of each request, even if contextValues returns the same values each time", async () => {
    const { createContextValues } = await import("@connectrpc/connect");
    const values = createContextValues();
    const own = await serveTalk({ contextValues: () => values });
    const titles: string[] = [];
    for (const path of ["/v1/talks/a", "/v1/talks"]) {
      titles.push(JSON.parse((await send(own, "HTTP/1.1", { path })).text).title);
    }
    expect(titles).toEqual(["0: GetTalk GET /v1/talks/{title}", "1: GetTalk * /v1/talks"]);
    await own.close();
  });

  it("throws for a rule that does not fit its method, even if the method streams requests", () => {
    const rules = [{ selector: "shelf.v1.Talk.Chat", pattern: { case: "post", value: "/{a}" } } as const];
    const start = () => createTranscodingHandler({ routes: (router) => router.service(talk, {}), rules });
    expect(start).toThrow("rpc shelf.v1.Talk.Chat: {a} in /{a} is not a field of the request");
  });

  it("throws for a rule whose variables set two members of a oneof", () => {
    const pattern = { case: "get", value: "/v1/{left}/{right}" } as const;
    const rules = [{ selector: "library.v1.Library.Echo", pattern }];
    const echo = library.methods.filter(({ name }) => name === "Echo");
    const start = () =>
      createTranscodingHandler({
        routes(router) {
          for (const method of echo) {
            router.rpc(method, (() => ({})) as never);
          }
        },
        rules,
      });
    expect(start).toThrow("{left} and {right}");
  });
});

describe("httpBindingKey", () => {
  it("is undefined over RPC", async () => {
    const transport = createRouterTransport((router) => router.service(talk, implementation as never));
    const { message } = await transport.unary(
      talk.methods.find(({ name }) => name === "GetTalk") as never,
      undefined,
      undefined,
      undefined,
      create(bookDesc as DescMessage) as never,
    );
    expect(JSON.parse(toJsonString(bookDesc, message as Message))).toEqual({ title: "none" });
  });
});

describe("createRestTransport", () => {
  it.each(["collect", "chat"])(
    "raises UNIMPLEMENTED for %s before it reads or sends anything",
    async (name) => {
      const touched: string[] = [];
      const fetch = () => Promise.reject(new Error(`${touched.push("fetch")} calls`));
      const client = createClient(
        talk,
        createRestTransport({ baseUrl: "http://localhost", fetch }),
      ) as Record<string, (messages: AsyncIterable<unknown>) => unknown>;
      const messages = (async function* () {
        touched.push("message");
        yield {};
      })();
      const call = async () => {
        const result = client[name]?.(messages) as AsyncIterable<unknown> & Promise<unknown>;
        for await (const message of name === "chat" ? result : [await result]) {
          touched.push(JSON.stringify(message));
        }
      };
      await expect(call()).rejects.toMatchObject({ code: Code.Unimplemented });
      expect(touched).toEqual([]);
    },
  );
});
