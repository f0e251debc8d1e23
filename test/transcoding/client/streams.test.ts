import { once } from "node:events";
import { Agent, type RequestListener, type ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createNodeFetch } from "../../../src/client/node-fetch.ts";
import { createRestTransport, type RestTransportOptions } from "../../../src/transcoding/client/transport.ts";
import { type Canned, serveCanned, streamMethod, streams } from "../fixtures/client-library.ts";

const servers: Canned[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) {
    server.close();
  }
});

async function listen(listener: RequestListener): Promise<string> {
  const server = await serveCanned(listener);
  servers.push(server);
  return server.baseUrl;
}

/** Starts a server that responds with pieces, each in a separate write. */
const answer = (pieces: Iterable<Uint8Array | string>, contentType = "application/json", status = 200) =>
  listen(async (_, response) => {
    response.writeHead(status, { "content-type": contentType });
    for (const piece of pieces) {
      response.write(piece);
      await setImmediate();
    }
    response.end();
  });

type Call = {
  name?: string;
  json?: JsonValue;
  signal?: AbortSignal;
  timeoutMs?: number;
  count?: number;
  onMessage?: () => unknown;
};

/** Calls a streaming method. Returns its messages and, if it fails, its error. */
async function read(options: RestTransportOptions, call: Call = {}) {
  const { name = "ReadShelf", json = { shelf: "shelves/1" }, signal, timeoutMs, count = 1 } = call;
  const method = streamMethod(name);
  const input = (async function* () {
    for (let index = 0; index < count; index++) {
      yield fromJson(method.input, json);
    }
  })();
  const messages: JsonValue[] = [];
  try {
    const response = await createRestTransport(options).stream(method, signal, timeoutMs, undefined, input);
    for await (const message of response.message) {
      messages.push(toJson(method.output, message));
      await call.onMessage?.();
    }
  } catch (cause) {
    if (!(cause instanceof ConnectError)) {
      throw cause;
    }
    return { messages, code: Code[cause.code], text: cause.rawMessage, error: cause };
  }
  return { messages };
}

const bytesOf = (text: string) => [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte));
const two = [{ title: "ä€😀" }, { title: "],{", pages: 3 }];

