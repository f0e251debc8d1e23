import { connect } from "node:http2";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRpcHandler } from "../../../src/server/rpc/handler.ts";
import { compile } from "../../scripts/generate/openapi/compile.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";

const source = `
syntax = "proto3";
package answers.v1;
service Answers {
  rpc One(Item) returns (Item);
  rpc Watch(Item) returns (stream Item);
  rpc Collect(stream Item) returns (Item);
  rpc Converse(stream Item) returns (stream Item);
}
message Item { string text = 1; }
`;

/** An Item: `text` says what the handler does. */
const item = (text: string) => Buffer.from([0x0a, text.length, ...Buffer.from(text)]);

const failures: unknown[] = [];
let listener: TestListener;

/** Fails, or ends, with or without a header of its own. */
function act({ text }: { text: string }, context: HandlerContext): void {
  if (text.includes("header")) {
    context.responseHeader.set("x-own", "1");
  }
  if (text.includes("fail")) {
    throw new ConnectError("no", Code.FailedPrecondition, { "x-of-error": "2" });
  }
}

beforeAll(async () => {
  const service = compile({ "answers/v1/answers.proto": source }).files[0]?.services[0];
  if (service === undefined) {
    throw new Error("the proto file has no service");
  }
  const implementation = {
    one(request: { text: string }, context: HandlerContext) {
      act(request, context);
      return request;
    },
    // biome-ignore lint/correctness/useYield: it answers with an empty stream.
    async *watch(request: { text: string }, context: HandlerContext) {
      act(request, context);
    },
    collect: async (requests: AsyncIterable<{ text: string }>) => (await Array.fromAsync(requests)).at(-1),
    async *converse(requests: AsyncIterable<{ text: string }>) {
      yield* requests;
    },
  };
  const rpc = createRpcHandler({
    routes: (router) => router.service(service, implementation as never),
    onFailure: (cause) => failures.push(cause),
    requestGate: async () => {},
    readMaxBytes: 1_000,
    shutdownSignal: new AbortController().signal,
    responseHeaders: () => ({ "x-request-id": "r-1" }),
  });
  listener = await startTestListener({}, { onRequest: rpc.handle });
});
afterAll(async () => {
  await listener[Symbol.asyncDispose]();
});

type Answer = {
  readonly headers: Readonly<Record<string, unknown>>;
  /** Undefined if the header ended the response (Trailers-Only). */
  readonly trailers: Readonly<Record<string, unknown>> | undefined;
  readonly body: Buffer;
};

/** Sends bytes over HTTP/2. */
async function send(
  method: string,
  body: Uint8Array,
  contentType = "application/grpc+proto",
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const session = connect(listener.url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": `/answers.v1.Answers/${method}`,
      "content-type": contentType,
      te: "trailers",
      ...more,
    });
    stream.end(body);
    let headers: Answer["headers"] = {};
    let trailers: Answer["trailers"];
    stream.once("response", (received) => {
      headers = received;
    });
    stream.once("trailers", (received) => {
      trailers = received;
    });
    return { body: Buffer.concat(await stream.toArray()), headers, trailers };
  } finally {
    session.close();
  }
}

const call = (method: string, text: string) => send(method, encodeEnvelope(0, item(text)));

describe("gRPC answers without a message", () => {
  it.each(["One", "Watch"])(
    "an error of %s without headers of its handler is Trailers-Only",
    async (method) => {
      const { headers, trailers } = await call(method, "fail");
      expect(trailers).toBeUndefined();
      expect(headers).toMatchObject({ "grpc-status": "9", "x-of-error": "2", "x-request-id": "r-1" });
    },
  );

  it.each(["One", "Watch"])(
    "an error of %s whose handler set a header keeps header and trailers apart",
    async (method) => {
      const { headers, trailers } = await call(method, "fail with header");
      expect(headers).toMatchObject({ "x-own": "1", "x-request-id": "r-1" });
      expect(headers).not.toHaveProperty("grpc-status");
      expect(trailers).toMatchObject({ "grpc-status": "9", "x-of-error": "2" });
      expect(trailers).not.toHaveProperty("x-own");
    },
  );

  it.each(["end", "end with header"])(
    "an empty stream (%s) with the status OK is not Trailers-Only",
    async (text) => {
      const { headers, trailers, body } = await call("Watch", text);
      expect(body.length).toBe(0);
      expect(headers).not.toHaveProperty("grpc-status");
      expect(trailers).toMatchObject({ "grpc-status": "0" });
    },
  );

  it("grpc-js reads x-request-id of a Trailers-Only error in the metadata of the error", async () => {
    const client = new Client(listener.url.replace("http://", ""), credentials.createInsecure());
    const error = await new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(
        "/answers.v1.Answers/One",
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        item("fail"),
        (failed) => resolve(failed),
      );
    });
    client.close();
    expect(error?.code).toBe(Code.FailedPrecondition);
    expect(error?.metadata.get("x-request-id")).toEqual(["r-1"]);
  });
});

