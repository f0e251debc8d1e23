import { request } from "node:http";
import { connect } from "node:http2";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Message } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRpcHandler } from "../../../src/server/rpc/handler.ts";
import { compile } from "../../scripts/generate/openapi/compile.ts";
import { type ReceivedError, readApiError } from "../../support/api-error.ts";
import { callRaw, errorOfResponse, type RawCall } from "../../support/http/raw-call.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";

const source = `
syntax = "proto3";
package odd.v1;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

service Odd {
  rpc Time(google.protobuf.Timestamp) returns (google.protobuf.Timestamp);
  rpc Value(google.protobuf.Value) returns (google.protobuf.Value);
  rpc Span(google.protobuf.Duration) returns (google.protobuf.Duration);
  rpc Long(google.protobuf.Int64Value) returns (google.protobuf.Int64Value);
  rpc Unsigned(google.protobuf.UInt64Value) returns (google.protobuf.UInt64Value);
  rpc Mask(google.protobuf.FieldMask) returns (google.protobuf.FieldMask);
  rpc Struct(google.protobuf.Struct) returns (google.protobuf.Struct);
  rpc List(google.protobuf.ListValue) returns (google.protobuf.ListValue);
  rpc Any(google.protobuf.Any) returns (google.protobuf.Any);
  rpc Text(Item) returns (Item);
  rpc Watch(Item) returns (stream Item);
  rpc Collect(stream Item) returns (Item);
  rpc Converse(stream Item) returns (stream Item);
}

message Item {
  string text = 1;
  int64 count = 2;
}
`;

type Item = Message & { text: string; count: bigint };

let listener: TestListener;
beforeAll(async () => {
  const service = compile({ "odd/v1/odd.proto": source }).files[0]?.services[0];
  if (service === undefined) {
    throw new Error("the proto file has no service");
  }
  const implementation = {
    time: (request: Message) => request,
    value: (request: Message) => request,
    span: (request: Message) => request,
    long: (request: Message) => request,
    unsigned: (request: Message) => request,
    mask: (request: Message) => request,
    struct: (request: Message) => request,
    list: (request: Message) => request,
    any: (request: Message) => request,
    text: (request: Item) => request,
    async *watch(request: Item) {
      yield request;
      yield request;
    },
    async collect(requests: AsyncIterable<Item>) {
      const all = await Array.fromAsync(requests);
      return {
        text: all.map(({ text }) => text).join(),
        count: all.reduce((sum, each) => sum + each.count, 0n),
      };
    },
    async *converse(requests: AsyncIterable<Item>) {
      yield* requests;
    },
  };
  const rpc = createRpcHandler({
    routes: (router) => router.service(service, implementation as never),
    interceptors: [],
    requestGate: async () => {},
    readMaxBytes: 1_000_000,
    shutdownSignal: new AbortController().signal,
  });
  listener = await startTestListener({}, { onRequest: rpc.handle });
});
afterAll(async () => {
  await listener[Symbol.asyncDispose]();
});

const call = (protocol: RawCall["protocol"], method: string, init: Partial<RawCall>) =>
  callRaw({
    url: listener.url,
    token: "",
    protocol,
    method: `odd.v1.Odd/${method}`,
    format: "json",
    body: "{}",
    ...init,
  });

/** Calls, and returns the error in the answer. */
async function rejected(
  protocol: RawCall["protocol"],
  method: string,
  init: Partial<RawCall>,
): Promise<ReceivedError> {
  const { error } = await call(protocol, method, init);
  return readApiError(error ?? expect.fail("the call succeeded"));
}

