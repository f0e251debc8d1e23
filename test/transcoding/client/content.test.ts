import type { IncomingHttpHeaders, RequestListener } from "node:http";
import {
  createRegistry,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Message,
  toJson,
  toJsonString,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { createCodecs } from "../../../src/codec/index.ts";
import { createRestTransport, type RestTransportOptions } from "../../../src/transcoding/client/transport.ts";
import { type Canned, clientMessage, serveCanned, unaryMethod } from "../fixtures/client-library.ts";

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

const answer = (body: string | Uint8Array, contentType = "application/json", status = 200) =>
  listen((_, response) => response.writeHead(status, { "content-type": contentType }).end(body));

/** Returns the JSON of the response, or the code and text of the error. */
async function call(options: RestTransportOptions, name: string, json: JsonValue = {}) {
  const method = unaryMethod(name);
  try {
    const input = fromJson(method.input, json);
    const { message } = await createRestTransport(options).unary(
      method,
      undefined,
      undefined,
      undefined,
      input,
    );
    return toJson(method.output, message, { registry: options.jsonOptions?.registry });
  } catch (cause) {
    if (!(cause instanceof ConnectError)) {
      throw cause;
    }
    return [Code[cause.code], cause.rawMessage];
  }
}

describe("response_body", () => {
  it.each([
    ["GetParts", '[{"title":"a"},{}]', { volumes: [{ title: "a" }, {}] }],
    ["GetParts", "[]", {}],
    ["GetParts", "null", {}],
    ["GetParts", "", {}],
    ["GetParts", "{}", ["Internal", "the response is not a library.v1.Parts"]],
    ["GetFree", "null", { freeValue: null }],
    ["GetFree", "[1]", { freeValue: [1] }],
    ["GetFree", "0", { freeValue: 0 }],
    ["GetCount", '"9007199254740993"', { count: "9007199254740993" }],
    ["GetCount", "3", { count: "3" }],
    ["GetCount", "0", {}],
  ])("the transport reads the response of %s: %j", async (name, body, json) => {
    expect(await call({ baseUrl: await answer(body) }, name)).toEqual(json);
  });
});

describe("google.api.HttpBody", () => {
  /** Starts a server that responds with the bytes and the content type of the request. */
  const echo = (seen: IncomingHttpHeaders[] = []) =>
    listen((request, response) => {
      seen.push(request.headers, { url: request.url });
      response.writeHead(200, { "content-type": request.headers["content-type"] ?? "none/none" });
      request.pipe(response);
    });

  it("the transport reads the bytes of a response as an HttpBody", async () => {
    const bytes = Uint8Array.of(0xff, 0, 0x7b);
    expect(
      await call({ baseUrl: await answer(bytes, "image/png") }, "GetCover", { shelf: "shelves/1" }),
    ).toEqual({
      contentType: "image/png",
      data: "/wB7",
    });
  });

  it("the transport sends and reads HttpBody fields as bytes", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const cover = { contentType: "image/png", data: "/wB7" };
    const json = { shelf: "shelves/1", cover, replace: true };
    expect(await call({ baseUrl: await echo(seen) }, "PutCover", json)).toEqual({ old: cover });
    expect(seen).toMatchObject([
      { "content-type": "image/png", "content-length": "3", accept: "*/*" },
      { url: "/v1/shelves/1/cover?replace=true" },
    ]);
  });

  it("the transport sends an HttpBody field as bytes also if there is a codec of HttpBody", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const field = unaryMethod("PutCover").input.field.cover;
    const desc = field?.message as DescMessage;
    const codec = { desc, writeJson: (message: Message) => toJsonString(desc, message) };
    const json = { shelf: "shelves/1", cover: { contentType: "image/png", data: "/wB7" } };
    await call({ baseUrl: await echo(seen), codecs: createCodecs([codec]) }, "PutCover", json);
    expect(seen[0]).toMatchObject({ "content-type": "image/png", "content-length": "3" });
  });

  it("the transport sends an empty HttpBody and omits an unset one", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const baseUrl = await echo(seen);
    expect(await call({ baseUrl }, "PutCover", { shelf: "shelves/1", cover: {} })).toEqual({
      old: { contentType: "application/octet-stream" },
    });
    expect(await call({ baseUrl }, "PutCover", { shelf: "shelves/1" })).toEqual({
      old: { contentType: "none/none" },
    });
  });

  it("the transport sends an HttpBody request as bytes", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const baseUrl = await listen((request, response) => {
      seen.push(request.headers);
      response.writeHead(204).end();
    });
    expect(await call({ baseUrl }, "Scan", { contentType: "text/csv", data: "YQ==" })).toEqual({});
    expect(seen).toMatchObject([{ "content-type": "text/csv", "content-length": "1" }]);
  });

  it("the transport raises INVALID_ARGUMENT for a content type that is not a valid header value", async () => {
    expect(await call({ baseUrl: await echo() }, "Scan", { contentType: "a\nb" })).toEqual([
      "InvalidArgument",
      "the content type of the body is not a valid header value",
    ]);
  });
});

