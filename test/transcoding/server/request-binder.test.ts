import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { HttpRule } from "#deps/google/api/http_pb.js";
import { parseRequestTarget } from "../../../src/transcoding/http/request-target.ts";
import { buildRouteTree } from "../../../src/transcoding/http/route-tree.ts";
import type { ReadingOptions } from "../../../src/transcoding/json/reading-state.ts";
import {
  compileRequestBinder,
  requireDistinctOneofs,
} from "../../../src/transcoding/server/request-binder.ts";
import { bindingFor, everything, get, post } from "../fixtures/library.ts";

/** Binds a request: returns its JSON, or all violations, or undefined if the rule does not match the path. */
function bind(rule: HttpRule, target: string, body?: unknown, options?: ReadingOptions) {
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
    ["/v1/{string_value}", "/v1/a%2Fb%20c", { stringValue: "a/b c" }],
    ["/v1/{string_value=a/*}", "/v1/a/b%2Fc%20d", { stringValue: "a/b%2Fc d" }],
    ["/v1/{string_value=**}", "/v1/a/%61%2f%2Fb", { stringValue: "a/a%2f%2Fb" }],
    ["/v1/{string_value}", "/v1/%2541", { stringValue: "%41" }],
    ["/v1/{string_value=**}", "/v1/a/%252F", { stringValue: "a/%2F" }],
    ["/v1/{string_value}", "/v1/a+b", { stringValue: "a+b" }],
    ["/v1/{string_value}:cancel", "/v1/a%3Acancel:cancel", { stringValue: "a:cancel" }],
    ["/v1/{string_value=**}", "/v1", {}],
    ["/v1/{string_value=a/**}", "/v1/a", { stringValue: "a" }],
    ["/v1/{string_value}", "/v1/..", { stringValue: ".." }],
    ["/v1/{string_value}", "/v1/%2e%2e", { stringValue: ".." }],
    ["/v1/{string_value=**}", "/v1/a/../b\\c", { stringValue: "a/../b\\c" }],
    ["/v1/{string_value}", "http://example.com/v1/a", { stringValue: "a" }],
    ["/v1/*/{string_value}", "/v1/a/b", { stringValue: "b" }],
    ["/v1/{string_value=a%62/*}", "/v1/%61b/c", { stringValue: "ab/c" }],
    ["/v1/{part.inner.count}", "/v1/7", { part: { inner: { count: 7 } } }],
    ["/v1/{part.label}/{part.count}", "/v1/a/7", { part: { label: "a", count: 7 } }],
    ["/v1/{bool_value}/{kind}", "/v1/true/NOVEL", { boolValue: true, kind: "NOVEL" }],
    ["/v1/{int64_value}", "/v1/9007199254740993", { int64Value: "9007199254740993" }],
    ["/v1/{long_text}", "/v1/9007199254740993", { longText: "9007199254740993" }],
    ["/v1/{ulong_text}", "/v1/18446744073709551615", { ulongText: "18446744073709551615" }],
    ["/v1/{bytes_value}", "/v1/-_8", { bytesValue: "+/8=" }],
    ["/v1/{double_value}", "/v1/NaN", { doubleValue: "NaN" }],
    ["/v1/{optional_int32}", "/v1/0", { optionalInt32: 0 }],
    ["/v1/{left}", "/v1/a", { left: "a" }],
    ["/v1/{raw}", "/v1/AA==", { raw: "AA==" }],
    ["/v1/{either.star}", "/v1/a", { either: { star: "a" } }],
    ["/v1/{constructor}", "/v1/a", { constructor: "a" }],
  ])("bind reads a path with %s: %s", (template, target, json) => {
    expect(bind(get(template), target)).toEqual(json);
  });

  it.each([
    ["/v1/{string_value}", "/v1/%zz", "stringValue: must be percent-encoded UTF-8 in the path"],
    ["/v1/{string_value}", "/v1/%ff", "stringValue: must be percent-encoded UTF-8 in the path"],
    ["/v1/{string_value=**}", "/v1/a/%c3/b", "stringValue: must be percent-encoded UTF-8 in the path"],
    ["/v1/{int32_value}", "/v1/%", "int32Value: must be percent-encoded UTF-8 in the path"],
    ["/v1/{bool_value}", "/v1/1", "boolValue: must be true or false"],
    ["/v1/{int32_value}", "/v1/1e3", "int32Value: must be an integer from -2147483648 to 2147483647"],
    ["/v1/{uint32_value}", "/v1/-1", "uint32Value: must be an integer from 0 to 4294967295"],
    ["/v1/{kind}", "/v1/secret", "kind: must be one of KIND_UNSPECIFIED, NOVEL, ATLAS"],
    ["/v1/{bytes_value}", "/v1/*", "bytesValue: must be base64"],
    ["/v1/{part.count}", "/v1/x", "part.count: must be an integer from -2147483648 to 2147483647"],
    ["/v1/{left}/{right}", "/v1/a/1", "right: cannot be set together with left: at most one of them"],
    [
      "/v1/{left}/{either.count}",
      "/v1/a/1",
      "either.count: cannot be set together with left: at most one of them",
    ],
  ])("bind rejects a path with %s: %s", (template, target, violation) => {
    expect(bind(get(template), target)).toEqual([violation]);
  });
});

