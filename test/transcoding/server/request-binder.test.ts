import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { HttpRule } from "#deps/google/api/http_pb.js";
import { parseRequestTarget } from "../../../src/transcoding/http/request-target.ts";
import { buildRouteTree } from "../../../src/transcoding/http/route-tree.ts";
import { type BindOptions, compileRequestBinder } from "../../../src/transcoding/server/request-binder.ts";
import { bindingFor, everything, get, post } from "../fixtures/library.ts";

/** Binds a request for the rule: its JSON, or everything wrong with it, or nothing if the path is another. */
function bind(rule: HttpRule, target: string, body?: unknown, options?: BindOptions) {
  const binding = bindingFor(rule);
  const { path, query } = parseRequestTarget(target);
  const match = buildRouteTree([[binding, binding] as const]).match(binding.httpMethod, path);
  if (match === undefined || !("captures" in match)) {
    return undefined;
  }
  const bound = compileRequestBinder(binding, options).bind({ captures: match.captures, query, body });
  return "violations" in bound
    ? bound.violations.map(({ field, description }) => `${field}: ${description}`)
    : toJson(everything, bound.message);
}

describe("bind: the path", () => {
  it.each([
    ["D1", "/v1/{string_value}", "/v1/a%2Fb%20c", { stringValue: "a/b c" }],
    ["D2", "/v1/{string_value=a/*}", "/v1/a/b%2Fc%20d", { stringValue: "a/b%2Fc d" }],
    ["D2", "/v1/{string_value=**}", "/v1/a/%61%2f%2Fb", { stringValue: "a/a%2f%2Fb" }],
    ["D3", "/v1/{string_value}", "/v1/%2541", { stringValue: "%41" }],
    ["D3", "/v1/{string_value=**}", "/v1/a/%252F", { stringValue: "a/%2F" }],
    ["D4", "/v1/{string_value}", "/v1/a+b", { stringValue: "a+b" }],
    ["M5", "/v1/{string_value}:cancel", "/v1/a%3Acancel:cancel", { stringValue: "a:cancel" }],
    ["M8", "/v1/{string_value=**}", "/v1", {}],
    ["M8", "/v1/{string_value=a/**}", "/v1/a", { stringValue: "a" }],
    ["M10", "/v1/{string_value}", "/v1/..", { stringValue: ".." }],
    ["M10", "/v1/{string_value}", "/v1/%2e%2e", { stringValue: ".." }],
    ["M10", "/v1/{string_value=**}", "/v1/a/../b\\c", { stringValue: "a/../b\\c" }],
    ["M12", "/v1/{string_value}", "http://example.com/v1/a", { stringValue: "a" }],
    ["T5", "/v1/*/{string_value}", "/v1/a/b", { stringValue: "b" }],
    ["T10", "/v1/{string_value=a%62/*}", "/v1/%61b/c", { stringValue: "ab/c" }],
    ["T12", "/v1/{part.inner.count}", "/v1/7", { part: { inner: { count: 7 } } }],
    ["T12", "/v1/{part.label}/{part.count}", "/v1/a/7", { part: { label: "a", count: 7 } }],
    ["T12", "/v1/{bool_value}/{kind}", "/v1/true/NOVEL", { boolValue: true, kind: "NOVEL" }],
    ["T12", "/v1/{int64_value}", "/v1/9007199254740993", { int64Value: "9007199254740993" }],
    ["T12", "/v1/{long_text}", "/v1/9007199254740993", { longText: "9007199254740993" }],
    ["T12", "/v1/{ulong_text}", "/v1/18446744073709551615", { ulongText: "18446744073709551615" }],
    ["T12", "/v1/{bytes_value}", "/v1/-_8", { bytesValue: "+/8=" }],
    ["T12", "/v1/{double_value}", "/v1/NaN", { doubleValue: "NaN" }],
    ["T12", "/v1/{optional_int32}", "/v1/0", { optionalInt32: 0 }],
    ["T12", "/v1/{left}", "/v1/a", { left: "a" }],
    ["T12", "/v1/{raw}", "/v1/AA==", { raw: "AA==" }],
    ["T12", "/v1/{either.star}", "/v1/a", { either: { star: "a" } }],
    ["T12", "/v1/{constructor}", "/v1/a", { constructor: "a" }],
  ])("%s: %s reads %s", (_, template, target, json) => {
    expect(bind(get(template), target)).toEqual(json);
  });

  it.each([
    ["D5", "/v1/{string_value}", "/v1/%zz", "stringValue: must be percent-encoded UTF-8 in the path"],
    ["D5", "/v1/{string_value}", "/v1/%ff", "stringValue: must be percent-encoded UTF-8 in the path"],
    ["D5", "/v1/{string_value=**}", "/v1/a/%c3/b", "stringValue: must be percent-encoded UTF-8 in the path"],
    ["D5", "/v1/{int32_value}", "/v1/%", "int32Value: must be percent-encoded UTF-8 in the path"],
    ["Q7", "/v1/{bool_value}", "/v1/1", "boolValue: must be true or false"],
    ["Q8", "/v1/{int32_value}", "/v1/1e3", "int32Value: must be an integer from -2147483648 to 2147483647"],
    ["Q8", "/v1/{uint32_value}", "/v1/-1", "uint32Value: must be an integer from 0 to 4294967295"],
    ["Q10", "/v1/{kind}", "/v1/secret", "kind: must be one of KIND_UNSPECIFIED, NOVEL, ATLAS"],
    ["Q11", "/v1/{bytes_value}", "/v1/*", "bytesValue: must be base64"],
    ["E3", "/v1/{part.count}", "/v1/x", "part.count: must be an integer from -2147483648 to 2147483647"],
    ["Q5", "/v1/{left}/{right}", "/v1/a/1", "right: cannot be set together with left: at most one of them"],
    [
      "Q5",
      "/v1/{left}/{either.count}",
      "/v1/a/1",
      "either.count: cannot be set together with left: at most one of them",
    ],
  ])("%s: %s refuses %s", (_, template, target, fault) => {
    expect(bind(get(template), target)).toEqual([fault]);
  });
});

