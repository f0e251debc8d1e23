import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { createRestTransport, type RestTransportOptions } from "../../../src/transcoding/client/transport.ts";
import { type Canned, serveCanned, streamMethod, streams } from "../fixtures/client-library.ts";

const servers: Canned[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
  }
});

async function listen(listener: RequestListener): Promise<string> {
  const server = await serveCanned(listener);
  servers.push(server);
  return server.baseUrl;
}

/** A server that answers pieces, each in a write of its own. */
const answer = (pieces: Iterable<Uint8Array | string>, contentType = "application/json", status = 200) =>
  listen(async (_, response) => {
    response.writeHead(status, { "content-type": contentType });
    for (const piece of pieces) {
      response.write(piece);
      await setImmediate();
    }
    response.end();
  });

type Call = { name?: string; json?: JsonValue; signal?: AbortSignal; timeoutMs?: number; count?: number };

/** Calls a streaming method: the messages that come, and how it ends if not well. */
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
  ])("K9: %j, in one piece and byte by byte", async (text, messages) => {
    expect(await read({ baseUrl: await answer([text]) })).toEqual({ messages });
    expect(await read({ baseUrl: await answer(bytesOf(text)) })).toEqual({ messages });
  });

  it("K9: a message is there before the next one is sent, through a client", async () => {
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

  it("K8: each element is the field that response_body names", async () => {
    const baseUrl = await answer(['["a",null,"b"]']);
    expect(await read({ baseUrl }, { name: "ReadTitles" })).toEqual({
      messages: [{ title: "a" }, {}, { title: "b" }],
    });
  });

  const failure = { code: 404, message: "lost", status: "NOT_FOUND" };
  const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "LOST", domain: "d" };

  it("X3: an error as the last element ends the stream", async () => {
    const text = JSON.stringify([{ title: "a" }, { error: { ...failure, details: [info] } }]);
    for (const pieces of [[text], bytesOf(text)]) {
      const { messages, code, text: message, error } = await read({ baseUrl: await answer(pieces) });
      expect([messages, code, message]).toEqual([[{ title: "a" }], "NotFound", "lost"]);
      expect(error?.details).toHaveLength(1);
    }
  });

  it("X3: unless the message has a field of that name", async () => {
    const text = '[{"error":{"title":"a"}},{"error":{"message":"x","code":1}}]';
    const baseUrl = await answer([text]);
    expect(await read({ baseUrl }, { name: "ReadNotes" })).toEqual({
      messages: [{ error: { title: "a" } }, { error: {} }],
    });
  });

  it("X3, J2: a field `error` of a newer server is not an error", async () => {
    const baseUrl = await answer(['[{"title":"a","error":{"code":1}},{"error":"x"},{"error":{"at":1}}]']);
    expect(await read({ baseUrl })).toEqual({ messages: [{ title: "a" }, {}, {}] });
  });

  it.each([
    ["X2", '[{"title":"a"}', "DataLoss", []],
    ["X2", '[{"title":"a"},', "DataLoss", [{ title: "a" }]],
    ["X2", "", "DataLoss", []],
    ["X2", "{}", "Internal", []],
    ["X2", "<html></html>", "Internal", []],
    ["X2", '[{"title":"a"},{"title":7}]', "Internal", [{ title: "a" }]],
    ["X2", '[{"title":"a"},{"title"}]', "Internal", [{ title: "a" }]],
    ["X2", '[{"title":"a"}]]', "Internal", [{ title: "a" }]],
  ])("%s: %j is %s", async (_, text, code, messages) => {
    expect(await read({ baseUrl: await answer([text]) })).toMatchObject({ messages, code });
    expect(await read({ baseUrl: await answer(bytesOf(text)) })).toMatchObject({ messages, code });
  });

  it("J8: text that is not UTF-8 is INTERNAL", async () => {
    const baseUrl = await answer([Uint8Array.of(0x5b, 0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0x5d)]);
    expect(await read({ baseUrl })).toMatchObject({ code: "Internal" });
  });

  it("K9: a message that is too large is RESOURCE_EXHAUSTED, and the connection is closed", async () => {
    const closed = Promise.withResolvers<void>();
    const baseUrl = await listen((_, response) => {
      response.on("close", closed.resolve);
      response.write(`[{"title":"a"},{"title":"${"b".repeat(100)}`);
    });
    const result = await read({ baseUrl, readMaxBytes: 50 });
    expect(result).toMatchObject({ messages: [{ title: "a" }], code: "ResourceExhausted" });
    await closed.promise;
  });

  it("K9: the bound is for each message, not for the stream", async () => {
    const messages = Array.from({ length: 100 }, (_, pages) => ({ title: "a", pages: pages + 1 }));
    const baseUrl = await answer([JSON.stringify(messages)]);
    expect(await read({ baseUrl, readMaxBytes: 50 })).toEqual({ messages });
  });

  it("K10: a connection that breaks is UNAVAILABLE", async () => {
    const baseUrl = await listen((_, response) => {
      response.write('[{"title":"a"},', () => response.destroy());
    });
    expect(await read({ baseUrl })).toMatchObject({ messages: [{ title: "a" }], code: "Unavailable" });
  });
});

