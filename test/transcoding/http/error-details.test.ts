import {
  create,
  createRegistry,
  fromBinary,
  type JsonValue,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import {
  AnySchema,
  anyPack,
  BoolValueSchema,
  BytesValueSchema,
  DoubleValueSchema,
  DurationSchema,
  EmptySchema,
  FieldMaskSchema,
  Int64ValueSchema,
  ListValueSchema,
  StringValueSchema,
  StructSchema,
  TimestampSchema,
  UInt32ValueSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  ErrorInfoSchema,
  HelpSchema,
  LocalizedMessageSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "#deps/google/rpc/error_details_pb.js";
import { readErrorBody, writeErrorBody } from "../../../src/transcoding/http/error-body.ts";
import { type ErrorDetail, sendableDetail } from "../../../src/transcoding/http/error-details.ts";
import { everything, libraryFile, messageOf } from "../fixtures/library.ts";

const book = messageOf("Book");
const library = createRegistry(libraryFile);
const prefix = "type.googleapis.com/";
const outgoing = (desc: { typeName: string }, value: unknown) => ({ desc, value }) as never as ErrorDetail;

/** Returns the details of an error's body, without the ErrorInfo that is added. */
function write(detail: ErrorDetail, registry = library): JsonValue[] {
  const error = new ConnectError("no such book", Code.NotFound);
  error.details.push(detail);
  const body = writeErrorBody(error, { httpStatus: 404, domain: "library", registry });
  return JSON.parse(body).error.details.slice(1);
}

function read(details: unknown, registry = library): ConnectError {
  const body = JSON.stringify({
    error: { code: 404, message: "no such book", status: "NOT_FOUND", details },
  });
  return readErrorBody(body, 404, new Headers(), registry);
}

const info = create(ErrorInfoSchema, { reason: "LOST", domain: "library" });

describe.each<[string, never, Message | object, object]>(
  (
    [
      [DurationSchema, { seconds: 1n, nanos: 500_000_000 }, { value: "1.500s" }],
      [TimestampSchema, { seconds: 0n, nanos: 1_000 }, { value: "1970-01-01T00:00:00.000001Z" }],
      [StringValueSchema, { value: "a" }, { value: "a" }],
      [StringValueSchema, { value: "" }, { value: "" }],
      [BoolValueSchema, { value: false }, { value: false }],
      [Int64ValueSchema, { value: 9_007_199_254_740_993n }, { value: "9007199254740993" }],
      [UInt32ValueSchema, { value: 7 }, { value: 7 }],
      [DoubleValueSchema, { value: Number.NaN }, { value: "NaN" }],
      [BytesValueSchema, { value: new Uint8Array([1, 255]) }, { value: "Af8=" }],
      [EmptySchema, {}, {}],
      [FieldMaskSchema, { paths: ["page_count", "title"] }, { value: "pageCount,title" }],
      [
        StructSchema,
        { fields: { a: create(ValueSchema, { kind: { case: "numberValue", value: 1 } }) } },
        { value: { a: 1 } },
      ],
      [ValueSchema, { kind: { case: "nullValue", value: 0 } }, { value: null }],
      [ValueSchema, { kind: { case: "stringValue", value: "x" } }, { value: "x" }],
      [
        ListValueSchema,
        { values: [create(ValueSchema, { kind: { case: "boolValue", value: true } })] },
        { value: [true] },
      ],
      [
        AnySchema,
        anyPack(ErrorInfoSchema, info),
        { value: { "@type": `${prefix}google.rpc.ErrorInfo`, reason: "LOST", domain: "library" } },
      ],
      [
        AnySchema,
        anyPack(DurationSchema, create(DurationSchema, { seconds: 2n })),
        { value: { "@type": `${prefix}google.protobuf.Duration`, value: "2s" } },
      ],
      [
        AnySchema,
        anyPack(book, create(book, { name: "b/1" } as never)),
        { value: { "@type": `${prefix}library.v1.Book`, name: "b/1" } },
      ],
      [HelpSchema, { links: [{ url: "u" }] }, { links: [{ url: "u" }] }],
      [RetryInfoSchema, { retryDelay: create(DurationSchema, { nanos: 1 }) }, { retryDelay: "0.000000001s" }],
      [book, { name: "b/1" }, { name: "b/1" }],
    ] as [{ typeName: string }, object, object][]
  ).map(([desc, value, json]) => [`${desc.typeName} ${JSON.stringify(json)}`, desc as never, value, json]),
)("the detail %s", (title, schema: typeof book, value, json) => {
  const message = create(schema, value as never);
  const expected = { "@type": prefix + schema.typeName, ...json };

  it(`a detail that is the message ${title} is written as the JSON of an Any`, () => {
    expect(write(outgoing(schema, message))).toEqual([expected]);
  });

  it(`a detail that is the fields of ${title} is written as the JSON of an Any`, () => {
    expect(write(outgoing(schema, value))).toEqual([expected]);
  });

  it(`a detail that is the bytes of ${title} is written as the JSON of an Any`, () => {
    const bytes = toBinary(schema, message);
    expect(write({ type: schema.typeName, value: bytes })).toEqual([expected]);
    // Bytes count, if there are any.
    const debug = bytes.length > 0 ? { other: true } : "none";
    expect(write({ type: schema.typeName, value: bytes, debug })).toEqual([expected]);
  });

  it(`the detail ${title} is read from the JSON of an Any, and written again`, () => {
    const error = read([expected]);
    expect(error.findDetails(schema)).toEqual([message]);
    expect(error.details).toMatchObject([{ desc: { typeName: schema.typeName } }]);
    expect(write(error.details[0] as ErrorDetail)).toEqual([expected]);
  });
});

describe("a detail of an unknown type", () => {
  const none = createRegistry();
  const bytes = toBinary(book, create(book, { name: "b/1" } as never));
  const json = { "@type": `${prefix}library.v1.Book`, name: "b/1" };

  it("a detail whose type is known by its schema alone is written", () => {
    expect(write(outgoing(book, { name: "b/1" }), none)).toEqual([json]);
  });

  it("bytes of an unknown type are left out over REST", () => {
    expect(write({ type: "library.v1.Book", value: bytes }, none)).toEqual([]);
  });

  it("bytes of an unknown type are written from the JSON that the other server sent with them", () => {
    expect(write({ type: "library.v1.Book", value: bytes, debug: { name: "b/1" } }, none)).toEqual([json]);
    expect(write({ type: "library.v1.Book", value: bytes, debug: { "@type": "evil" } }, none)).toEqual([
      { "@type": `${prefix}library.v1.Book` },
    ]);
  });

  it.each<[string, JsonValue]>([
    ["text", "text"],
    ["null", null],
    ["a list", [1]],
  ])("bytes of an unknown type are left out if the JSON sent with them is %s", (_, debug) => {
    expect(write({ type: "library.v1.Book", value: bytes, debug }, none)).toEqual([]);
  });

  it("an Any that contains an unknown type is left out", () => {
    const any = anyPack(book, create(book, { name: "b/1" } as never));
    expect(write(outgoing(AnySchema, any), none)).toEqual([]);
  });

  it("a detail of an unknown type keeps its type and JSON in the client, and is written again", () => {
    const error = read([json], none);
    expect(error.details).toEqual([
      { type: "library.v1.Book", value: new Uint8Array(0), debug: { name: "b/1" } },
    ]);
    expect(write(error.details[0] as ErrorDetail, none)).toEqual([json]);
    expect(write(error.details[0] as ErrorDetail, library)).toEqual([json]);
  });

  it("findDetails finds a detail that was of an unknown type, by its schema or in a registry", () => {
    const error = read([json, { "@type": `${prefix}google.rpc.ErrorInfo`, reason: "LOST" }], none);
    const message = create(book, { name: "b/1" } as never);
    expect(error.findDetails(book)).toEqual([message]);
    expect(error.findDetails(library)).toEqual([message]);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "LOST" }]);
    expect(error.findDetails(none)).toEqual([]);
  });

  it("types of the registry win over the default types of the same name", () => {
    const any = { "@type": `${prefix}google.rpc.ErrorInfo`, reason: "LOST" };
    expect(read([any], createRegistry(ErrorInfoSchema)).findDetails(ErrorInfoSchema)).toHaveLength(1);
  });
});

