import { fromJson, type JsonObject, type Message, toJson } from "@bufbuild/protobuf";
import { createClient, type HandlerContext } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRestTransport } from "../../../src/transcoding/client/index.ts";
import { httpBindingKey } from "../../../src/transcoding/server/context.ts";
import { echo, echoRequest } from "../fixtures/echo.ts";
import { type Served, serve } from "../fixtures/serving.ts";

type Echoed = { request: Message; binding: string };
type Method = (request: Message) => Promise<Echoed>;

const bindings: Readonly<Record<string, string>> = {
  sendAll: "POST /v1/echo:all",
  putAll: "PUT /v1/echo:put",
  patchAll: "PATCH /v1/echo:patch",
  sendData: "POST /v1/echo:data",
  sendQuery: "GET /v1/echo:query",
  sendPath: "GET /v1/echo/{data.text}/{data.int32}/{data.double}/{data.bool}/{data.color}:path",
};
const whole = ["sendAll", "putAll", "patchAll", "sendData", "sendQuery"];

const maxLong = "9223372036854775807";
const minLong = "-9223372036854775808";
const maxUlong = "18446744073709551615";

const basic: JsonObject = {
  text: "Hello",
  int32: -1,
  sint32: -2,
  sfixed32: -3,
  uint32: 5,
  fixed32: 7,
  int64: "-11",
  sint64: "-13",
  sfixed64: "-17",
  uint64: "19",
  fixed64: "23",
  double: -29e4,
  float: -31,
  bool: true,
  color: "BLUE",
  child: { text: "second/bool/salutation" },
};

const zeros: JsonObject = {
  optionalText: "",
  optionalInt32: 0,
  optionalSint32: 0,
  optionalSfixed32: 0,
  optionalUint32: 0,
  optionalFixed32: 0,
  optionalInt64: "0",
  optionalSint64: "0",
  optionalSfixed64: "0",
  optionalUint64: "0",
  optionalFixed64: "0",
  optionalDouble: 0,
  optionalFloat: 0,
  optionalBool: false,
  optionalBytes: "",
  optionalColor: "COLOR_UNSPECIFIED",
};

/** Requests for every method that takes any text. */
const requests: Readonly<Record<string, JsonObject>> = {
  "every kind of number, with and without presence": {
    label: "basic",
    isChecked: true,
    int32: -10,
    int64: "-110",
    double: -54e4,
    optionalInt32: -47,
    optionalInt64: "-477",
    optionalDouble: -61.73,
    data: {
      ...basic,
      optionalText: "Goodbye",
      optionalInt32: -37,
      optionalDouble: -41.43,
      optionalBool: true,
      optionalColor: "GREEN",
    },
  },
  "no field with presence": { data: basic },
  "zeros in fields with presence": {
    optionalInt32: 0,
    optionalInt64: "0",
    optionalDouble: 0,
    data: { text: "Hello", ...zeros },
  },
  "the largest numbers": {
    int32: 2147483647,
    int64: maxLong,
    double: Number.MAX_VALUE,
    optionalInt64: maxLong,
    data: {
      text: "Hello",
      int32: 2147483647,
      sint32: 2147483647,
      sfixed32: 2147483647,
      uint32: 4294967295,
      fixed32: 4294967295,
      int64: maxLong,
      sint64: maxLong,
      sfixed64: maxLong,
      uint64: maxUlong,
      fixed64: maxUlong,
      double: Number.MAX_VALUE,
      float: 3.4028234663852886e38,
      optionalInt64: maxLong,
      optionalUint64: maxUlong,
      optionalDouble: Number.MAX_VALUE,
      optionalFloat: 3.4028234663852886e38,
    },
  },
  "the smallest numbers": {
    int32: -2147483648,
    int64: minLong,
    double: -Number.MAX_VALUE,
    data: {
      text: "Hello",
      int32: -2147483648,
      sint32: -2147483648,
      sfixed32: -2147483648,
      int64: minLong,
      sint64: minLong,
      sfixed64: minLong,
      double: -Number.MAX_VALUE,
      float: -3.4028234663852886e38,
    },
  },
  "the numbers closest to zero": {
    double: Number.MIN_VALUE,
    data: { text: "Hello", double: -Number.MIN_VALUE, float: 1.401298464324817e-45 },
  },
  infinities: {
    double: "Infinity",
    data: { text: "Hello", double: "-Infinity", float: "Infinity", child: { float: "-Infinity" } },
  },
  "NaN in each place": { double: "NaN", data: { text: "Hello", double: "NaN", float: "NaN" } },
  "integers that a double cannot hold": {
    int64: "9007199254740993",
    data: { text: "Hello", int64: "-9007199254740993", uint64: "9223372036854775809" },
  },
  "enum values that the file does not define": {
    data: { text: "Hello", color: 99, optionalColor: -12345, child: { color: 2147483647 } },
  },
  "every byte": {
    data: { text: "Hello", bytes: everyByte(), optionalBytes: "/+8=" },
  },
  "two levels of messages": {
    data: {
      text: "Hello",
      child: { text: "a", child: { text: "b", double: 53.47, bool: true }, optionalChild: { text: "c" } },
      optionalChild: { child: { text: "d" }, optionalText: "", optionalFloat: 0, optionalBool: false },
    },
  },
};

