import { create, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { OpenMessage } from "../../../src/transcoding/json/assign.ts";
import { createViolationList } from "../../../src/transcoding/json/violations.ts";
import { readQuery } from "../../../src/transcoding/server/query.ts";
import { compileQueryBinder } from "../../../src/transcoding/server/query-binder.ts";
import { everything } from "../fixtures/library.ts";

function bind(query: string, taken: string[] = []) {
  const message = create(everything) as OpenMessage;
  const list = createViolationList();
  compileQueryBinder(everything, taken)(message, readQuery(query, list).fields, list);
  return {
    json: toJson(everything, message),
    violations: list.found.map(({ field, description }) => `${field}: ${description}`),
  };
}

const proto = Object.getOwnPropertyNames(Object.prototype);

describe("compileQueryBinder", () => {
  it.each([
    ["string_value=a&int32Value=1", { stringValue: "a", int32Value: 1 }],
    ["mark=a", { mark: "a" }],
    ["shelf_mark=a", { mark: "a" }],
    ["constructor=a&toString=b", { constructor: "a", toString: "b" }],
    ["to_string=b", { toString: "b" }],
    ["part.count=1&part.inner.inner.label=a", { part: { count: 1, inner: { inner: { label: "a" } } } }],
    ["nested.optional_int32=0&nested.optionalString=", { nested: { optionalInt32: 0, optionalString: "" } }],
    ["numbers=1&texts=a&numbers=2&numbers=1", { numbers: [1, 2, 1], texts: ["a"] }],
    ["texts=a,b&texts=", { texts: ["a,b", ""] }],
    ["part.words=a&part.words=b", { part: { words: ["a", "b"] } }],
    ["kinds=NOVEL&kinds=2", { kinds: ["NOVEL", "ATLAS"] }],
    ["longTexts=1&long_texts=2", { longTexts: ["1", "2"] }],
    ["left=a", { left: "a" }],
    ["either.count=1&either.label=a", { either: { count: 1, label: "a" } }],
    ["wrapped=a", { wrapped: "a" }],
    ["part.star=a&either.number=1", { part: { star: "a" }, either: { number: 1 } }],
    ["bool_value=true&optional_bool=false", { boolValue: true, optionalBool: false }],
    ["int64_value=9007199254740993", { int64Value: "9007199254740993" }],
    ["kind=2", { kind: "ATLAS" }],
    ["bytes_value=%2B/8%3D", { bytesValue: "+/8=" }],
    ["bytes_value=-_8=", { bytesValue: "+/8=" }],
    ["time=2026-01-31T08:00:00%2B01:00", { time: "2026-01-31T07:00:00Z" }],
    ["duration=1s&mask=a,b.cD", { duration: "1s", mask: "a,b.cD" }],
    [
      "string_wrapper=&int32_wrapper=0&bool_wrapper=false",
      { stringWrapper: "", int32Wrapper: 0, boolWrapper: false },
    ],
    ["nested.int64_wrapper=9007199254740993", { nested: { int64Wrapper: "9007199254740993" } }],
    ["string_value=a+b%2Bc%20d", { stringValue: "a b+c d" }],
    ["string+value=a", undefined],
    ["string_value=%2541", { stringValue: "%41" }],
    ["string%5Fvalue=a%3Db=c", { stringValue: "a=b=c" }],
    ["string_value", {}],
    ["optional_string", { optionalString: "" }],
    ["&&string_value=a&", { stringValue: "a" }],
    ["string_value=?/:@!$'()*,;", { stringValue: "?/:@!$'()*,;" }],
  ])("the query binder reads %s", (query, json) => {
    const bound = bind(query);
    expect(bound.violations.length === 0 ? bound.json : undefined).toEqual(json);
  });

  it.each([
    ["int32_value=1&int32_value=1", "int32_value: must be given once"],
    ["int32_value=1&int32Value=2", "int32Value: must be given once"],
    ["part.count=1&part.count=2", "part.count: must be given once"],
    ["string_wrapper=a&stringWrapper=b", "stringWrapper: must be given once"],
    ["time=2026-01-31T08:00:00Z&time=2026-01-31T08:00:00Z", "time: must be given once"],
    ["left=a&left=b", "left: must be given once"],
    ["left=a&right=1", "right: cannot be set together with left: at most one of them"],
    ["right=1&either.count=1", "either.count: cannot be set together with right: at most one of them"],
    ["either.count=1&left=a", "left: cannot be set together with either: at most one of them"],
    ["left=a&wrapped=b", "wrapped: cannot be set together with left: at most one of them"],
    ["wrapped=b&raw=", "raw: cannot be set together with wrapped: at most one of them"],
    ["part.star=a&part.number=1", "part.number: cannot be set together with star: at most one of them"],
    ["part=a", "part: cannot be set as a whole by a parameter: name one of its fields"],
    ["part=", "part: cannot be set as a whole by a parameter: name one of its fields"],
    ["labels=a", "labels: cannot be set as a whole by a parameter: name one of its fields"],
    ["parts=a", "parts: cannot be set as a whole by a parameter: name one of its fields"],
    ["struct=%7B%7D", "struct: cannot be set as a whole by a parameter: name one of its fields"],
    ["labels.a=b", "labels.a: is not a parameter of this method"],
    ["labels[a]=b", '"labels[a]": is not a parameter of this method'],
    ["parts.count=1", "parts.count: is not a parameter of this method"],
    ["parts[0].count=1", '"parts[0].count": is not a parameter of this method'],
    ["struct.fields.a=1", "struct.fields.a: is not a parameter of this method"],
    ["time.seconds=1", "time.seconds: is not a parameter of this method"],
    ["duration.nanos=1", "duration.nanos: is not a parameter of this method"],
    ["mask.paths=a", "mask.paths: is not a parameter of this method"],
    ["string_wrapper.value=a", "string_wrapper.value: is not a parameter of this method"],
    ["any.type_url=a", "any.type_url: is not a parameter of this method"],
    ["value.string_value=a", "value.string_value: is not a parameter of this method"],
    ["bogus=1", "bogus: is not a parameter of this method"],
    ["part.bogus=1", "part.bogus: is not a parameter of this method"],
    ["string_value.bogus=1", "string_value.bogus: is not a parameter of this method"],
    ["StringValue=a", "StringValue: is not a parameter of this method; did you mean stringValue?"],
    ["shelfMark=a", "shelfMark: is not a parameter of this method"],
    ["choice=left", "choice: is not a parameter of this method"],
    ["choice.case=left", "choice.case: is not a parameter of this method"],
    ["=a", '"": is not a parameter of this method'],
    [".=a", ".: is not a parameter of this method"],
    ["part.=a", "part.: is not a parameter of this method"],
    [".part.count=1", ".part.count: is not a parameter of this method"],
    ["part..count=1", "part..count: is not a parameter of this method"],
    ["a%0Ab=1", '"a\\nb": is not a parameter of this method'],
    ["$nothing=a", '"$nothing": is not a system parameter of this server'],
    ["%24ALT=json", '"$ALT": is not a system parameter of this server; did you mean $alt?'],
    ["$alt%3Djson", '"$alt=json": is not a system parameter of this server'],
    ["$ct=text/xml", '"$ct": is not a system parameter of this server'],
    ["Alt=json", "Alt: is not a parameter of this method; did you mean alt?"],
    ["+alt=json", '" alt": is not a parameter of this method; did you mean alt?'],
    ["$alt=%zz", '"$alt": must be percent-encoded UTF-8'],
    ["k%65y=%ff", "key: must be percent-encoded UTF-8"],
    ["$%zz=a", "query: must be percent-encoded UTF-8"],
    ["$alt", "$alt: must have a value: $alt=…"],
    ["alt", "alt: must have a value: alt=…"],
    ["%24fiel%64s", "$fields: must have a value: $fields=…"],
    ["key", "key: must have a value: key=…"],
    ["alt=json&alt=json", "alt: must be given once"],
    ["alt=json&$alt=json", "$alt: must be given once"],
    ["%24alt=json&%61lt=xml", "alt: must be given once"],
    ["$fields=a&f%69elds=b", "fields: must be given once"],
    ["$prettyPrint=true&prettyPrint=true", "prettyPrint: must be given once"],
    ["$key=a&key=a", "key: must be given once"],
    ["quotaUser=a&quotaUser=a", "quotaUser: must be given once"],
    ["access_token=a&access%5Ftoken=b", "access_token: must be given once"],
    ["$.xgafv=2&%24%2exgafv=2", "$.xgafv: must be given once"],
    ["$apiVersion=a&$apiVersion=a", "$apiVersion: must be given once"],
    ["callback=a&$callback=a", "$callback: must be given once"],
    ["string_value=%zz", "string_value: must be percent-encoded UTF-8"],
    ["string_value=%ff", "string_value: must be percent-encoded UTF-8"],
    ["%ff=a", "query: must be percent-encoded UTF-8"],
    ["part.count=secret", "part.count: must be an integer from -2147483648 to 2147483647"],
    ["bytes_value=+/8=", "bytes_value: must be base64"],
    [
      "time=2026-02-30T00:00:00Z",
      'time: must be an RFC 3339 time that exists, with Z or an offset, such as "2026-01-31T08:00:00Z"',
    ],
  ])("the query binder rejects %s", (query, violation) => {
    expect(bind(query).violations).toEqual([violation]);
  });

  it("the query binder reports all violations", () => {
    expect(bind("bogus=1&int32_value=x&string_value=a&part=b").violations).toEqual([
      "bogus: is not a parameter of this method",
      "int32_value: must be an integer from -2147483648 to 2147483647",
      "part: cannot be set as a whole by a parameter: name one of its fields",
    ]);
  });

  it.each([
    ["string_value", "string_value=a"],
    ["string_value", "stringValue=a"],
    ["part", "part.count=1"],
    ["part", "part.inner.count=1"],
    ["part.count", "part.count=1"],
    ["part.count", "part=1"],
    ["constructor", "constructor=a"],
  ])("the query binder rejects a parameter for the field %s, which path or body set: %s", (taken, query) => {
    expect(bind(query, [taken]).violations).toEqual([
      `${query.slice(0, query.indexOf("="))}: is set by the path or the body, and cannot be a parameter as well`,
    ]);
  });

  it.each([
    ["part.count", "part.label=a"],
    ["part", "parts_by_name=a&nested.part.count=1"],
  ])("the query binder accepts parameters for fields beside %s: %s", (taken, query) => {
    expect(bind(query, [taken]).violations.filter((each) => each.includes("is set by"))).toEqual([]);
  });

  it.each([
    "$alt=json%3Benum-encoding%3Dint",
    "%24%61lt=json&fi%65lds=a(b)&%24%6b%65y=",
    "$key=a&%70rettyPrint=false",
    "quotaUser=a&%24.xgafv=2&$apiVersion=v1&access_token=a",
  ])("the query binder ignores system parameters: %s", (query) => {
    expect(bind(query)).toEqual({ json: {}, violations: [] });
  });

  it.each([...proto, "prototype"])(
    "the query binder rejects the name %s at every level and sets no prototype",
    (name) => {
      const isField = name === "constructor" || name === "toString";
      const queries = [
        `part.${name}=a`,
        `part.${name}.polluted=a`,
        `${name}.polluted=a`,
        `nested.part.${name}=a`,
      ];
      for (const query of isField ? queries : [...queries, `${name}=a`]) {
        const meant = query.startsWith("valueOf=") ? "; did you mean value?" : "";
        expect(bind(query).violations).toEqual([
          `${query.slice(0, query.indexOf("="))}: is not a parameter of this method${meant}`,
        ]);
      }
      expect({}).not.toHaveProperty("polluted");
      expect(() => {}).not.toHaveProperty("polluted");
    },
  );

  it("the query binder accepts 1,000 parameters and rejects 1,001", () => {
    const parameters = Array.from({ length: 1_000 }, (_, index) => `numbers=${index}`);
    expect(bind(parameters.join("&")).violations).toEqual([]);
    expect(bind([...parameters, "numbers=0"].join("&"))).toEqual({
      json: {},
      violations: ["query: must not have more than 1000 parameters"],
    });
  });

  it("the query binder accepts names of 32 levels and rejects 33", () => {
    expect(bind(`${"nested.".repeat(31)}int32_value=1`).violations).toEqual([]);
    expect(bind(`${"nested.".repeat(32)}int32_value=1`).violations).toEqual([
      expect.stringMatching(/: is not a parameter of this method$/),
    ]);
    expect(bind(`${"nested.".repeat(60_000)}int32_value=1`).violations).toHaveLength(1);
  });

  it("the query binder returns at most 100 violations, then says that there are more", () => {
    expect(bind("bogus=1&".repeat(100)).violations).toHaveLength(100);
    expect(bind("bogus=1&".repeat(101)).violations).toHaveLength(100);
    expect(bind("bogus=1&".repeat(1_000)).violations?.at(-1)).toMatch(/^request: has more/);
  });

  it("the query binder shows at most 64 characters of a name and never a value", () => {
    const { violations } = bind(
      `${"x".repeat(1_000)}=secret&int32_value=secret&kind=secret&bytes_value=secret*`,
    );
    expect(violations).toEqual([
      `"${"x".repeat(64)}": is not a parameter of this method`,
      "int32_value: must be an integer from -2147483648 to 2147483647",
      "kind: must be one of KIND_UNSPECIFIED, NOVEL, ATLAS",
      "bytes_value: must be base64",
    ]);
  });
});