describe("a stream as a JSON array", () => {
  it.each([
    ["[]", []],
    [JSON.stringify(two), two],
    [JSON.stringify(two, undefined, 2), two],
    ['[{"title":"\\"\\\\","newField":[{}]}]', [{ title: '"\\' }]],
  ])("the transport reads the stream %j, in one piece and byte by byte", async (text, messages) => {
    expect(await read({ baseUrl: await answer([text]) })).toEqual({ messages });
    expect(await read({ baseUrl: await answer(bytesOf(text)) })).toEqual({ messages });
  });

  it("a client receives a message before the next one is sent", async () => {
    const opened = Promise.withResolvers<ServerResponse>();
    const baseUrl = await listen((request, response) => {
      response.writeHead(200, { "x-path": `${request.method} ${request.url}` });
      response.write('[{"title":"a"},');
      opened.resolve(response);
    });
    const client = createClient(streams, createRestTransport({ baseUrl }));
    const call = client.readShelf as unknown as (input: object, options: object) => AsyncIterable<unknown>;
    let path: string | null = "";
    const onHeader = (headers: Headers) => {
      path = headers.get("x-path");
    };
    const messages = call({ shelf: "shelves/1", pageSize: 2 }, { onHeader })[Symbol.asyncIterator]();
    expect((await messages.next()).value).toMatchObject({ title: "a" });
    expect(path).toBe("GET /v1/shelves/1:read?pageSize=2");
    (await opened.promise).end('{"title":"b"}]');
    expect((await messages.next()).value).toMatchObject({ title: "b" });
    expect((await messages.next()).done).toBe(true);
  });

  it("the transport reads stream elements as the field that response_body names", async () => {
    const baseUrl = await answer(['["a",null,"b"]']);
    expect(await read({ baseUrl }, { name: "ReadTitles" })).toEqual({
      messages: [{ title: "a" }, {}, { title: "b" }],
    });
  });

  const failure = { code: 404, message: "lost", status: "NOT_FOUND" };
  const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "LOST", domain: "d" };

  it("the transport raises the error in the last element of a stream", async () => {
    const text = JSON.stringify([{ title: "a" }, { error: { ...failure, details: [info] } }]);
    for (const pieces of [[text], bytesOf(text)]) {
      const { messages, code, text: message, error } = await read({ baseUrl: await answer(pieces) });
      expect([messages, code, message]).toEqual([[{ title: "a" }], "NotFound", "lost"]);
      expect(error?.details).toHaveLength(1);
    }
  });

  it("the transport reads an element with the key error as a message if the message has such a field", async () => {
    const text = '[{"error":{"title":"a"}},{"error":{"message":"x","code":1}}]';
    const baseUrl = await answer([text]);
    expect(await read({ baseUrl }, { name: "ReadNotes" })).toEqual({
      messages: [{ error: { title: "a" } }, { error: {} }],
    });
  });

  it("the transport does not raise elements whose key error is not an AIP-193 error", async () => {
    const baseUrl = await answer(['[{"title":"a","error":{"code":1}},{"error":"x"},{"error":{"at":1}}]']);
    expect(await read({ baseUrl })).toEqual({ messages: [{ title: "a" }, {}, {}] });
  });

  it.each([
    ['[{"title":"a"}', "DataLoss", [{ title: "a" }]],
    ['[{"title":"a"', "DataLoss", []],
    ['[{"title":"a"},', "DataLoss", [{ title: "a" }]],
    ["", "DataLoss", []],
    ["{}", "Internal", []],
    ["<html></html>", "Internal", []],
    ['[{"title":"a"},{"title":7}]', "Internal", [{ title: "a" }]],
    ['[{"title":"a"},{"title"}]', "Internal", [{ title: "a" }]],
    ['[{"title":"a"}]]', "Internal", [{ title: "a" }]],
  ])("the transport ends the stream %j with %s", async (text, code, messages) => {
    expect(await read({ baseUrl: await answer([text]) })).toMatchObject({ messages, code });
    expect(await read({ baseUrl: await answer(bytesOf(text)) })).toMatchObject({ messages, code });
  });

  it("the transport raises INTERNAL for a stream that is not UTF-8", async () => {
    const baseUrl = await answer([Uint8Array.of(0x5b, 0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0x5d)]);
    expect(await read({ baseUrl })).toMatchObject({ code: "Internal" });
  });

  it("the transport raises RESOURCE_EXHAUSTED for a stream message that is too large and closes the connection", async () => {
    const closed = Promise.withResolvers<void>();
    const baseUrl = await listen((_, response) => {
      response.on("close", closed.resolve);
      response.write(`[{"title":"a"},{"title":"${"b".repeat(100)}`);
    });
    const result = await read({ baseUrl, readMaxBytes: 50 });
    expect(result).toMatchObject({ messages: [{ title: "a" }], code: "ResourceExhausted" });
    await closed.promise;
  });

  it("the transport limits the size of each message, not of the stream", async () => {
    const messages = Array.from({ length: 100 }, (_, pages) => ({ title: "a", pages: pages + 1 }));
    const baseUrl = await answer([JSON.stringify(messages)]);
    expect(await read({ baseUrl, readMaxBytes: 50 })).toEqual({ messages });
  });

  const broken = JSON.stringify([{ title: "a" }, { title: "b" }, { error: { ...failure, details: [info] } }]);

  it.each([
    ["the platform's fetch", globalThis.fetch],
    ["the fetch of this package's client", createNodeFetch(new Agent())],
  ])(
    "the transport raises the error of the server, not of the connection that it cut, with %s",
    async (_, fetch) => {
      for (const isSlow of [false, true]) {
        const cut = Promise.withResolvers<void>();
        const baseUrl = await listen((_, response) => {
          response.on("close", cut.resolve);
          response.write(broken.slice(0, -1), () => response.socket?.destroySoon());
        });
        const onMessage = () => isSlow && cut.promise;
        const { messages, code, text, error } = await read({ baseUrl, fetch }, { onMessage });
        expect([messages, code, text]).toEqual([[{ title: "a" }, { title: "b" }], "NotFound", "lost"]);
        expect(error?.details).toMatchObject([{ value: { reason: "LOST" } }]);
      }
    },
  );

  it("the transport raises the error of the server in lines behind which the connection is cut", async () => {
    const baseUrl = await listen((_, response) => {
      response.setHeader("content-type", "application/x-ndjson");
      const lines = `{"title":"a"}\n${JSON.stringify({ error: failure })}\n`;
      response.write(lines, () => response.socket?.destroySoon());
    });
    expect(await read({ baseUrl })).toMatchObject({ messages: [{ title: "a" }], code: "NotFound" });
  });

  it.each([
    ["behind a message", '[{"title":"a"}', [{ title: "a" }]],
    ["behind a comma", '[{"title":"a"},', [{ title: "a" }]],
    ["in a message", '[{"title":"a"},{"title":"b', [{ title: "a" }]],
    ["in an error", `[{"title":"a"},{"error":{"code":404,"message":"x`, [{ title: "a" }]],
    ["behind the array", '[{"title":"a"}]', [{ title: "a" }]],
    ["before the array", "", []],
  ])("the transport raises UNAVAILABLE if the connection breaks %s", async (_, text, messages) => {
    const baseUrl = await listen((_, response) => {
      response.flushHeaders();
      response.write(text, () => response.socket?.destroySoon());
    });
    for (const fetch of [globalThis.fetch, createNodeFetch(new Agent())]) {
      expect(await read({ baseUrl, fetch })).toMatchObject({
        messages,
        code: "Unavailable",
        text: expect.stringMatching(/^the request failed: \S/),
      });
    }
  });

  it("the transport receives a message before its separator", async () => {
    const opened = Promise.withResolvers<ServerResponse>();
    const baseUrl = await listen((_, response) => {
      response.write('[{"title":"a"}');
      opened.resolve(response);
    });
    const response = opened.promise;
    const onMessage = async () => (await response).end("]");
    expect(await read({ baseUrl }, { onMessage })).toEqual({ messages: [{ title: "a" }] });
  });

  it("the transport yields nothing that was read ahead once its call is aborted", async () => {
    const controller = new AbortController();
    const baseUrl = await answer(['[{"title":"a"},{"title":"b"}]']);
    const onMessage = () => controller.abort();
    const result = await read({ baseUrl }, { signal: controller.signal, onMessage });
    expect(result).toMatchObject({ messages: [{ title: "a" }], code: "Canceled" });
  });

  it("the transport stops reading ahead of a slow caller, and reads everything", async () => {
    const title = "x".repeat(100_000);
    const messages = Array.from({ length: 60 }, () => ({ title }));
    const baseUrl = await answer([JSON.stringify(messages)]);
    const onMessage = () => setImmediate();
    expect(await read({ baseUrl }, { onMessage })).toEqual({ messages });
  });
});

