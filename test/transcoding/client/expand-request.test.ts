import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { HttpRule } from "#deps/google/api/http_pb.js";
import { expandRequest } from "../../../src/transcoding/client/expand-request.ts";
import { buildRouteTree } from "../../../src/transcoding/http/route-tree.ts";
import { compileRequestBinder } from "../../../src/transcoding/server/request-binder.ts";
import { bindingFor, custom, everything, get, post } from "../fixtures/library.ts";

/** Writes a request as one line, and its body below. */
function expand(rule: HttpRule, json: JsonValue): string[] {
  const expanded = expandRequest(bindingFor(rule), fromJson(everything, json));
  if ("problem" in expanded) {
    return [expanded.problem];
  }
  const { httpMethod, path, query, body } = expanded;
  const line = `${httpMethod} ${path}${query === "" ? "" : `?${query}`}`;
  return body === undefined ? [line] : [line, JSON.stringify(body)];
}

describe("expandRequest: the path", () => {
  it.each([
    ["/v1/{string_value}", { stringValue: "a/b c%2F:+*'ä" }, "GET /v1/a%2Fb%20c%252F%3A%2B%2A%27%C3%A4"],
    ["/v1/{string_value}", { stringValue: "-_.~0aZ" }, "GET /v1/-_.~0aZ"],
    ["/v1/{string_value=a/*}", { stringValue: "a/b c" }, "GET /v1/a/b%20c"],
    ["/v1/{string_value=**}", { stringValue: "a/b/%2F" }, "GET /v1/a/b/%252F"],
    ["/v1/{string_value}", { stringValue: "..." }, "GET /v1/..."],
    ["/v1/{string_value}", { stringValue: "%2e%2e" }, "GET /v1/%252e%252e"],
    ["/v1/{string_value}", { stringValue: "\\..\\" }, "GET /v1/%5C..%5C"],
    ["/v1/{string_value}:cancel", { stringValue: "a:b" }, "GET /v1/a%3Ab:cancel"],
    ["/v1/a%20b/{string_value}:c%2Fd", { stringValue: "a" }, "GET /v1/a%20b/a:c%2Fd"],
    ["/v1/{part.inner.label}/{part.label}", { part: { label: "a", inner: { label: "b" } } }, "GET /v1/b/a"],
    [
      "/v1/{int64_value}/{bool_value}",
      { int64Value: "9007199254740993", boolValue: true },
      "GET /v1/9007199254740993/true",
    ],
    ["/v1/{kind}/{left}", { kind: "NOVEL", left: "a" }, "GET /v1/NOVEL/a"],
    ["/v1/{bytes_value}", { bytesValue: "+/8=" }, "GET /v1/%2B%2F8%3D"],
    ["/v1/{optional_int32}", { optionalInt32: 0 }, "GET /v1/0"],
    ["/v1/{int32_value}/{bool_value}", {}, "GET /v1/0/false"],
    ["/v1/{int64_value}/{long_text}/{kind}", {}, "GET /v1/0/0/KIND_UNSPECIFIED"],
    ["/v1/{string_value=a}", { stringValue: "a" }, "GET /v1/a"],
    ["/v1/{string_value=a/*/b}", { stringValue: "a/x/b" }, "GET /v1/a/x/b"],
    ["/v1/{string_value=a/**}", { stringValue: "a" }, "GET /v1/a"],
    ["/v1/{string_value=a/**}", { stringValue: "a/b/c" }, "GET /v1/a/b/c"],
    ["/v1/{string_value=a/**/b}", { stringValue: "a/x/y/b" }, "GET /v1/a/x/y/b"],
    ["/v1/{string_value=a/**/b}", { stringValue: "a/b" }, "GET /v1/a/b"],
    ["/v1/{string_value=a/**}/c", { stringValue: "a/b" }, "GET /v1/a/b/c"],
  ])("expandRequest writes the path %s with %j", (template, json, line) => {
    expect(expand(get(template), json)).toEqual([line]);
  });

  const empty = "string_value is part of the path and must not be empty";
  const dots = "string_value is part of the path and must not have an empty segment, . or ..";
  const unpaired = "string_value must be valid Unicode: it has an unpaired surrogate";

  it.each([
    ["/v1/{string_value}", "", empty],
    ["/v1/{string_value}", ".", dots],
    ["/v1/{string_value}", "..", dots],
    ["/v1/{string_value}:cancel", "..", dots],
    ["/v1/{string_value=**}", "a/../b", dots],
    ["/v1/{string_value=**}", "./a", dots],
    ["/v1/{string_value=**}", "a//b", dots],
    ["/v1/{string_value=**}", "/a", dots],
    ["/v1/{string_value=**}", "a/", dots],
    ["/v1/{string_value=**}", "/", dots],
    ["/v1/{string_value=**}", "", empty],
    ["/v1/{string_value}", "\ud800", unpaired],
    ["/v1/{string_value=**}", "a/\udc00", unpaired],
    ["/v1/{string_value=a}", "b", "string_value must have the form a"],
    ["/v1/{string_value=a/*}", "b/x", "string_value must have the form a/*"],
    ["/v1/{string_value=a/*}", "a", "string_value must have the form a/*"],
    ["/v1/{string_value=a/*}", "a/x/y", "string_value must have the form a/*"],
    ["/v1/{string_value=a/*/b}", "a/x/c", "string_value must have the form a/*/b"],
    ["/v1/{string_value=a/**}", "b", "string_value must have the form a/**"],
    ["/v1/{string_value=a/**}", "b/x", "string_value must have the form a/**"],
    ["/v1/{string_value=a/**/b}", "a/x/c", "string_value must have the form a/**/b"],
    ["/v1/{string_value=a/**/b}", "a", "string_value must have the form a/**/b"],
  ])("expandRequest rejects for the path %s the value %j", (template, value, problem) => {
    // Not from JSON, whose reader rejects surrogates.
    const message = fromJson(everything, {});
    Object.assign(message, { stringValue: value });
    expect(expandRequest(bindingFor(get(template)), message)).toEqual({ problem });
  });

  it.each([
    "/v1/{part.label}",
    "/v1/{constructor}",
    "/v1/{to_string}",
    "/v1/{optional_int32}",
    "/v1/{left}",
    "/v1/{either.count}",
    "/v1/{bytes_value}",
  ])("expandRequest rejects for the path %s a message without the field", (template) => {
    expect(expand(get(template), { right: 1 })).toEqual([
      expect.stringMatching(/^[\w.]+ is part of the path and must not be empty$/),
    ]);
  });
});

