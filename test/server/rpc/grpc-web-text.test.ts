import { once } from "node:events";
import { request as requestHttp } from "node:http";
import { gzipSync } from "node:zlib";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRpcHandler } from "../../../src/server/rpc/handler.ts";
import { compile } from "../../scripts/generate/openapi/compile.ts";
import { readApiError } from "../../support/api-error.ts";
import { decodeWebText } from "../../support/http/raw-call.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";

const source = `
syntax = "proto3";
package text.v1;
service Text {
  rpc One(Item) returns (Item);
  rpc Watch(Item) returns (stream Item);
}
message Item { string text = 1; }
`;

const limit = 1_000;
const failures: unknown[] = [];
let listener: TestListener;

beforeAll(async () => {
  const service = compile({ "text/v1/text.proto": source }).files[0]?.services[0];
  if (service === undefined) {
    throw new Error("the proto file has no service");
  }
  const implementation = {
    one({ text }: { text: string }, { responseHeader, responseTrailer }: HandlerContext) {
      responseHeader.set("x-own", "1");
      responseTrailer.set("x-own-bin", "AAEC");
      if (text === "fail") {
        throw new ConnectError("ü no", Code.FailedPrecondition);
      }
      return { text };
    },
    async *watch({ text }: { text: string }) {
      for (const each of text.split(" ")) {
        if (each === "fail") {
          throw new ConnectError("no", Code.DataLoss);
        }
        yield { text: each };
      }
    },
  };
  const rpc = createRpcHandler({
    routes: (router) => router.service(service, implementation as never),
    onFailure: (cause) => failures.push(cause),
    readMaxBytes: limit,
    cors: { origins: ["http://page.example"] },
  });
  listener = await startTestListener({}, { onRequest: rpc.handle });
});
afterAll(async () => {
  expect(failures).toEqual([]);
  await listener[Symbol.asyncDispose]();
});

const methods = ["One", "Watch"] as const;
type Method = (typeof methods)[number];

/** An Item. */
function item(text: string): Buffer {
  const content = Buffer.from(text);
  const length =
    content.length < 128 ? [content.length] : [(content.length & 127) | 128, content.length >> 7];
  return Buffer.from([0x0a, ...length, ...content]);
}

function frame(text: string): Buffer {
  return Buffer.from(encodeEnvelope(0, item(text)));
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Pieces of the body that arrived separately, of which each must be base64. */
  readonly body: string;
  readonly texts: readonly string[];
  readonly trailers: Headers;
  readonly error: ConnectError | undefined;
};

function answerOf(status: number, headers: Answer["headers"], body: Buffer): Answer {
  const isText = String(headers["content-type"]).startsWith("application/grpc-web-text");
  const bytes = isText ? decodeWebText(body) : body;
  const texts: string[] = [];
  let trailers = new Headers();
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
    const content = bytes.subarray(at + 5, at + 5 + bytes.readUInt32BE(at + 1));
    if (bytes[at] === 0x80) {
      trailers = trailerParse(content);
    } else {
      texts.push(content.subarray(content.length < 130 ? 2 : 3).toString());
    }
  }
  return {
    status,
    headers,
    body: body.toString("latin1"),
    texts,
    trailers,
    error: findTrailerError(trailers),
  };
}

const textType = "application/grpc-web-text";

/** Sends pieces of a body, each as soon as the one before has left. */
async function send(
  method: Method,
  pieces: string | Uint8Array | readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const sending = requestHttp(`${listener.url}/text.v1.Text/${method}`, {
    method: "POST",
    headers: { "content-type": textType, ...headers },
  });
  for (const piece of typeof pieces === "string" || pieces instanceof Uint8Array ? [pieces] : pieces) {
    await new Promise((resolve) => sending.write(piece, resolve));
  }
  sending.end();
  const [response] = await once(sending, "response");
  return answerOf(response.statusCode, response.headers, Buffer.concat(await response.toArray()));
}