describe("a message that is marked as compressed although no header names its encoding", () => {
  const methods = ["One", "Watch", "Collect", "Converse"];
  const encodings = [undefined, "identity"];
  const body = encodeEnvelope(1, item("x"));

  it.each(methods.flatMap((method) => encodings.map((encoding) => ({ method, encoding }))))(
    "is INTERNAL over gRPC: $method, grpc-encoding $encoding",
    async ({ method, encoding }) => {
      const header: Record<string, string> = encoding === undefined ? {} : { "grpc-encoding": encoding };
      const { headers, trailers } = await send(method, body, "application/grpc", header);
      expect({ ...headers, ...trailers }).toMatchObject({
        "grpc-status": "13",
        "grpc-message": expect.stringContaining("no%20header%20names%20its%20encoding"),
      });
    },
  );

  it.each(methods)("is INTERNAL over gRPC-Web: %s", async (method) => {
    const { headers, body: text } = await send(method, body, "application/grpc-web+proto");
    expect(`${headers["grpc-status"] ?? ""}${text}`).toMatch(/^13|grpc-status: 13/);
  });

  it.each(["Watch", "Collect", "Converse"])("is internal in a stream of Connect: %s", async (method) => {
    const { body: text } = await send(method, body, "application/connect+proto");
    expect(String(text)).toContain('"code":"internal"');
  });

  it("is INTERNAL after messages that are not compressed", async () => {
    const { headers, trailers } = await send("Collect", Buffer.concat([encodeEnvelope(0, item("a")), body]));
    expect({ ...headers, ...trailers }).toMatchObject({ "grpc-status": "13" });
  });

  it("is not reported as a failure of the server", () => {
    expect(failures).toEqual([]);
  });
});

describe("a frame with flags that the protocol does not define is INTERNAL", () => {
  const methods = ["One", "Watch", "Collect", "Converse"];

  it.each(methods.flatMap((method) => [2, 3, 128].map((flags) => ({ method, flags }))))(
    "over gRPC: $method, $flags",
    async ({ method, flags }) => {
      const { headers, trailers } = await send(method, encodeEnvelope(flags, item("x")));
      expect({ ...headers, ...trailers }).toMatchObject({
        "grpc-status": "13",
        "grpc-message": encodeURIComponent(
          `body has a frame with the unknown flags ${flags}: a message begins with a byte of flags and four bytes of length`,
        ),
      });
    },
  );

  it.each(methods)("over gRPC-Web: %s", async (method) => {
    const body = encodeEnvelope(2, item("x"));
    const { headers, body: text } = await send(method, body, "application/grpc-web+proto");
    expect(`${headers["grpc-status"] ?? ""}${text}`).toMatch(/^13|grpc-status: 13/);
  });

  it.each(["Watch", "Collect", "Converse"])("in a stream of Connect: %s", async (method) => {
    const { body: text } = await send(method, encodeEnvelope(128, item("x")), "application/connect+proto");
    expect(String(text)).toContain('"code":"internal"');
  });
});

it.each(["One", "Watch", "Collect", "Converse"])(
  "an unknown grpc-encoding is UNIMPLEMENTED with the known ones in grpc-accept-encoding: %s",
  async (method) => {
    const { headers, trailers } = await send(method, encodeEnvelope(1, item("x")), "application/grpc", {
      "grpc-encoding": "snappy",
    });
    expect({ ...headers, ...trailers }).toMatchObject({ "grpc-status": "12" });
    expect(String(headers["grpc-accept-encoding"] ?? trailers?.["grpc-accept-encoding"])).toContain("gzip");
  },
);