describe("bind: body *", () => {
  const rule = post("/v1/{string_value}", "*");

  it.each([
    ["/v1/a", { int32Value: 1 }, { stringValue: "a", int32Value: 1 }],
    ["/v1/a", { string_value: "a" }, { stringValue: "a" }],
    ["/v1/a", undefined, { stringValue: "a" }],
    ["/v1/a", {}, { stringValue: "a" }],
    ["/v1/a%2Fb", { stringValue: "a/b" }, { stringValue: "a/b" }],
    ["/v1/a", { stringValue: null }, { stringValue: "a" }],
    ["/v1/a?$alt=json%3Benum-encoding%3Dint&key=x&prettyPrint=true", {}, { stringValue: "a" }],
  ])("bind reads %s with the whole body %j", (target, body, json) => {
    expect(bind(rule, target, body)).toEqual(json);
  });

  const agreeing = "must be the same in the body as in the path";
  const taken = "is set by the path or the body, and cannot be a parameter as well";

  it.each([
    ["/v1/a?int32_value=1", {}, [`int32_value: ${taken}`]],
    ["/v1/a?int32Value=1", undefined, [`int32Value: ${taken}`]],
    ["/v1/a?part.count=1", {}, [`part.count: ${taken}`]],
    ["/v1/a?bogus=1", {}, ["bogus: is not a parameter of this method"]],
    ["/v1/a", null, ["body: must be an object, not null"]],
    ["/v1/a", [], ["body: must be an object, not an array"]],
    ["/v1/a", "secret", ["body: must be an object, not a string"]],
    ["/v1/a", false, ["body: must be an object, not a boolean"]],
    ["/v1/a", { stringValue: "b" }, [`stringValue: ${agreeing}`]],
    ["/v1/a?string_value=a", {}, [`string_value: ${taken}`]],
    ["/v1/a?stringValue=b", {}, [`stringValue: ${taken}`]],
    ["/v1/a", { bogus: 1 }, ["bogus: is not a field of Everything"]],
    [
      "/v1/%zz?bogus=1",
      { int32Value: "x" },
      [
        "int32Value: must be an integer from -2147483648 to 2147483647",
        "stringValue: must be percent-encoded UTF-8 in the path",
        "bogus: is not a parameter of this method",
      ],
    ],
  ])("bind rejects %s with the whole body %j", (target, body, violations) => {
    expect(bind(rule, target, body)).toEqual(violations);
  });

  it("bind skips unknown fields of the body, but not of the query, with ignoreUnknownFields", () => {
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
  ])("bind accepts path and body with the same value of {%s}: %s and %j", (field, text, body) => {
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
  ])("bind rejects path and body with different values of {%s}: %s and %j", (field, text, body) => {
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
  ])("bind rejects two members of a oneof in path and body: {%s}: %s and %j", (field, text, body) => {
    expect(bind(post(`/v1/{${field}}`, "*"), `/v1/${text}`, body)).toEqual([
      expect.stringMatching(/^[\w.]+: cannot be set together with \w+: at most one of them$/),
    ]);
  });
});