describe("an invalid detail", () => {
  it.each<[string, ErrorDetail]>([
    ["bytes that do not parse", { type: "google.rpc.Help", value: new Uint8Array([255]) }],
    ["a message that has no JSON form", outgoing(DurationSchema, { seconds: 1n, nanos: -1 })],
    [
      "a field that has no JSON form",
      outgoing(RetryInfoSchema, { retryDelay: create(DurationSchema, { seconds: 1n, nanos: -1 }) }),
    ],
    ["a value of another type", outgoing(ErrorInfoSchema, { reason: 7 })],
    ["a list that is text", outgoing(HelpSchema, { links: "text" })],
    ["a type name that is empty", { type: "", value: new Uint8Array([1]) }],
  ])("an error is written without a detail that is %s", (_, detail) => {
    expect(write(detail)).toEqual([]);
  });

  it.each([100, 200_000])("an error is written without a detail whose JSON has %d levels in it", (levels) => {
    let debug: JsonValue = {};
    for (let depth = 0; depth < levels; depth++) {
      debug = { a: debug };
    }
    expect(write({ type: "unknown.Type", value: new Uint8Array(0), debug })).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["text", "text"],
    ["a number", 7],
    ["a list", []],
    ["an object without @type", { reason: "LOST" }],
    ["an @type that is a number", { "@type": 7 }],
    ["an @type that is empty", { "@type": "" }],
    ["an @type that ends with a slash", { "@type": "type.googleapis.com/" }],
  ])("readErrorBody ignores a detail that is %s", (_, detail) => {
    const error = read([
      detail,
      { "@type": `${prefix}google.rpc.LocalizedMessage`, locale: "de", newField: 1 },
    ]);
    expect(error.details).toHaveLength(1);
    expect(error.findDetails(LocalizedMessageSchema)).toMatchObject([{ locale: "de" }]);
  });

  it.each<[string, unknown]>([
    ["an object", {}],
    ["text", "text"],
    ["null", null],
    ["a number", 7],
  ])("readErrorBody returns an error without details if its details are %s", (_, details) => {
    const error = read(details);
    expect([error.code, error.rawMessage, error.details]).toEqual([Code.NotFound, "no such book", []]);
  });

  it.each<[string, string, object]>([
    ["a delay that is no duration", "google.rpc.RetryInfo", { retryDelay: "soon" }],
    ["a number instead of text", "google.rpc.ErrorInfo", { reason: 7 }],
    ["a well-known type without a value", "google.protobuf.Duration", {}],
    ["a well-known type with fields", "google.protobuf.Duration", { seconds: "1" }],
    ["an Any of an unknown type", "google.protobuf.Any", { value: { "@type": "x/unknown.Type" } }],
    ["a key __proto__", "google.rpc.RetryInfo", JSON.parse('{"__proto__":{"a":1},"retryDelay":1}')],
  ])(
    "a known detail with %s keeps its type and JSON, and findDetails does not find it",
    (_, type, content) => {
      const error = read([{ ...content, "@type": prefix + type }]);
      expect(error.details).toEqual([{ type, value: new Uint8Array(0), debug: content }]);
      expect(error.findDetails(library)).toEqual([]);
      for (const schema of [RetryInfoSchema, ErrorInfoSchema, DurationSchema, AnySchema]) {
        expect(error.findDetails(schema as never)).toEqual([]);
      }
      expect(error.rawMessage).toBe("no such book");
    },
  );

  it("readErrorBody reads an Empty with and without a value: implementations differ", () => {
    const url = `${prefix}google.protobuf.Empty`;
    expect(read([{ "@type": url, value: {} }, { "@type": url }]).findDetails(EmptySchema)).toHaveLength(2);
  });

  it("readErrorBody accepts a type URL of any host, and one without a host", () => {
    const urls = ["type.googleapis.com/", "types.example.com/a/b/", "/", ""];
    const error = read(urls.map((url) => ({ "@type": `${url}google.rpc.ErrorInfo`, reason: url })));
    expect(error.findDetails(ErrorInfoSchema).map(({ reason }) => reason)).toEqual(urls);
  });
});

