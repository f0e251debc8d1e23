import { create, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { OpenMessage } from "../../../src/transcoding/json/assign.ts";
import { createViolationList } from "../../../src/transcoding/json/violations.ts";
import { compileQueryBinder } from "../../../src/transcoding/server/query-binder.ts";
import { everything } from "../fixtures/library.ts";

function bind(query: string, taken: string[] = []) {
  const message = create(everything) as OpenMessage;
  const violations = createViolationList();
  compileQueryBinder(everything, taken)(message, query, violations);
  return {
    json: toJson(everything, message),
    faults: violations.found.map(({ field, description }) => `${field}: ${description}`),
  };
}

const proto = Object.getOwnPropertyNames(Object.prototype);

describe("compileQueryBinder", () => {
  it.each([
    ["Q1", "string_value=a&int32Value=1", { stringValue: "a", int32Value: 1 }],
    ["Q1", "mark=a", { mark: "a" }],
    ["Q1", "shelf_mark=a", { mark: "a" }],
    ["Q1", "constructor=a&toString=b", { constructor: "a", toString: "b" }],
    ["Q1", "to_string=b", { toString: "b" }],
    ["Q2", "part.count=1&part.inner.inner.label=a", { part: { count: 1, inner: { inner: { label: "a" } } } }],
    [
      "Q2",
      "nested.optional_int32=0&nested.optionalString=",
      { nested: { optionalInt32: 0, optionalString: "" } },
    ],
    ["Q3", "numbers=1&texts=a&numbers=2&numbers=1", { numbers: [1, 2, 1], texts: ["a"] }],
    ["Q3", "texts=a,b&texts=", { texts: ["a,b", ""] }],
    ["Q3", "part.words=a&part.words=b", { part: { words: ["a", "b"] } }],
    ["Q3", "kinds=NOVEL&kinds=2", { kinds: ["NOVEL", "ATLAS"] }],
    ["Q3", "longTexts=1&long_texts=2", { longTexts: ["1", "2"] }],
    ["Q5", "left=a", { left: "a" }],
    ["Q5", "either.count=1&either.label=a", { either: { count: 1, label: "a" } }],
    ["Q5", "wrapped=a", { wrapped: "a" }],
    ["Q5", "part.star=a&either.number=1", { part: { star: "a" }, either: { number: 1 } }],
    ["Q7", "bool_value=true&optional_bool=false", { boolValue: true, optionalBool: false }],
    ["Q8", "int64_value=9007199254740993", { int64Value: "9007199254740993" }],
    ["Q10", "kind=2", { kind: "ATLAS" }],
    ["Q11", "bytes_value=%2B/8%3D", { bytesValue: "+/8=" }],
    ["Q11", "bytes_value=-_8=", { bytesValue: "+/8=" }],
    ["Q12", "time=2026-01-31T08:00:00%2B01:00", { time: "2026-01-31T07:00:00Z" }],
    ["Q12", "duration=1s&mask=a,b.cD", { duration: "1s", mask: "a,b.cD" }],
    [
      "Q12",
      "string_wrapper=&int32_wrapper=0&bool_wrapper=false",
      { stringWrapper: "", int32Wrapper: 0, boolWrapper: false },
    ],
    ["Q12", "nested.int64_wrapper=9007199254740993", { nested: { int64Wrapper: "9007199254740993" } }],
    ["Q13", "string_value=a+b%2Bc%20d", { stringValue: "a b+c d" }],
    ["Q13", "string+value=a", undefined],
    ["D3", "string_value=%2541", { stringValue: "%41" }],
    ["Q2", "string%5Fvalue=a%3Db=c", { stringValue: "a=b=c" }],
    ["Q2", "string_value", {}],
    ["Q2", "optional_string", { optionalString: "" }],
    ["Q2", "&&string_value=a&", { stringValue: "a" }],
    ["Q2", "string_value=?/:@!$'()*,;", { stringValue: "?/:@!$'()*,;" }],
  ])("%s: reads %s", (_, query, json) => {
    const bound = bind(query);
    expect(bound.faults.length === 0 ? bound.json : undefined).toEqual(json);
  });

  it.each([
    ["Q4", "int32_value=1&int32_value=1", "int32_value: must be given once"],
    ["Q4", "int32_value=1&int32Value=2", "int32Value: must be given once"],
    ["Q4", "part.count=1&part.count=2", "part.count: must be given once"],
    ["Q4", "string_wrapper=a&stringWrapper=b", "stringWrapper: must be given once"],
    ["Q4", "time=2026-01-31T08:00:00Z&time=2026-01-31T08:00:00Z", "time: must be given once"],
    ["Q4", "left=a&left=b", "left: must be given once"],
    ["Q5", "left=a&right=1", "right: cannot be set together with left: at most one of them"],
    ["Q5", "right=1&either.count=1", "either.count: cannot be set together with right: at most one of them"],
    ["Q5", "either.count=1&left=a", "left: cannot be set together with either: at most one of them"],
    ["Q5", "left=a&wrapped=b", "wrapped: cannot be set together with left: at most one of them"],
    ["Q5", "wrapped=b&raw=", "raw: cannot be set together with wrapped: at most one of them"],
    ["Q5", "part.star=a&part.number=1", "part.number: cannot be set together with star: at most one of them"],
    ["Q6", "part=a", "part: cannot be set as a whole by a parameter: name one of its fields"],
    ["Q6", "part=", "part: cannot be set as a whole by a parameter: name one of its fields"],
    ["Q6", "labels=a", "labels: cannot be set as a whole by a parameter: name one of its fields"],
    ["Q6", "parts=a", "parts: cannot be set as a whole by a parameter: name one of its fields"],
    ["Q6", "struct=%7B%7D", "struct: cannot be set as a whole by a parameter: name one of its fields"],
    ["Q6", "labels.a=b", "labels.a: is not a parameter of this method"],
    ["Q6", "labels[a]=b", '"labels[a]": is not a parameter of this method'],
    ["Q6", "parts.count=1", "parts.count: is not a parameter of this method"],
    ["Q6", "parts[0].count=1", '"parts[0].count": is not a parameter of this method'],
    ["Q6", "struct.fields.a=1", "struct.fields.a: is not a parameter of this method"],
    ["Q12", "time.seconds=1", "time.seconds: is not a parameter of this method"],
    ["Q12", "duration.nanos=1", "duration.nanos: is not a parameter of this method"],
    ["Q12", "mask.paths=a", "mask.paths: is not a parameter of this method"],
    ["Q12", "string_wrapper.value=a", "string_wrapper.value: is not a parameter of this method"],
    ["Q12", "any.type_url=a", "any.type_url: is not a parameter of this method"],
    ["Q12", "value.string_value=a", "value.string_value: is not a parameter of this method"],
    ["Q15", "bogus=1", "bogus: is not a parameter of this method"],
    ["Q15", "part.bogus=1", "part.bogus: is not a parameter of this method"],
    ["Q15", "string_value.bogus=1", "string_value.bogus: is not a parameter of this method"],
    ["Q15", "StringValue=a", "StringValue: is not a parameter of this method"],
    ["Q15", "shelfMark=a", "shelfMark: is not a parameter of this method"],
    ["Q15", "choice=left", "choice: is not a parameter of this method"],
    ["Q15", "choice.case=left", "choice.case: is not a parameter of this method"],
    ["Q15", "=a", '"": is not a parameter of this method'],
    ["Q15", ".=a", ".: is not a parameter of this method"],
    ["Q15", "part.=a", "part.: is not a parameter of this method"],
    ["Q15", ".part.count=1", ".part.count: is not a parameter of this method"],
    ["Q15", "part..count=1", "part..count: is not a parameter of this method"],
    ["Q15", "a%0Ab=1", '"a\\nb": is not a parameter of this method'],
    ["Y5", "callback=steal", "callback: is not a parameter of this method"],
    ["D5", "string_value=%zz", "string_value: must be percent-encoded UTF-8"],
    ["D5", "string_value=%ff", "string_value: must be percent-encoded UTF-8"],
    ["D5", "%ff=a", "query: must be percent-encoded UTF-8"],
    ["Q8", "part.count=secret", "part.count: must be an integer from -2147483648 to 2147483647"],
    ["Q13", "bytes_value=+/8=", "bytes_value: must be base64"],
    [
      "J7",
      "time=2026-02-30T00:00:00Z",
      'time: must be an RFC 3339 time that exists, such as "2026-01-31T08:00:00Z"',
    ],
  ])("%s: refuses %s", (_, query, fault) => {
    expect(bind(query).faults).toEqual([fault]);
  });

  it("E3: reports every fault", () => {
    expect(bind("bogus=1&int32_value=x&string_value=a&part=b").faults).toEqual([
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
  ])("B6: refuses a parameter for a field that is taken: %s by %s", (taken, query) => {
    expect(bind(query, [taken]).faults).toEqual([
      `${query.slice(0, query.indexOf("="))}: is set by the path or the body, and cannot be a parameter as well`,
    ]);
  });

  it.each([
    ["part.count", "part.label=a"],
    ["part", "parts_by_name=a&nested.part.count=1"],
  ])("B6: leaves the fields beside it: %s, %s", (taken, query) => {
    expect(bind(query, [taken]).faults.filter((fault) => fault.includes("is set by"))).toEqual([]);
  });

  it.each([
    "$alt=json%3Benum-encoding%3Dint",
    "%24alt=json&alt=json",
    "$fields=a&fields=a(b)",
    "$key=a&key=b",
    "$prettyPrint=true&prettyPrint=false",
    "quotaUser=a&%24.xgafv=2&$apiVersion=v1&access_token=a",
    "alt=a&alt=b",
  ])("Y1: takes system parameters out: %s", (query) => {
    expect(bind(query)).toEqual({ json: {}, faults: [] });
  });

  it.each([...proto, "prototype"])(
    "Q16: %s is an unknown name, at every level, and pollutes nothing",
    (name) => {
      const isField = name === "constructor" || name === "toString";
      const queries = [
        `part.${name}=a`,
        `part.${name}.polluted=a`,
        `${name}.polluted=a`,
        `nested.part.${name}=a`,
      ];
      for (const query of isField ? queries : [...queries, `${name}=a`]) {
        expect(bind(query).faults).toEqual([
          `${query.slice(0, query.indexOf("="))}: is not a parameter of this method`,
        ]);
      }
      expect({}).not.toHaveProperty("polluted");
      expect(() => {}).not.toHaveProperty("polluted");
    },
  );

  it("Q17: takes a thousand parameters and no more", () => {
    const parameters = Array.from({ length: 1_000 }, (_, index) => `numbers=${index}`);
    expect(bind(parameters.join("&")).faults).toEqual([]);
    expect(bind([...parameters, "numbers=0"].join("&"))).toEqual({
      json: {},
      faults: ["query: must not have more than 1000 parameters"],
    });
  });

  it("Q17: takes names of 32 levels and no more", () => {
    expect(bind(`${"nested.".repeat(31)}int32_value=1`).faults).toEqual([]);
    expect(bind(`${"nested.".repeat(32)}int32_value=1`).faults).toEqual([
      expect.stringMatching(/: is not a parameter of this method$/),
    ]);
    expect(bind(`${"nested.".repeat(60_000)}int32_value=1`).faults).toHaveLength(1);
  });

  it("Q17: says at most a hundred things", () => {
    expect(bind("bogus=1&".repeat(1_000)).faults).toHaveLength(100);
  });

  it("J9: shows at most 64 characters of a caller's name, and never a value", () => {
    const { faults } = bind(`${"x".repeat(1_000)}=secret&int32_value=secret&kind=secret&bytes_value=secret*`);
    expect(faults).toEqual([
      `"${"x".repeat(64)}": is not a parameter of this method`,
      "int32_value: must be an integer from -2147483648 to 2147483647",
      "kind: must be one of KIND_UNSPECIFIED, NOVEL, ATLAS",
      "bytes_value: must be base64",
    ]);
  });
});