describe.each(["connect", "grpc", "grpc-web"] as const)("a unary call with JSON over %s", (protocol) => {
  const type = protocol === "connect" ? "application/json" : `application/${protocol}+json`;

  it.each([
    `${type}; charset=utf-8`,
    `${type};charset="UTF-8"`,
    `${type} ; charset=utf8; x=y`,
    type.replace("json", "JSON"),
  ])("accepts the content type %s, as REST does", async (contentType) => {
    const init = { headers: { "content-type": contentType } };
    expect(await call(protocol, "Text", init)).toMatchObject({ httpStatus: 200, error: undefined });
  });

  it.each([`${type}; charset=latin1`, `${type}; charset=utf-16`, `${type}x`])(
    "answers the content type %s with 415",
    async (contentType) => {
      const response = await fetch(`${listener.url}/odd.v1.Odd/Text`, {
        method: "POST",
        headers: { "content-type": contentType },
        body: "{}",
      });
      expect(response.status).toBe(415);
    },
  );

  it(`rejects an unknown compression over ${protocol} with UNIMPLEMENTED, and names the known ones`, async () => {
    const { error } = await call(protocol, "Text", { encoding: "deflate" });
    expect(error).toMatchObject({ code: Code.Unimplemented, details: [] });
    expect(error?.message).toContain("must be one of gzip, br, identity");
  });

  it(`reads a compressed message over ${protocol}`, async () => {
    const body = gzipSync(`{"text":"compressed","count":"1e3"}`);
    const answer = await call(protocol, "Text", { encoding: "gzip", body });
    expect(answer.text).toContain(`{"text":"compressed","count":"1000"}`);
  });

  it.each([
    ["an empty body", "", "body: must be JSON"],
    ["a byte order mark", "\ufeff{}", "body: must be JSON"],
    ["a NUL byte after its end", "{}\0", "body: must be JSON: unexpected text at character 3"],
    ["two documents", "{}{}", "body: must be JSON: unexpected text at character 3"],
    ["null", "null", "body: must be an object, not null"],
    ["an unknown field", `{"nope":1}`, "nope: is not a field of Item"],
  ])(`rejects %s over ${protocol} with REQUEST_MALFORMED`, async (_, body, violation) => {
    expect(await rejected(protocol, "Text", { body })).toMatchObject({
      reason: "REQUEST_MALFORMED",
      violations: [expect.stringContaining(violation)],
    });
  });

  it.each([
    ["Time", `"2026-03-01T12:00:00.5+01:00"`, `"2026-03-01T11:00:00.500Z"`],
    ["Span", `"315576000000.999999999s"`, `"315576000000.999999999s"`],
    ["Long", "9223372036854775807", `"9223372036854775807"`],
    ["Long", `"1e3"`, `"1000"`],
    ["Unsigned", "18446744073709551615", `"18446744073709551615"`],
    ["Mask", `"a,bC"`, `"a,bC"`],
    ["Struct", `{"a":[1]}`, `{"a":[1]}`],
    ["List", `[1,null]`, `[1,null]`],
    [
      "Any",
      `{"@type":"x/google.protobuf.Int64Value","value":9223372036854775807}`,
      `{"value":"9223372036854775807","@type":"x/google.protobuf.Int64Value"}`,
    ],
    ["Value", "[1,null]", "[1,null]"],
    ["Value", "null", "null"],
  ])(`reads a message of %s whose JSON is %s over ${protocol}`, async (method, body, expected) => {
    const answer = await call(protocol, method, { body });
    expect(answer.error).toBeUndefined();
    expect(answer.text).toContain(expected);
  });

  it(`rejects a time that does not exist as the whole message over ${protocol}`, async () => {
    expect(await rejected(protocol, "Time", { body: `"2026-02-30T00:00:00Z"` })).toMatchObject({
      violations: [expect.stringMatching(/^body: must be an RFC 3339 time that exists/)],
    });
  });
});

describe.each(["grpc", "grpc-web"] as const)("framed JSON over %s", (protocol) => {
  const framed = (...messages: string[]) =>
    Buffer.concat(messages.map((message) => encodeEnvelope(0, Buffer.from(message))));

  it.each([
    ["no message", [], "no message"],
    ["two messages", ["{}", "{}"], "several messages"],
    ["an invalid second message", ["{}", "{"], "several messages"],
  ])(
    `rejects %s for a method that takes one over ${protocol} with UNIMPLEMENTED`,
    async (_, messages, expected) => {
      for (const method of ["Text", "Watch"]) {
        const { error } = await call(protocol, method, { body: framed(...messages), unframed: true });
        expect(error).toMatchObject({ code: Code.Unimplemented, details: [] });
        expect(error?.message).toContain(expected);
      }
    },
  );
});

type StreamAnswer = { readonly messages: readonly string[]; readonly error: ConnectError | undefined };

/** Calls a method with messages over HTTP/2, and reads all messages of its answer. */
async function stream(
  protocol: "connect" | "grpc",
  method: string,
  messages: readonly (string | Uint8Array)[],
  { encoding, json = true }: { encoding?: string; json?: boolean } = {},
): Promise<StreamAnswer> {
  const session = connect(listener.url);
  const sent = session.request({
    ":method": "POST",
    ":path": `/odd.v1.Odd/${method}`,
    "content-type": `application/${protocol}+${json ? "json" : "proto"}`,
    ...(encoding && { [protocol === "grpc" ? "grpc-encoding" : "connect-content-encoding"]: encoding }),
  });
  const headers = new Headers();
  const take = (received: object) => {
    for (const [name, value] of Object.entries(received)) {
      if (!name.startsWith(":")) {
        headers.set(name, String(value));
      }
    }
  };
  sent.on("response", take).on("trailers", take);
  for (const message of messages) {
    const flags = typeof message === "string" || !encoding ? 0 : 1;
    sent.write(encodeEnvelope(flags, Buffer.from(message)));
  }
  sent.end();
  const bytes = Buffer.concat(await Array.fromAsync(sent as AsyncIterable<Buffer>));
  session.close();
  const answers: string[] = [];
  let error =
    protocol === "grpc" ? errorOfResponse("grpc", new Response(null, { headers }), bytes) : undefined;
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
    const flags = bytes[at] ?? 0;
    const frame = bytes.subarray(at + 5, at + 5 + bytes.readUInt32BE(at + 1));
    const content = (flags & 1) === 0 ? frame : gunzipSync(frame);
    if ((flags & 2) === 0) {
      answers.push(content.toString());
    } else {
      error = endStreamFromJson(content).error;
    }
  }
  return { messages: answers, error };
}