describe("bind: body *", () => {
  const rule = post("/v1/{string_value}", "*");

  it.each([
    ["B1", "/v1/a", { int32Value: 1 }, { stringValue: "a", int32Value: 1 }],
    ["B1", "/v1/a", { string_value: "a" }, { stringValue: "a" }],
    ["B4", "/v1/a", undefined, { stringValue: "a" }],
    ["B4", "/v1/a", {}, { stringValue: "a" }],
    ["B5", "/v1/a%2Fb", { stringValue: "a/b" }, { stringValue: "a/b" }],
    ["B5", "/v1/a", { stringValue: null }, { stringValue: "a" }],
    ["Y1", "/v1/a?$alt=json%3Benum-encoding%3Dint&key=x&prettyPrint=true", {}, { stringValue: "a" }],
  ])("%s: %s with %j", (_, target, body, json) => {
    expect(bind(rule, target, body)).toEqual(json);
  });

  const agreeing = "must be the same in the body as in the path";
  const taken = "is set by the path or the body, and cannot be a parameter as well";

  it.each([
    ["B1", "/v1/a?int32_value=1", {}, [`int32_value: ${taken}`]],
    ["B1", "/v1/a?int32Value=1", undefined, [`int32Value: ${taken}`]],
    ["B1", "/v1/a?part.count=1", {}, [`part.count: ${taken}`]],
    ["B1", "/v1/a?bogus=1", {}, ["bogus: is not a parameter of this method"]],
    ["B4", "/v1/a", null, ["body: must be an object, not null"]],
    ["B4", "/v1/a", [], ["body: must be an object, not an array"]],
    ["B4", "/v1/a", "secret", ["body: must be an object, not a string"]],
    ["B4", "/v1/a", false, ["body: must be an object, not a boolean"]],
    ["B5", "/v1/a", { stringValue: "b" }, [`stringValue: ${agreeing}`]],
    ["B6", "/v1/a?string_value=a", {}, [`string_value: ${taken}`]],
    ["B6", "/v1/a?stringValue=b", {}, [`stringValue: ${taken}`]],
    ["J2", "/v1/a", { bogus: 1 }, ["bogus: is not a field of Everything"]],
    [
      "E3",
      "/v1/%zz?bogus=1",
      { int32Value: "x" },
      [
        "int32Value: must be an integer from -2147483648 to 2147483647",
        "stringValue: must be percent-encoded UTF-8 in the path",
        "bogus: is not a parameter of this method",
      ],
    ],
  ])("%s: refuses %s with %j", (_, target, body, faults) => {
    expect(bind(rule, target, body)).toEqual(faults);
  });

  it("J2: an option skips unknown fields of the body, but not of the query", () => {
    expect(bind(rule, "/v1/a", { bogus: 1 }, { ignoreUnknownFields: true })).toEqual({ stringValue: "a" });
    expect(bind(rule, "/v1/a?bogus=1", {}, { ignoreUnknownFields: true })).toEqual([
      "bogus: is not a parameter of this method",
    ]);
  });
});