describe("a detail whose JSON has numbers or times that a double or a Date changes", () => {
  const everythingUrl = `${prefix}${everything.typeName}`;

  /** Reads an error with one detail, whose JSON is given as text. */
  function readText(detail: string, registry = library): ConnectError {
    const body = `{"error":{"code":404,"message":"no such book","status":"NOT_FOUND","details":[${detail}]}}`;
    return readErrorBody(body, 404, new Headers(), registry);
  }

  /** Writes an error as a server that relays it does. */
  const relay = (error: ConnectError, registry = library) =>
    writeErrorBody(error, { httpStatus: 404, domain: "library", registry });

  it.each([
    ["int64Value", "9007199254740993", 9_007_199_254_740_993n],
    ["int64Value", "-9223372036854775808", -9_223_372_036_854_775_808n],
    ["int64Value", "9.007199254740993e15", 9_007_199_254_740_993n],
    ["int64Value", '"9007199254740993"', 9_007_199_254_740_993n],
    ["uint64Value", "18446744073709551615", 18_446_744_073_709_551_615n],
    ["fixed64Value", "9007199254740993", 9_007_199_254_740_993n],
    ["sint64Value", "9007199254740993", 9_007_199_254_740_993n],
    ["doubleValue", "9007199254740993", 9_007_199_254_740_992],
  ])("a detail with %s of %s is read exactly", (field, text, value) => {
    const json = `{"@type":"${everythingUrl}","${field}":${text}}`;
    for (const registry of [library, createRegistry()]) {
      expect(readText(json, registry).findDetails(everything)).toMatchObject([{ [field]: value }]);
    }
  });

  it("a wrapper with an integer beyond 2^53 is read exactly, also within an Any", () => {
    const wrapper = `{"@type":"${prefix}google.protobuf.Int64Value","value":9007199254740993}`;
    const value = create(Int64ValueSchema, { value: 9_007_199_254_740_993n });
    expect(readText(wrapper).findDetails(Int64ValueSchema)).toEqual([value]);
    const any = `{"@type":"${prefix}google.protobuf.Any","value":${wrapper}}`;
    expect(readText(any).findDetails(AnySchema)).toEqual([anyPack(Int64ValueSchema, value)]);
  });

  it.each([
    ["google.rpc.ErrorInfo", '{"fields":{"a":9007199254740993}}'],
    ["unknown.Type", '{"n":9007199254740993,"list":[1,18446744073709551615]}'],
    [everything.typeName, '{"int64Value":9007199254740993,"int32Value":"x"}'],
  ])(
    "a detail of type %s that is kept as JSON is relayed with its numbers as they were written",
    (type, json) => {
      const content = type === "google.rpc.ErrorInfo" ? json.replace("{", '{"reason":7,') : json;
      const error = readText(`${content.slice(0, -1)},"@type":"${prefix}${type}"}`);
      // For people: plain JSON.
      expect(error.details).toEqual([{ type, value: new Uint8Array(0), debug: JSON.parse(content) }]);
      expect(relay(error)).toContain(content.slice(1, -1));
      const details = error.details.flatMap((detail) => sendableDetail(detail as ErrorDetail, library) ?? []);
      expect(details).toEqual([]);
    },
  );

  it("a detail that a relay cannot parse but its client can is exact after both", () => {
    const none = createRegistry();
    const error = readText(`{"@type":"${everythingUrl}","int64Value":9007199254740993}`, none);
    expect(sendableDetail(error.details[0] as ErrorDetail, library)).toMatchObject({
      value: { int64Value: 9_007_199_254_740_993n },
    });
    expect(
      readErrorBody(relay(error, none), 404, new Headers(), library).findDetails(everything),
    ).toMatchObject([{ int64Value: 9_007_199_254_740_993n }]);
  });

  it.each([
    ["a day that does not exist", { time: "2026-02-30T00:00:00Z" }],
    ["a month that does not exist", { time: "2026-13-01T00:00:00Z" }],
    ["an hour that does not exist", { time: "2026-01-31T24:00:00Z" }],
    ["a number that is no integer", { int64Value: 1.5 }],
    ["an integer out of range", { int32Value: 2_147_483_648 }],
    ["two members of a oneof", { left: "a", right: 1 }],
    ["a field by both of its names", { listValue: [], list_value: [] }],
  ])("a detail with %s is kept as JSON", (_, content) => {
    const error = readText(JSON.stringify({ "@type": everythingUrl, ...content }));
    expect(error.details).toEqual([{ type: everything.typeName, value: new Uint8Array(0), debug: content }]);
    expect(error.findDetails(everything)).toEqual([]);
  });

  it("a detail nested too deep to be a message is kept as JSON", () => {
    const nested = `${'{"nested":'.repeat(101)}{}${"}".repeat(101)}`;
    const error = readText(`{"@type":"${everythingUrl}",${nested.slice(1)}`);
    expect(error.details).toMatchObject([{ type: everything.typeName, debug: { nested: {} } }]);
    expect(error.findDetails(everything)).toEqual([]);
  });
});