function everyByte(): string {
  return Buffer.from(Array.from({ length: 256 }, (_, index) => index)).toString("base64");
}

/** Texts that mean something in URLs, templates or JSON. */
const texts: readonly string[] = [
  'non-ASCII ☺ → ← and not printable "\\/\b\f\r\t\n\u1234\u0000\u007f',
  "Hello there",
  'Hello "You"',
  "Hello 100%",
  "100%25 %2F %zz %",
  "a+b&c=d;e#f?g",
  "first/hello/second/greetings",
  "true:path",
  ":",
  "{data.text}",
  "*",
  "**",
  "null",
  "😀",
  "e\u0301 is not \u00e9",
  "\u2028\u2029\ufeff",
  "' OR 1=1 --",
];

describe("the client and the server exchange requests over REST unchanged", () => {
  let served: Served;
  let client: Record<string, Method>;

  beforeAll(async () => {
    served = await serve(
      {},
      {
        routes(router) {
          for (const method of echo.methods) {
            router.rpc(method, ((request: Message, { values }: HandlerContext) => {
              const binding = values.get(httpBindingKey);
              return { request, binding: `${binding?.httpMethod} ${binding?.template.source}` };
            }) as never);
          }
        },
      },
    );
    client = createClient(
      echo,
      createRestTransport({ baseUrl: `http://127.0.0.1:${served.port["HTTP/1.1"]}` }),
    ) as never;
  });
  afterAll(() => served.close());

  async function expectEcho(method: string, json: JsonObject, binding: string): Promise<void> {
    const sent = fromJson(echoRequest, json);
    const echoed = await (client[method] as Method)(sent);
    expect(toJson(echoRequest, echoed.request)).toEqual(json);
    expect(echoed.binding).toBe(binding);
  }

  const methods = Object.entries(bindings);

  it.each(
    methods.flatMap(([method, binding]) =>
      Object.entries(requests).map(([title, json]) => [method, title, json, binding] as const),
    ),
  )("%s returns the request that it received: %s", async (method, _, json, binding) => {
    await expectEcho(method, json, binding);
  });

  it.each(methods.flatMap(([method, binding]) => texts.map((text) => [method, text, binding] as const)))(
    "%s returns the text that it received in each place: %j",
    async (method, text, binding) => {
      await expectEcho(method, { label: text, data: { text, optionalText: text, child: { text } } }, binding);
    },
  );

  it.each(["sendAll", "putAll", "patchAll"])(
    "%s returns a request without fields, and one with an empty message",
    async (method) => {
      await expectEcho(method, {}, bindings[method] ?? "");
      await expectEcho(method, { data: {} }, bindings[method] ?? "");
    },
  );

  // A body that is a field always sends the field; a query has no name for a message without fields.
  it.each([
    ["sendData", { data: {} }],
    ["sendQuery", {}],
  ])("%s cannot tell an absent message from an empty one", async (method, received) => {
    for (const json of [{}, { data: {} }]) {
      const { request } = await (client[method] as Method)(fromJson(echoRequest, json));
      expect(toJson(echoRequest, request)).toEqual(received);
    }
  });

  it.each(whole)("%s returns the zeros of fields with presence without any text", async (method) => {
    await expectEcho(method, { data: zeros }, bindings[method] ?? "");
  });

  const names = "GET /v1/echo/{data.text=first/*}/{data.child.text=second/*}/bool/{data.bool}:names";
  const childFirst =
    "GET /v1/echo/{data.child.text=first/*}/{data.text=second/*}/bool/{data.bool}:childFirst";

  it.each([
    ["first/hello", "second/greetings", names],
    ["second/greetings", "first/hello", childFirst],
    ["first/a bé?#%", "second/:names", names],
    ["second/**", "first/100%25", childFirst],
  ])("the client chooses the binding whose names fit: %j, %j", async (text, child, binding) => {
    const data = { text, optionalBool: true, child: { text: child, optionalBool: false } };
    await expectEcho("sendNames", { isChecked: true, data }, binding);
  });

  it.each([
    ["first/hello", "first/hello"],
    ["first/a/b", "second/c"],
    ["", "second/c"],
  ])("the client sends nothing if no binding fits: %j, %j", async (text, child) => {
    const sent = fromJson(echoRequest, { data: { text, child: { text: child } } });
    await expect((client.sendNames as Method)(sent)).rejects.toThrow("[invalid_argument]");
  });

  it.each(["second", "second/a", "second/a/b/c:rest", "second/zzz/bool/true", "second/a b/%/ü"])(
    "the client sends the rest of a path as a name: %j",
    async (child) => {
      const data = { text: "first/hello", bool: true, child: { text: child, optionalText: "" } };
      const binding = "GET /v1/echo/{data.text=first/*}/{data.child.text=second/**}:rest";
      await expectEcho("sendRest", { label: "rest", data }, binding);
    },
  );
});