describe("bind: path and body", () => {
  it.each([
    ["int32_value", "5", { int32Value: 5 }],
    ["int64_value", "5", { int64Value: "5" }],
    ["long_text", "5", { longText: 5 }],
    ["long_text", "0", { longText: "0" }],
    ["bool_value", "true", { boolValue: true }],
    ["bool_value", "false", { boolValue: false }],
    ["kind", "NOVEL", { kind: 1 }],
    ["double_value", "1.0", { doubleValue: 1 }],
    ["double_value", "NaN", { doubleValue: "NaN" }],
    ["bytes_value", "-_8", { bytesValue: "+/8=" }],
    ["optional_int32", "0", { optionalInt32: 0 }],
    ["optional_string", "a", { optionalString: "a" }],
    ["left", "a", { left: "a" }],
    ["raw", "AA", { raw: "AA==" }],
    ["part.count", "5", { part: { count: 5, label: "a" } }],
    ["part.count", "5", { part: {} }],
    ["either.count", "5", { either: { count: 5 } }],
    ["either.count", "5", { either: { label: "a" } }],
  ])("B5: agree on {%s}: %s and %j", (field, text, body) => {
    expect(bind(post(`/v1/{${field}}`, "*"), `/v1/${text}`, body)).not.toBeInstanceOf(Array);
  });

  it.each([
    ["int32_value", "5", { int32Value: 6 }],
    ["int64_value", "5", { int64Value: "6" }],
    ["long_text", "5", { longText: "6" }],
    ["bool_value", "false", { boolValue: true }],
    ["kind", "NOVEL", { kind: "ATLAS" }],
    ["double_value", "1", { doubleValue: "NaN" }],
    ["bytes_value", "AA", { bytesValue: "AQ==" }],
    ["bytes_value", "AA", { bytesValue: "AAA=" }],
    ["optional_int32", "5", { optionalInt32: 0 }],
    ["optional_string", "a", { optionalString: "" }],
    ["optional_bool", "true", { optionalBool: false }],
    ["left", "a", { left: "" }],
    ["left", "a", { left: "b" }],
    ["raw", "AA", { raw: "" }],
    ["part.count", "5", { part: { count: 6 } }],
    ["either.count", "5", { either: { count: 6 } }],
  ])("B5: disagree on {%s}: %s and %j", (field, text, body) => {
    expect(bind(post(`/v1/{${field}}`, "*"), `/v1/${text}`, body)).toEqual([
      expect.stringMatching(/^[\w.]+: must be the same in the body as in the path$/),
    ]);
  });

  it.each([
    ["left", "a", { right: 1 }],
    ["left", "a", { either: {} }],
    ["left", "a", { wrapped: "b" }],
    ["either.count", "5", { left: "a" }],
    ["either.star", "a", { either: { number: 1 } }],
  ])("B5: are two members of one oneof: {%s}: %s and %j", (field, text, body) => {
    expect(bind(post(`/v1/{${field}}`, "*"), `/v1/${text}`, body)).toEqual([
      expect.stringMatching(/^[\w.]+: cannot be set together with \w+: at most one of them$/),
    ]);
  });
});