describe("other streams", () => {
  it.each(["application/x-ndjson", "application/NDJSON; charset=utf-8", "application/jsonl"])(
    "the transport reads a stream of lines: %s",
    async (type) => {
      const text = two.map((each) => JSON.stringify(each)).join("\n");
      expect(await read({ baseUrl: await answer(bytesOf(text), type) })).toEqual({ messages: two });
      expect(await read({ baseUrl: await answer([`${text}\n\n`], type) })).toEqual({ messages: two });
      const failed = `${text}\n{"error":{"status":"ABORTED","message":"x"}}\n`;
      expect(await read({ baseUrl: await answer([failed], type) })).toMatchObject({
        messages: two,
        code: "Aborted",
        text: "x",
      });
      const cut = await read({ baseUrl: await answer([text.slice(0, -1)], type) });
      expect(cut).toMatchObject({ messages: two.slice(0, 1), code: "Internal" });
    },
  );

  it("the transport reads an HttpBody stream as its chunks", async () => {
    const baseUrl = await answer(["ab", Uint8Array.of(0xff, 0)], "image/png");
    const { messages } = await read({ baseUrl }, { name: "Download" });
    const whole = messages.map((each) => Buffer.from((each as { data: string }).data, "base64"));
    expect(Buffer.concat(whole)).toEqual(Buffer.from([0x61, 0x62, 0xff, 0]));
    expect(messages).toEqual(messages.map(() => expect.objectContaining({ contentType: "image/png" })));
  });

  it("the transport reads a 204 response as an empty stream", async () => {
    const baseUrl = await listen((_, response) => response.writeHead(204).end());
    expect(await read({ baseUrl })).toEqual({ messages: [] });
  });

  it.each([
    ["an error", '{"error":{"status":"NOT_FOUND","message":"x"}}', "NotFound", "x"],
    [
      "an error in an array",
      '[{"error":{"status":"NOT_FOUND","message":"x"}}]',
      "FailedPrecondition",
      "HTTP 410",
    ],
    ["an HTML page", "<html>", "FailedPrecondition", "HTTP 410"],
  ])(
    "the transport raises the error of an error status without reading messages: %s",
    async (_, body, code, text) => {
      expect(await read({ baseUrl: await answer([body], "text/html", 410) })).toMatchObject({
        messages: [],
        code,
        text,
      });
    },
  );

  it("the transport prefers a JSON array in Accept and sends the body of a streaming request", async () => {
    const seen: unknown[] = [];
    const baseUrl = await listen(async (request, response) => {
      let body = "";
      for await (const chunk of request) {
        body += chunk;
      }
      seen.push(request.method, request.headers.accept, body);
      response.end("[]");
    });
    await read({ baseUrl }, { name: "ReadNotes", json: { pageSize: 1 } });
    expect(seen).toEqual(["POST", "application/json, application/x-ndjson;q=0.5", '{"pageSize":1}']);
  });
});