const expectItem = (answer: Answer, text: string) =>
  expect({ texts: answer.texts, error: answer.error, type: answer.headers["content-type"] }).toEqual({
    texts: [text],
    error: undefined,
    type: `${textType}+proto`,
  });

const expectMalformed = (answer: Answer, description: string) => {
  expect(answer.status).toBe(200);
  expect(readApiError(answer.error as ConnectError)).toMatchObject({
    code: "InvalidArgument",
    reason: "REQUEST_MALFORMED",
    violations: [`body: ${description}`],
  });
};

const inGroup = "must be base64 with padding, but ends within a group of four characters";
const alphabet = "must be base64: A to Z, a to z, 0 to 9, + and /, with = as padding";

describe.each(methods)("a call of %s over grpc-web-text", (method) => {
  // Lengths with each padding: none, one, two.
  it.each(["a", "ab", "abc", "x".repeat(500)])(`of ${method} gets base64 in return: %s`, async (text) => {
    const answer = await send(method, base64(frame(text)));
    expectItem(answer, text);
    expect(answer.body).toMatch(/^[\w+/=]+$/);
  });

  it(`of ${method} may have padding after each piece of its body`, async () => {
    const bytes = frame("padded");
    const ends = [[5, bytes.length], [2, 4, 7, bytes.length], [...bytes.keys()].map((at) => at + 1)];
    for (const each of ends) {
      const pieces = each.map((end, index) => base64(bytes.subarray(each[index - 1] ?? 0, end)));
      expectItem(await send(method, pieces.join("")), "padded");
    }
  });

  it(`of ${method} may arrive in chunks that split groups of four characters`, async () => {
    expectItem(await send(method, [...base64(frame("split"))]), "split");
  });

  it(`of ${method} may end with the frame that ends a stream`, async () => {
    const end = base64(Buffer.from([0x80, 0, 0, 0, 0]));
    expectItem(await send(method, base64(frame("ended")) + end), "ended");
  });

  it.each([
    ["without its padding", base64(frame("a")).replace(/=+$/, ""), inGroup],
    ["cut within a group", base64(frame("abc")).slice(0, -1), inGroup],
    ["with one character more", `${base64(frame("abc"))}A`, inGroup],
    [
      "in the alphabet of URLs",
      base64(frame("\u{3f}\u{3e}~~\u{3ff}")).replaceAll("+", "-").replace("/", "_"),
      alphabet,
    ],
    ["with a line break", `${base64(frame("abc"))}\r\n\r\n`, alphabet],
    ["with spaces", base64(frame("abc")).replace(/^(..)/, "  $1  "), alphabet],
    ["with padding before its end of a group", `A=AA${base64(frame("abc"))}`, alphabet],
    ["with padding of three characters", `A===${base64(frame("abc"))}`, alphabet],
    ["of padding only", "====", alphabet],
    ["that is binary", encodeEnvelope(0, item("abcd\0")), alphabet],
  ])(`of ${method} is REQUEST_MALFORMED if its body is base64 %s`, async (_, body, description) => {
    expectMalformed(await send(method, body), description);
  });

  it(`of ${method} is REQUEST_MALFORMED if its body ends within a frame`, async () => {
    const answer = await send(method, base64(frame("abcd").subarray(0, -1)));
    expectMalformed(answer, "must be complete frames, but ends within one");
  });

  it(`of ${method} may be compressed`, async () => {
    const body = base64(encodeEnvelope(1, gzipSync(item("compressed"))));
    expectItem(await send(method, body, { "grpc-encoding": "gzip" }), "compressed");
  });

  it(`of ${method} may be as large as a binary one, however it is padded`, async () => {
    // A header of three bytes.
    const largest = frame("x".repeat(limit - 3));
    expect((await send(method, base64(largest))).error).toBeUndefined();
    const pieces = Array.from({ length: Math.ceil(largest.length / 2) }, (_, at) =>
      base64(largest.subarray(2 * at, 2 * at + 2)),
    );
    expect((await send(method, pieces.join(""))).error).toBeUndefined();
    const { error } = await send(method, base64(frame("x".repeat(limit - 2))));
    expect(error).toMatchObject({ code: Code.ResourceExhausted });
  });

  it.each([
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
    "Application/GRPC-Web-Text",
    "APPLICATION/GRPC-WEB-TEXT+PROTO",
    "application/grpc-web-text; charset=utf-8",
  ])(
    `of ${method} is answered with application/grpc-web-text+proto if its content type is %s`,
    async (type) => {
      expectItem(await send(method, base64(frame("typed")), { "content-type": type }), "typed");
    },
  );

  it(`of ${method} may be JSON`, async () => {
    const body = base64(encodeEnvelope(0, Buffer.from('{"text": "ü"}')));
    const answer = await send(method, body, { "content-type": `${textType}+json` });
    expect(answer.headers["content-type"]).toBe(`${textType}+json`);
    expect(Buffer.from(answer.body, "base64").toString()).toContain('{"text":"ü"}');
    expect(answer.error).toBeUndefined();
  });

  const [text, binary] = ["application/grpc-web-text+proto", "application/grpc-web+proto"];
  it.each([
    [text, "application/grpc-web+proto", binary],
    [text, "application/grpc-web", binary],
    [text, "*/*", text],
    [text, "application/json", text],
    [text, "application/grpc-web-text, application/grpc-web", text],
    [text, "application/grpc-web-text;q=0.1, application/grpc-web;q=0.9", binary],
    [binary, "application/grpc-web-text", text],
    [binary, "Application/gRPC-Web-Text+Proto", text],
    [binary, "text/html, application/grpc-web-text;q=0.5", text],
    [binary, "application/grpc-web-text;q=0", binary],
    [binary, "application/grpc-web-texts", binary],
    [binary, "", binary],
  ])(`of ${method} in %s with Accept %j is answered in %s`, async (sent, accept, type) => {
    const bytes = frame("accepted");
    const headers = { "content-type": sent, accept };
    const answer = await send(method, sent === text ? base64(bytes) : bytes, headers);
    expect(answer.headers["content-type"]).toBe(type);
    expect(answer.texts).toEqual(["accepted"]);
    const failed = await send(method, sent === text ? "?" : bytes.subarray(0, -1), headers);
    expect(failed.headers["content-type"]).toBe(type);
    expect(failed.error).toMatchObject({ code: Code.InvalidArgument });
  });

  it(`of ${method} passes a preflight`, async () => {
    const response = await fetch(`${listener.url}/text.v1.Text/${method}`, {
      method: "OPTIONS",
      headers: {
        origin: "http://page.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,grpc-timeout,x-grpc-web,x-user-agent",
      },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "http://page.example",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "authorization,content-type,grpc-timeout,x-grpc-web,x-user-agent",
    });
  });
});

it("a unary call over grpc-web-text has the header and the trailers of its implementation", async () => {
  const answer = await send("One", base64(frame("abc")));
  expect(answer.headers).toMatchObject({ "x-own": "1" });
  expect(Object.fromEntries(answer.trailers)).toEqual({ "grpc-status": "0", "x-own-bin": "AAEC" });
});

it("an error over grpc-web-text has its status and trailers in base64", async () => {
  const answer = await send("One", base64(frame("fail")));
  expect(answer.error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "ü no" });
  expect(answer.trailers.get("x-own-bin")).toBe("AAEC");
  expect(Buffer.from(answer.body, "base64").toString()).toContain("grpc-status: 9");
});

it("each message of a stream over grpc-web-text is padded by itself, and so is its status", async () => {
  const answer = await send("Watch", base64(frame("a bc def fail")));
  expect(answer.texts).toEqual(["a", "bc", "def"]);
  expect(answer.error).toMatchObject({ code: Code.DataLoss });
  expect(answer.body).toMatch(
    new RegExp(
      `^${["a", "bc", "def"]
        .map((each) => base64(frame(each)))
        .join("")
        .replaceAll("+", "\\+")}`,
    ),
  );
});