describe("bind: a named body", () => {
  it.each([
    [
      "B2",
      "part",
      "/v1/a?int32_value=1",
      { count: 2 },
      { stringValue: "a", int32Value: 1, part: { count: 2 } },
    ],
    ["B2", "texts", "/v1/a", ["b", "c"], { stringValue: "a", texts: ["b", "c"] }],
    ["B2", "labels", "/v1/a", { b: "c" }, { stringValue: "a", labels: { b: "c" } }],
    ["B2", "int32_value", "/v1/a", 0, { stringValue: "a" }],
    ["B2", "optional_bool", "/v1/a", false, { stringValue: "a", optionalBool: false }],
    ["B2", "string_wrapper", "/v1/a", "", { stringValue: "a", stringWrapper: "" }],
    ["B2", "time", "/v1/a", "2026-01-31T08:00:00Z", { stringValue: "a", time: "2026-01-31T08:00:00Z" }],
    ["B2", "struct", "/v1/a", { b: [] }, { stringValue: "a", struct: { b: [] } }],
    ["B2", "value", "/v1/a", null, { stringValue: "a", value: null }],
    ["B2", "value", "/v1/a", 1, { stringValue: "a", value: 1 }],
    ["B2", "either", "/v1/a", {}, { stringValue: "a", either: {} }],
    ["B4", "part", "/v1/a", undefined, { stringValue: "a", part: {} }],
    ["B4", "part", "/v1/a", {}, { stringValue: "a", part: {} }],
    ["B4", "texts", "/v1/a", undefined, { stringValue: "a" }],
    ["B4", "time", "/v1/a", undefined, { stringValue: "a" }],
    ["B4", "string_wrapper", "/v1/a", undefined, { stringValue: "a" }],
    ["B4", "value", "/v1/a", undefined, { stringValue: "a" }],
    ["B4", "list_value", "/v1/a", undefined, { stringValue: "a" }],
  ])("%s: %s: %s with %j", (_, field, target, body, json) => {
    expect(bind(post("/v1/{string_value}", field), target, body)).toEqual(json);
  });

  it.each([
    ["B4", "part", "/v1/a", null, ["body: must not be null"]],
    ["B4", "texts", "/v1/a", null, ["body: must not be null"]],
    ["B4", "part", "/v1/a", [], ["body: must be an object, not an array"]],
    ["B4", "part", "/v1/a", 7, ["body: must be an object, not a number"]],
    ["B4", "texts", "/v1/a", {}, ["body: must be an array, not an object"]],
    ["B4", "labels", "/v1/a", [], ["body: must be an object, not an array"]],
    [
      "B6",
      "part",
      "/v1/a?part.count=1",
      {},
      ["part.count: is set by the path or the body, and cannot be a parameter as well"],
    ],
    [
      "B6",
      "part",
      "/v1/a?part=1",
      {},
      ["part: is set by the path or the body, and cannot be a parameter as well"],
    ],
    [
      "B6",
      "texts",
      "/v1/a?texts=b",
      [],
      ["texts: is set by the path or the body, and cannot be a parameter as well"],
    ],
    [
      "B6",
      "part",
      "/v1/a?string_value=a",
      {},
      ["string_value: is set by the path or the body, and cannot be a parameter as well"],
    ],
    ["E3", "part", "/v1/a", { inner: { bogus: 1 } }, ["inner.bogus: is not a field of Part"]],
    ["E3", "texts", "/v1/a", ["b", 7], ["[1]: must be a string, not a number"]],
    ["E3", "parts", "/v1/a", [{ bogus: 1 }], ["[0].bogus: is not a field of Part"]],
    ["Q5", "either", "/v1/a?left=b", {}, ["left: cannot be set together with either: at most one of them"]],
  ])("%s: %s: refuses %s with %j", (_, field, target, body, faults) => {
    expect(bind(post("/v1/{string_value}", field), target, body)).toEqual(faults);
  });

  it("B2: a variable may lead into the body, and then they agree", () => {
    const rule = post("/v1/{part.label}", "part");
    expect(bind(rule, "/v1/a", { count: 1 })).toEqual({ part: { label: "a", count: 1 } });
    expect(bind(rule, "/v1/a", { label: "a" })).toEqual({ part: { label: "a" } });
    expect(bind(rule, "/v1/a")).toEqual({ part: { label: "a" } });
    expect(bind(rule, "/v1/a", { label: "b" })).toEqual([
      "part.label: must be the same in the body as in the path",
    ]);
  });
});