describe("content of responses", () => {
  it("the transport accepts a response of readMaxBytes and raises RESOURCE_EXHAUSTED for a larger one", async () => {
    const baseUrl = await answer(JSON.stringify([{ title: "a".repeat(37) }]));
    expect(await call({ baseUrl, readMaxBytes: 51 }, "GetParts")).toMatchObject({ volumes: [{}] });
    expect(await call({ baseUrl, readMaxBytes: 50 }, "GetParts")).toEqual([
      "ResourceExhausted",
      "the response exceeds 50 bytes",
    ]);
  });

  it("the transport reads an error above readMaxBytes and ignores an error page above 1 MiB", async () => {
    const short = await answer('{"error":{"status":"ABORTED","message":"a"}}', "application/json", 500);
    expect(await call({ baseUrl: short, readMaxBytes: 1 }, "GetParts")).toEqual(["Aborted", "a"]);
    const long = await answer("a".repeat(2_000_000), "text/html", 503);
    expect(await call({ baseUrl: long }, "GetParts")).toEqual(["Unavailable", "HTTP 503"]);
  });

  it("the transport raises the error of the status if the error body breaks off", async () => {
    const baseUrl = await listen((_, response) => {
      response.writeHead(404, { "content-length": 100 });
      response.write('{"error', () => response.destroy());
    });
    expect(await call({ baseUrl }, "GetParts")).toEqual(["NotFound", "HTTP 404"]);
  });

  it("the transport raises UNAVAILABLE if the body breaks off", async () => {
    const baseUrl = await listen((_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write('[{"ti', () => response.destroy());
    });
    expect((await call({ baseUrl }, "GetParts")) as string[]).toContain("Unavailable");
  });

  it.each([
    '{"count":9223372036854775808}',
    '{"count": -9223372036854775809}',
    '{"counts":{"a":1e19}}',
    '{"wrapped":9007199254740993.5}',
    '{"longList":[1,\n1.00000000000000001]}',
    '{"count":1,"count":2}',
    "[".repeat(10_000),
    `{"free":{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}}`,
  ])("the transport raises INTERNAL for invalid content: %#", async (body) => {
    expect(await call({ baseUrl: await answer(body) }, "GetAll")).toEqual([
      "Internal",
      "the response is not a library.v1.Parts",
    ]);
  });

  it("the transport reads integers exactly that servers in Go, Java or Python write as JSON numbers", async () => {
    const body =
      '{"count":9223372036854775807,"counts":{"a":1e17,"b":9007199254740993},"freeValue":1e300,' +
      '"wrapped":18446744073709551615,"longList":[1,\n9007199254740993],"free":{"a":1e17}, "new":{"a":[{}]}}';
    expect(await call({ baseUrl: await answer(body) }, "GetAll")).toEqual({
      count: "9223372036854775807",
      counts: { a: "100000000000000000", b: "9007199254740993" },
      freeValue: 1e300,
      wrapped: "18446744073709551615",
      longList: ["1", "9007199254740993"],
      free: { a: 1e17 },
    });
  });

  it("the transport reads an Any whose type is in the registry", async () => {
    const any = { "@type": "type.googleapis.com/library.v1.Volume", title: "a" };
    const baseUrl = await answer(JSON.stringify({ any }));
    expect(await call({ baseUrl }, "GetAll")).toEqual(["Internal", "the response is not a library.v1.Parts"]);
    const registry = createRegistry(clientMessage("Volume"));
    expect(await call({ baseUrl, jsonOptions: { registry } }, "GetAll")).toEqual({ any });
  });

  it("the transport rejects unknown fields if ignoreUnknownFields is false", async () => {
    const baseUrl = await answer('{"newField":1}');
    expect(await call({ baseUrl }, "GetAll")).toEqual({});
    expect(await call({ baseUrl, jsonOptions: { ignoreUnknownFields: false } }, "GetAll")).toContain(
      "Internal",
    );
  });
});

it.each([["Trace", "fetch cannot send TRACE requests"]])(
  "the transport raises UNIMPLEMENTED for a rule that fetch cannot send: %s",
  async (name, text) => {
    expect(await call({ baseUrl: "http://127.0.0.1" }, name)).toEqual([
      "Unimplemented",
      `rpc library.v1.Streams.${name}: ${text}`,
    ]);
  },
);

it.each([
  [0.2, "0.001"],
  [1500, "1.5"],
  [2_000_000_000_000, "999999999"],
])("the transport sends a timeout of %d ms as X-Server-Timeout: %s", async (timeoutMs, text) => {
  const method = unaryMethod("GetParts");
  let seen: string | null = "";
  const fetch = async (_: unknown, init?: { headers?: unknown }) => {
    seen = new Headers(init?.headers as Headers | undefined).get("x-server-timeout");
    return new Response("[]");
  };
  await createRestTransport({ baseUrl: "http://a", fetch })
    .unary(method, undefined, timeoutMs, undefined, {})
    .catch(() => {});
  expect(seen).toBe(text);
});