describe("the end of a call", () => {
  const open = () => {
    const opened = Promise.withResolvers<ServerResponse>();
    const baseUrl = listen((_, response) => {
      response.write('[{"title":"a"},');
      opened.resolve(response);
    });
    return { baseUrl, opened: opened.promise };
  };

  it("the transport raises CANCELLED for an aborted stream and closes its connection", async () => {
    const { baseUrl, opened } = open();
    const controller = new AbortController();
    const reading = read({ baseUrl: await baseUrl }, { signal: controller.signal });
    const response = await opened;
    await setImmediate();
    const closed = once(response, "close");
    controller.abort();
    await closed;
    expect(await reading).toMatchObject({ code: "Canceled" });
  });

  it("the transport raises DEADLINE_EXCEEDED for a stream that takes too long and sends the timeout to the server", async () => {
    const { baseUrl, opened } = open();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const onMessage = () => vi.advanceTimersByTime(80);
    const reading = read({ baseUrl: await baseUrl }, { timeoutMs: 80, onMessage });
    expect((await opened).req.headers["x-server-timeout"]).toBe("0.08");
    expect(await reading).toMatchObject({ messages: [{ title: "a" }], code: "DeadlineExceeded" });
  });

  it("the transport raises DEADLINE_EXCEEDED for a stream that takes longer than the default timeout", async () => {
    const { baseUrl } = open();
    const result = await read({ baseUrl: await baseUrl, defaultTimeoutMs: 80 });
    expect(result).toMatchObject({ code: "DeadlineExceeded" });
  });

  it.each(["Collect", "Talk"])(
    "the transport raises UNIMPLEMENTED for %s, which streams requests",
    async (name) => {
      expect(await read({ baseUrl: "http://127.0.0.1" }, { name, json: {} })).toMatchObject({
        code: "Unimplemented",
        text: `rpc library.v1.Streams.${name} cannot be called over REST: a request is one message, but this method streams requests`,
      });
    },
  );

  it.each([0, 2])("the transport raises INVALID_ARGUMENT for %i request messages", async (count) => {
    const fetch = () => Promise.reject(new Error("sent"));
    expect(await read({ baseUrl: "/", fetch }, { count })).toMatchObject({ code: "InvalidArgument" });
  });

  it("the transport raises INVALID_ARGUMENT for a stream request that fits no rule", async () => {
    const fetch = () => Promise.reject(new Error("sent"));
    expect(await read({ baseUrl: "/", fetch }, { json: {} })).toMatchObject({
      code: "InvalidArgument",
      text: "shelf is part of the path and must not be empty",
    });
  });
});