describe("bind: a named body", () => {
  it.each([
    ["part", "/v1/a?int32_value=1", { count: 2 }, { stringValue: "a", int32Value: 1, part: { count: 2 } }],
    ["texts", "/v1/a", ["b", "c"], { stringValue: "a", texts: ["b", "c"] }],
    ["labels", "/v1/a", { b: "c" }, { stringValue: "a", labels: { b: "c" } }],
    ["int32_value", "/v1/a", 0, { stringValue: "a" }],
    ["optional_bool", "/v1/a", false, { stringValue: "a", optionalBool: false }],
    ["string_wrapper", "/v1/a", "", { stringValue: "a", stringWrapper: "" }],
    ["time", "/v1/a", "2026-01-31T08:00:00Z", { stringValue: "a", time: "2026-01-31T08:00:00Z" }],
    ["struct", "/v1/a", { b: [] }, { stringValue: "a", struct: { b: [] } }],
    ["value", "/v1/a", null, { stringValue: "a", value: null }],
    ["value", "/v1/a", 1, { stringValue: "a", value: 1 }],
    ["either", "/v1/a", {}, { stringValue: "a", either: {} }],
    ["part", "/v1/a", undefined, { stringValue: "a", part: {} }],
    ["part", "/v1/a", {}, { stringValue: "a", part: {} }],
    ["texts", "/v1/a", undefined, { stringValue: "a" }],
    ["time", "/v1/a", undefined, { stringValue: "a" }],
    ["string_wrapper", "/v1/a", undefined, { stringValue: "a" }],
    ["value", "/v1/a", undefined, { stringValue: "a" }],
    ["list_value", "/v1/a", undefined, { stringValue: "a" }],
  ])("bind reads the body field %s: %s with %j", (field, target, body, json) => {
    expect(bind(post("/v1/{string_value}", field), target, body)).toEqual(json);
  });

  it.each([
    ["part", "/v1/a", null, ["body: must not be null"]],
    ["texts", "/v1/a", null, ["body: must not be null"]],
    ["part", "/v1/a", [], ["body: must be an object, not an array"]],
    ["part", "/v1/a", 7, ["body: must be an object, not a number"]],
    ["texts", "/v1/a", {}, ["body: must be an array, not an object"]],
    ["labels", "/v1/a", [], ["body: must be an object, not an array"]],
    [
      "part",
      "/v1/a?part.count=1",
      {},
      ["part.count: is set by the path or the body, and cannot be a parameter as well"],
    ],
    ["part", "/v1/a?part=1", {}, ["part: is set by the path or the body, and cannot be a parameter as well"]],
    [
      "texts",
      "/v1/a?texts=b",
      [],
      ["texts: is set by the path or the body, and cannot be a parameter as well"],
    ],
    [
      "part",
      "/v1/a?string_value=a",
      {},
      ["string_value: is set by the path or the body, and cannot be a parameter as well"],
    ],
    ["part", "/v1/a", { inner: { bogus: 1 } }, ["inner.bogus: is not a field of Part"]],
    ["texts", "/v1/a", ["b", 7], ["[1]: must be a string, not a number"]],
    ["parts", "/v1/a", [{ bogus: 1 }], ["[0].bogus: is not a field of Part"]],
    ["either", "/v1/a?left=b", {}, ["left: cannot be set together with either: at most one of them"]],
  ])("bind rejects the body field %s: %s with %j", (field, target, body, violations) => {
    expect(bind(post("/v1/{string_value}", field), target, body)).toEqual(violations);
  });

  it("bind requires a variable inside the body field to have the same value in path and body", () => {
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
  it("bind reads all fields from path and query if the rule has no body", () => {
    expect(bind(get("/v1/{string_value}"), "/v1/a?int32_value=1&part.count=2")).toEqual({
      stringValue: "a",
      int32Value: 1,
      part: { count: 2 },
    });
  });

  it.each([{}, { stringValue: "a" }, null, [], "", 0, false])(
    "bind rejects the body %j if the rule has no body",
    (body) => {
      expect(bind(get("/v1/{string_value}"), "/v1/a", body)).toEqual([
        "body: must be empty: this method takes no body",
      ]);
    },
  );

  it("bind rejects a parameter for a field of the path", () => {
    expect(bind(get("/v1/{part.label}"), "/v1/a?part.label=b")).toEqual([
      "part.label: is set by the path or the body, and cannot be a parameter as well",
    ]);
    expect(bind(get("/v1/{part.label}"), "/v1/a?part.count=1")).toEqual({ part: { label: "a", count: 1 } });
  });

  it("bind rejects two members of a oneof in path and query", () => {
    expect(bind(get("/v1/{left}"), "/v1/a?right=1")).toEqual([
      "right: cannot be set together with left: at most one of them",
    ]);
  });
});

describe("compileRequestBinder", () => {
  it.each([
    [get("/v1/{bogus}"), "{bogus} in /v1/{bogus} is not a field of the request"],
    [get("/v1/{stringValue}"), "{stringValue} in /v1/{stringValue} is not a field of the request"],
    [get("/v1/{part.bogus}"), "{part.bogus} in /v1/{part.bogus} is not a field of the request"],
    [get("/v1/{string_value.a}"), "{string_value.a} in /v1/{string_value.a} is not a field of the request"],
    [get("/v1/{parts.label}"), "{parts.label} in /v1/{parts.label} is not a field of the request"],
    [get("/v1/{labels.a}"), "{labels.a} in /v1/{labels.a} is not a field of the request"],
    [get("/v1/{time.seconds}"), "{time.seconds} in /v1/{time.seconds} is not a field of the request"],
    [
      get("/v1/{string_wrapper.value}"),
      "{string_wrapper.value} in /v1/{string_wrapper.value} is not a field of the request",
    ],
    [get("/v1/{choice}"), "{choice} in /v1/{choice} is not a field of the request"],
    [get("/v1/{part}"), "{part} in /v1/{part} must be a singular field of a primitive type"],
    [get("/v1/{time}"), "{time} in /v1/{time} must be a singular field of a primitive type"],
    [
      get("/v1/{string_wrapper}"),
      "{string_wrapper} in /v1/{string_wrapper} must be a singular field of a primitive type",
    ],
    [get("/v1/{texts}"), "{texts} in /v1/{texts} must be a singular field of a primitive type"],
    [get("/v1/{labels}"), "{labels} in /v1/{labels} must be a singular field of a primitive type"],
    [
      post("/v1", "bogus"),
      'its google.api.http rule has the body "bogus", which is not a field of the request',
    ],
    [
      post("/v1", "part.inner"),
      'its google.api.http rule has the body "part.inner", which is not a field of the request',
    ],
    [
      post("/v1", "stringValue"),
      'its google.api.http rule has the body "stringValue", which is not a field of the request',
    ],
    [post("/v1", "**"), 'its google.api.http rule has the body "**", which is not a field of the request'],
  ])("compileRequestBinder rejects a rule that does not fit the method: %#", (rule, problem) => {
    expect(() => compileRequestBinder(bindingFor(rule))).toThrow(
      new Error(`rpc library.v1.Library.Echo: ${problem}`),
    );
  });
});

describe("pathField", () => {
  const binder = compileRequestBinder(bindingFor(get("/v1/{part.label}/{string_value=**}")));

  it("pathField decodes one variable by its proto name", () => {
    expect(binder.pathField(["a%2Fb", "c%2Fd/%65"], "part.label")).toBe("a/b");
    expect(binder.pathField(["a%2Fb", "c%2Fd/%65"], "string_value")).toBe("c%2Fd/e");
  });

  it("pathField returns undefined for invalid escapes and unknown names", () => {
    expect(binder.pathField(["%zz", "a"], "part.label")).toBeUndefined();
    expect(binder.pathField(["a", "b"], "stringValue")).toBeUndefined();
    expect(binder.pathField(["a", "b"], "__proto__")).toBeUndefined();
  });
});

describe("requireDistinctOneofs", () => {
  it.each([
    ["/v1/{left}/{right}", "{left} and {right}", "choice"],
    ["/v1/{right}/x/{raw=**}", "{right} and {raw}", "choice"],
    ["/v1/{left}/{either.count}", "{left} and {either.count}", "choice"],
    ["/v1/{either.star}/{left}", "{either.star} and {left}", "choice"],
    ["/v1/{part.star}/{part.number}", "{part.star} and {part.number}", "part.mark"],
    ["/v1/{part.inner.star}/{string_value}/{part.inner.number}", "{part.inner.number}", "part.inner.mark"],
  ])("requireDistinctOneofs throws for two variables of one oneof: %s", (template, variables, oneof) => {
    const compiling = () => requireDistinctOneofs(bindingFor(get(template)));
    expect(compiling).toThrow(variables);
    expect(compiling).toThrow(`set members of the oneof ${oneof}, of which a message can have one`);
  });

  // Members of different messages, and of one member, do not exclude each other.
  it.each([
    ["/v1/{either.star}/{either.count}", "/v1/a/7", { either: { star: "a", count: 7 } }],
    ["/v1/{part.star}/{part.inner.number}", "/v1/a/7", { part: { star: "a", inner: { number: 7 } } }],
    ["/v1/{optional_int32}/{optional_string}", "/v1/1/a", { optionalInt32: 1, optionalString: "a" }],
  ])("requireDistinctOneofs accepts %s", (template, target, json) => {
    expect(() => requireDistinctOneofs(bindingFor(get(template)))).not.toThrow();
    expect(bind(get(template), target)).toEqual(json);
  });

  // A body that is also set by the path must be equal; it may be left out.
  it.each([
    ["/v1/{string_value}", "string_value", "a", { stringValue: "a" }],
    ["/v1/{string_value}", "string_value", undefined, { stringValue: "a" }],
    ["/v1/{part.label}", "part", { label: "a", count: 1 }, { part: { label: "a", count: 1 } }],
    ["/v1/{part.label}", "part", undefined, { part: { label: "a" } }],
    ["/v1/{left}", "right", undefined, { left: "a" }],
  ])("a rule with the path %s and the body %s works", (template, field, body, json) => {
    expect(bind(post(template, field), "/v1/a", body)).toEqual(json);
  });
});