describe("other streams", () => {
  it.each(["application/x-ndjson", "application/NDJSON; charset=utf-8", "application/jsonl"])(
    "X2: lines of %s",
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

  it("X1: an HttpBody stream is the chunks as they come", async () => {
    const baseUrl = await answer(["ab", Uint8Array.of(0xff, 0)], "image/png");
    const { messages } = await read({ baseUrl }, { name: "Download" });
    const whole = messages.map((each) => Buffer.from((each as { data: string }).data, "base64"));
    expect(Buffer.concat(whole)).toEqual(Buffer.from([0x61, 0x62, 0xff, 0]));
    expect(messages).toEqual(messages.map(() => expect.objectContaining({ contentType: "image/png" })));
  });

  it("X3: no content is no message", async () => {
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
  ])("E6: a status that is an error ends the call at once: %s", async (_, body, code, text) => {
    expect(await read({ baseUrl: await answer([body], "text/html", 410) })).toMatchObject({
      messages: [],
      code,
      text,
    });
  });

  it("X2: tells the server that an array is best, and the body of the request", async () => {
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

  it("C5: an aborted stream is CANCELLED, and its connection closed", async () => {
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

  it("C4: a stream that takes too long is DEADLINE_EXCEEDED, and the server was told", async () => {
    const { baseUrl, opened } = open();
    const reading = read({ baseUrl: await baseUrl }, { timeoutMs: 80 });
    expect((await opened).req.headers["x-server-timeout"]).toBe("0.08");
    expect(await reading).toMatchObject({ messages: [{ title: "a" }], code: "DeadlineExceeded" });
  });

  it("C4: so is one that takes longer than the default", async () => {
    const { baseUrl } = open();
    const result = await read({ baseUrl: await baseUrl, defaultTimeoutMs: 80 });
    expect(result).toMatchObject({ code: "DeadlineExceeded" });
  });

  it.each(["Collect", "Talk"])("X4: %s streams requests and is UNIMPLEMENTED", async (name) => {
    expect(await read({ baseUrl: "http://127.0.0.1" }, { name, json: {} })).toMatchObject({
      code: "Unimplemented",
      text: `rpc library.v1.Streams.${name} cannot be called over REST: a request is one message, but this method streams requests`,
    });
  });

  it.each([0, 2])("X4: %i request messages are INVALID_ARGUMENT", async (count) => {
    const fetch = () => Promise.reject(new Error("sent"));
    expect(await read({ baseUrl: "", fetch }, { count })).toMatchObject({ code: "InvalidArgument" });
  });

  it("K2: a message that fits no rule is INVALID_ARGUMENT", async () => {
    const fetch = () => Promise.reject(new Error("sent"));
    expect(await read({ baseUrl: "", fetch }, { json: {} })).toMatchObject({
      code: "InvalidArgument",
      text: "shelf is part of the path and must not be empty",
    });
  });
});