describe("errors of Google's servers", () => {
  // In the form of the Compute, Ads and Maps APIs; their types are unknown here.
  const details = [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "RATE_LIMIT_EXCEEDED",
      domain: "googleapis.com",
      metadata: { service: "x.googleapis.com", quota_limit: "1" },
    },
    {
      "@type": "type.googleapis.com/google.rpc.QuotaFailure",
      violations: [{ subject: "p", description: "d", futureField: { a: [1] } }],
    },
    {
      "@type": "type.googleapis.com/google.ads.googleads.v17.errors.GoogleAdsFailure",
      errors: [{ errorCode: { quotaError: "X" } }],
      requestId: "r",
    },
    { "@type": "type.googleapis.com/google.rpc.Help", links: [{ description: "l", url: "u" }] },
  ];

  it("readErrorBody keeps every detail of an error with types that only Google's server knows", () => {
    const error = read(details, createRegistry());
    expect(error.details).toHaveLength(4);
    expect(error.findDetails(ErrorInfoSchema)[0]?.metadata).toEqual({
      service: "x.googleapis.com",
      quota_limit: "1",
    });
    expect(error.findDetails(QuotaFailureSchema)[0]?.violations).toMatchObject([{ subject: "p" }]);
    const { errors } = { errors: details[2]?.errors };
    expect(error.details[2]).toEqual({
      type: "google.ads.googleads.v17.errors.GoogleAdsFailure",
      value: new Uint8Array(0),
      debug: { errors, requestId: "r" },
    });
  });

  it("bytes of a known detail survive a relay from a server over gRPC to one over REST", () => {
    const value = toBinary(ErrorInfoSchema, info);
    expect(fromBinary(ErrorInfoSchema, value)).toEqual(info);
    const error = new ConnectError("x", Code.NotFound);
    error.details.push({ type: "google.rpc.ErrorInfo", value });
    const body = writeErrorBody(error, { httpStatus: 404, domain: "other" });
    expect(JSON.parse(body).error.details).toEqual([
      { "@type": `${prefix}google.rpc.ErrorInfo`, reason: "LOST", domain: "library" },
    ]);
  });
});