describe.each(["connect", "grpc"] as const)("a stream with JSON over %s", (protocol) => {
  it(`reads each message like the body of a REST call over ${protocol}`, async () => {
    const items = [`{"text":"a","count":"1e3"}`, `{"text":"b","count":1.0}`];
    expect(await stream(protocol, "Collect", items)).toEqual({
      messages: [`{"text":"a,b","count":"1001"}`],
      error: undefined,
    });
    expect(await stream(protocol, "Converse", items)).toEqual({
      messages: [`{"text":"a","count":"1000"}`, `{"text":"b","count":"1"}`],
      error: undefined,
    });
    expect((await stream(protocol, "Watch", items.slice(0, 1))).messages).toHaveLength(2);
  });

  it.each(["Watch", "Collect", "Converse"])(
    `rejects a malformed message of %s over ${protocol} with its violations`,
    async (method) => {
      const { error } = await stream(protocol, method, [`{"text":1,"count":"1.5"}`]);
      expect(readApiError(error ?? expect.fail("the call succeeded"))).toMatchObject({
        code: "InvalidArgument",
        reason: "REQUEST_MALFORMED",
        fields: ["text", "count"],
      });
    },
  );

  it(`answers the messages before a malformed one over ${protocol}`, async () => {
    const { messages, error } = await stream(protocol, "Converse", [`{"text":"a"}`, "{"]);
    expect(messages).toEqual([`{"text":"a"}`]);
    expect(error && readApiError(error)).toMatchObject({ reason: "REQUEST_MALFORMED", fields: ["body"] });
  });

  it(`rejects malformed binary in a stream over ${protocol} with REQUEST_MALFORMED`, async () => {
    const { error } = await stream(protocol, "Converse", [Uint8Array.of(0x0a, 5, 1)], { json: false });
    expect(error && readApiError(error)).toMatchObject({ reason: "REQUEST_MALFORMED", fields: ["body"] });
  });

  it(`reads compressed and plain messages of one stream over ${protocol}`, async () => {
    const compressed = gzipSync(`{"text":"a"}`);
    const { messages } = await stream(protocol, "Converse", [compressed, `{"text":"b"}`], {
      encoding: "gzip",
    });
    expect(messages).toEqual([`{"text":"a"}`, `{"text":"b"}`]);
  });

  it(`rejects an unknown compression of a stream over ${protocol} with UNIMPLEMENTED`, async () => {
    const { error } = await stream(protocol, "Converse", ["{}"], { encoding: "zstd" });
    expect(error).toMatchObject({ code: Code.Unimplemented, details: [] });
  });
});

it.each(["connect", "grpc"] as const)(
  "errors about the frames of a stream over %s have no details, as Connect's conformance suite requires",
  async (protocol) => {
    const large = JSON.stringify({ text: "x".repeat(1_000_000) });
    for (const [message, encoding] of [[large], [gzipSync(large), "gzip"]] as const) {
      const { error } = await stream(protocol, "Collect", [message], encoding ? { encoding } : {});
      expect(error).toMatchObject({ code: Code.ResourceExhausted, details: [] });
    }
  },
);

it("answers a message of a stream with JSON before the next one is sent", async () => {
  const session = connect(listener.url);
  const sent = session.request({
    ":method": "POST",
    ":path": "/odd.v1.Odd/Converse",
    "content-type": "application/connect+json",
  });
  const frames = sent[Symbol.asyncIterator]();
  for (const text of ["a", "b"]) {
    sent.write(encodeEnvelope(0, Buffer.from(JSON.stringify({ text }))));
    expect((await frames.next()).value.subarray(5).toString()).toBe(JSON.stringify({ text }));
  }
  sent.end();
  session.close();
});

it.each([
  [undefined, "gzip"],
  ["identity", null],
])(
  "a large response to a compressed Connect request that accepts %s has the encoding %s",
  async (accepted, encoding) => {
    const text = "x".repeat(40_000);
    const answer = await new Promise<string | null>((resolve, reject) => {
      const sent = request(`${listener.url}/odd.v1.Odd/Text`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-encoding": "gzip",
          ...(accepted && { "accept-encoding": accepted }),
        },
      });
      sent.on("error", reject);
      sent.on("response", (response) => {
        response.resume();
        resolve(response.headers["content-encoding"] ?? null);
      });
      sent.end(gzipSync(JSON.stringify({ text })));
    });
    expect(answer).toBe(encoding);
  },
);