describe("expandRequest: the query", () => {
  const rule = get("/v1");

  it.each([
    [{ part: { inner: { inner: { count: 1 } } } }, "part.inner.inner.count=1"],
    [{ nested: { mark: "a" } }, "nested.mark=a"],
    [{ numbers: [1, 2], texts: ["a,b", ""] }, "numbers=1&numbers=2&texts=a%2Cb&texts="],
    [
      { time: "2026-01-31T08:00:00Z", times: ["2026-01-31T08:00:00Z"] },
      "times=2026-01-31T08%3A00%3A00Z&time=2026-01-31T08%3A00%3A00Z",
    ],
    [
      { duration: "1s", mask: "a,b", stringWrapper: "", int64Wrappers: ["1"] },
      "int64Wrappers=1&stringWrapper=&duration=1s&mask=a%2Cb",
    ],
    [{ stringValue: "a b+c&d=e%#" }, "stringValue=a%20b%2Bc%26d%3De%25%23"],
    [{ kind: "NOVEL", kinds: [7] }, "kind=NOVEL&kinds=7"],
    [{ bytesValue: "+/8=" }, "bytesValue=%2B%2F8%3D"],
    [
      { int32Value: 0, optionalInt32: 0, optionalString: "", optionalBool: false },
      "optionalInt32=0&optionalString=&optionalBool=false",
    ],
    [{ left: "" }, "left="],
    [{ doubleValue: "NaN", floatValue: 0 }, "doubleValue=NaN"],
    [{}, ""],
  ])("expandRequest writes %j as a query", (json, query) => {
    expect(expand(rule, json)).toEqual([`GET /v1${query === "" ? "" : `?${query}`}`]);
  });

  const list = "is a list of messages, which a query cannot contain";
  const free = "has arbitrary keys, which a query cannot contain";

  it.each([
    [{ parts: [{ count: 1 }] }, `parts ${list}`],
    [{ nested: { parts: [{}] } }, `nested.parts ${list}`],
    [{ structs: [{}] }, `structs ${list}`],
    [{ labels: { a: "b" } }, `labels ${free}`],
    [{ nested: { partsByName: { a: { count: 1 } } } }, `nested.partsByName ${free}`],
    [{ struct: { a: 1 } }, `struct ${free}`],
    [{ value: "a" }, `value ${free}`],
    [{ value: null }, `value ${free}`],
    [{ listValue: [1] }, `listValue ${free}`],
    [{ any: {} }, `any ${free}`],
  ])("expandRequest rejects %j for a query", (json, problem) => {
    expect(expand(rule, json)).toEqual([problem]);
  });

  it("expandRequest rejects an unpaired surrogate in a query", () => {
    const message = fromJson(everything, {});
    Object.assign(message, { texts: ["a", "\ud800"] });
    expect(expandRequest(bindingFor(rule), message)).toEqual({
      problem: "texts must be valid Unicode: it has an unpaired surrogate",
    });
  });
});