describe("bind: no body", () => {
  it("B3: everything comes from path and query", () => {
    expect(bind(get("/v1/{string_value}"), "/v1/a?int32_value=1&part.count=2")).toEqual({
      stringValue: "a",
      int32Value: 1,
      part: { count: 2 },
    });
  });

  it.each([{}, { stringValue: "a" }, null, [], "", 0, false])("B3: refuses %j", (body) => {
    expect(bind(get("/v1/{string_value}"), "/v1/a", body)).toEqual([
      "body: must be empty: this method takes no body",
    ]);
  });

  it("B6: the path cannot be overridden by the query", () => {
    expect(bind(get("/v1/{part.label}"), "/v1/a?part.label=b")).toEqual([
      "part.label: is set by the path or the body, and cannot be a parameter as well",
    ]);
    expect(bind(get("/v1/{part.label}"), "/v1/a?part.count=1")).toEqual({ part: { label: "a", count: 1 } });
  });

  it("Q5: path and query cannot set two members of a oneof", () => {
    expect(bind(get("/v1/{left}"), "/v1/a?right=1")).toEqual([
      "right: cannot be set together with left: at most one of them",
    ]);
  });
});

describe("compileRequestBinder", () => {
  it.each([
    ["T12", get("/v1/{bogus}"), "{bogus} in /v1/{bogus} is not a field of the request"],
    ["T12", get("/v1/{stringValue}"), "{stringValue} in /v1/{stringValue} is not a field of the request"],
    ["T12", get("/v1/{part.bogus}"), "{part.bogus} in /v1/{part.bogus} is not a field of the request"],
    [
      "T12",
      get("/v1/{string_value.a}"),
      "{string_value.a} in /v1/{string_value.a} is not a field of the request",
    ],
    ["T12", get("/v1/{parts.label}"), "{parts.label} in /v1/{parts.label} is not a field of the request"],
    ["T12", get("/v1/{labels.a}"), "{labels.a} in /v1/{labels.a} is not a field of the request"],
    ["T12", get("/v1/{time.seconds}"), "{time.seconds} in /v1/{time.seconds} is not a field of the request"],
    [
      "T12",
      get("/v1/{string_wrapper.value}"),
      "{string_wrapper.value} in /v1/{string_wrapper.value} is not a field of the request",
    ],
    ["T12", get("/v1/{choice}"), "{choice} in /v1/{choice} is not a field of the request"],
    ["T12", get("/v1/{part}"), "{part} in /v1/{part} must be a singular field of a primitive type"],
    ["T12", get("/v1/{time}"), "{time} in /v1/{time} must be a singular field of a primitive type"],
    [
      "T12",
      get("/v1/{string_wrapper}"),
      "{string_wrapper} in /v1/{string_wrapper} must be a singular field of a primitive type",
    ],
    ["T12", get("/v1/{texts}"), "{texts} in /v1/{texts} must be a singular field of a primitive type"],
    ["T12", get("/v1/{labels}"), "{labels} in /v1/{labels} must be a singular field of a primitive type"],
    [
      "T13",
      post("/v1", "bogus"),
      'its google.api.http rule has the body "bogus", which is not a field of the request',
    ],
    [
      "T13",
      post("/v1", "part.inner"),
      'its google.api.http rule has the body "part.inner", which is not a field of the request',
    ],
    [
      "T13",
      post("/v1", "stringValue"),
      'its google.api.http rule has the body "stringValue", which is not a field of the request',
    ],
    [
      "T13",
      post("/v1", "**"),
      'its google.api.http rule has the body "**", which is not a field of the request',
    ],
  ])("%s: refuses at start-up: %#", (_, rule, fault) => {
    expect(() => compileRequestBinder(bindingFor(rule))).toThrow(
      new Error(`rpc library.v1.Library.Echo: ${fault}`),
    );
  });
});

describe("pathField", () => {
  const binder = compileRequestBinder(bindingFor(get("/v1/{part.label}/{string_value=**}")));

  it("D1, D2: decodes one variable, by its proto name", () => {
    expect(binder.pathField(["a%2Fb", "c%2Fd/%65"], "part.label")).toBe("a/b");
    expect(binder.pathField(["a%2Fb", "c%2Fd/%65"], "string_value")).toBe("c%2Fd/e");
  });

  it("D5: answers nothing for what does not decode, and for other names", () => {
    expect(binder.pathField(["%zz", "a"], "part.label")).toBeUndefined();
    expect(binder.pathField(["a", "b"], "stringValue")).toBeUndefined();
    expect(binder.pathField(["a", "b"], "__proto__")).toBeUndefined();
  });
});