describe("expandRequest: the body", () => {
  it.each([
    [
      post("/v1/{string_value}", "*"),
      { stringValue: "a", int32Value: 1 },
      ["POST /v1/a", '{"int32Value":1}'],
    ],
    [
      post("/v1/{part.label}", "*"),
      { part: { label: "a", count: 1 } },
      ["POST /v1/a", '{"part":{"count":1}}'],
    ],
    [post("/v1/{part.label}", "part"), { part: { label: "a", count: 1 } }, ["POST /v1/a", '{"count":1}']],
    [
      post("/v1/{part.label}", "part"),
      { part: { label: "a" }, numbers: [1] },
      ["POST /v1/a?numbers=1", "{}"],
    ],
    [get("/v1/{part.label}"), { part: { label: "a", count: 1 } }, ["GET /v1/a?part.count=1"]],
    [get("/v1/{string_value}"), { stringValue: "a" }, ["GET /v1/a"]],
    [post("/v1", "*"), {}, ["POST /v1", "{}"]],
    [post("/v1", "optional_bool"), { optionalBool: false }, ["POST /v1", "false"]],
    [post("/v1", "optional_int32"), { optionalInt32: 0 }, ["POST /v1", "0"]],
    [post("/v1", "string_wrapper"), { stringWrapper: "" }, ["POST /v1", '""']],
    [post("/v1", "value"), { value: null }, ["POST /v1", "null"]],
    [post("/v1", "part"), { part: {} }, ["POST /v1", "{}"]],
    [post("/v1", "part"), { int32Value: 1 }, ["POST /v1?int32Value=1"]],
    [post("/v1", "constructor"), { int32Value: 1 }, ["POST /v1?int32Value=1", '""']],
    [post("/v1", "labels"), { labels: { a: "b" }, int32Value: 1 }, ["POST /v1?int32Value=1", '{"a":"b"}']],
    [post("/v1", "shelf_mark"), { mark: "a" }, ["POST /v1", '"a"']],
    [post("/v1", "string_value"), {}, ["POST /v1", '""']],
    [post("/v1", "int32_value"), { int32Value: 0 }, ["POST /v1", "0"]],
    [post("/v1", "uint64_value"), {}, ["POST /v1", '"0"']],
    [post("/v1", "bool_value"), {}, ["POST /v1", "false"]],
    [post("/v1", "kind"), {}, ["POST /v1", '"KIND_UNSPECIFIED"']],
    [post("/v1", "numbers"), {}, ["POST /v1", "[]"]],
    [post("/v1", "labels"), {}, ["POST /v1", "{}"]],
    [post("/v1", "optional_bool"), {}, ["POST /v1"]],
    [post("/v1", "left"), {}, ["POST /v1"]],
    [post("/v1", "string_wrapper"), {}, ["POST /v1"]],
    [custom("*", "/v1"), {}, ["GET /v1"]],
    [custom("*", "/v1", "*"), {}, ["POST /v1", "{}"]],
    [custom("SEARCH", "/v1"), {}, ["SEARCH /v1"]],
  ])("expandRequest writes the body of the rule: %#", (rule, json, lines) => {
    expect(expand(rule, json)).toEqual(lines);
  });

  it("expandRequest rejects a path with a * outside of variables", () => {
    expect(expand(get("/v1/*/now"), {})).toEqual(["/v1/*/now has a * that no field of the request fills"]);
  });

  it("expandRequest rejects a message without JSON form", () => {
    const any = { typeUrl: "type.googleapis.com/a.B", value: new Uint8Array([8]) };
    const message = Object.assign(create(everything), { any: create(AnySchema, any) });
    expect(expandRequest(bindingFor(post("/v1", "*")), message)).toEqual({
      problem: expect.stringMatching(/^the request has no JSON form: /),
    });
  });

  it.each([
    [get("/v1/{nothing}"), "{nothing} must be a singular field of a primitive type"],
    [get("/v1/{part}"), "{part} must be a singular field of a primitive type"],
    [get("/v1/{texts}"), "{texts} must be a singular field of a primitive type"],
    [
      post("/v1", "nothing"),
      'its google.api.http rule has the body "nothing", which is not a field of the request',
    ],
  ])("expandRequest throws for a rule that does not fit the method: %#", (rule, text) => {
    expect(() => expandRequest(bindingFor(rule), create(everything))).toThrow(
      `rpc library.v1.Library.Echo: ${text}`,
    );
  });

  it("expandRequest does not change the message", () => {
    const message = fromJson(everything, { stringValue: "a", part: { label: "b" } });
    expandRequest(bindingFor(post("/v1/{string_value}/{part.label}", "part")), message);
    expect(toJson(everything, message)).toEqual({ stringValue: "a", part: { label: "b" } });
  });
});

it.each([
  [
    get("/v1/{string_value}"),
    { stringValue: "a/b%2F+ ä", part: { count: 1 }, texts: ["", "a+b"], optionalBool: false },
  ],
  [get("/v1/{string_value=a/**}"), { stringValue: "a/%2F/+ ä:x", time: "2026-01-31T08:00:00.5Z", left: "" }],
  [
    get("/v1/{part.label}:cancel"),
    { part: { label: ":cancel", inner: { words: ["a", "b"] } }, bytesValue: "+/8=" },
  ],
  [
    post("/v1/{string_value=a/*/b/*}:x", "*"),
    { stringValue: "a/€/b/ ", labels: { a: "b" }, int64Value: "-9223372036854775808" },
  ],
  [
    post("/v1/{part.label}", "part"),
    { part: { label: "..a" }, duration: "1s", int32Wrapper: 0, either: { star: "" } },
  ],
  [
    post("/v1/{int64_value}/{kind}/{bool_value}", "parts"),
    { parts: [{}, { count: 1 }], ulongText: "18446744073709551615" },
  ],
  [custom("*", "/v1/{bytes_value}/{double_value}"), { bytesValue: "+/8=", doubleValue: "-Infinity" }],
] satisfies [HttpRule, JsonValue][])(
  "the server binds the request that expandRequest writes: %#",
  (rule, json) => {
    const binding = bindingFor(rule);
    const message = fromJson(everything, json);
    const expanded = expandRequest(binding, message);
    if ("problem" in expanded) {
      throw new Error(expanded.problem);
    }
    const match = buildRouteTree([[binding, binding] as const]).match(expanded.httpMethod, expanded.path);
    const captures = match !== undefined && "captures" in match ? match.captures : [];
    const { query, body } = expanded;
    const bound = compileRequestBinder(binding).bind({ captures, query, body });
    expect("message" in bound ? toJson(everything, bound.message) : bound).toEqual(
      toJson(everything, message),
    );
  },
);
