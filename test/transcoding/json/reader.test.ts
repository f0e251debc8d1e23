import {
  createRegistry,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { maxViolations } from "../../../src/contract/field-violation.ts";
import { parseJson } from "../../../src/transcoding/json/parse.ts";
import { messageReader } from "../../../src/transcoding/json/reader.ts";
import { createReadingState } from "../../../src/transcoding/json/reading-state.ts";
import { createViolationList } from "../../../src/transcoding/json/violations.ts";
import { countedList } from "../../support/worst-case/counted-list.ts";
import { everything, methodOf } from "../fixtures/library.ts";

function read(json: unknown, ignoreUnknownFields = false, registry?: Registry) {
  const violations = createViolationList();
  const skipped: string[] = [];
  const state = createReadingState(violations, {
    ignoreUnknownFields,
    registry,
    onUnknownField: ({ field, description }) => skipped.push(`${field}: ${description}`),
  });
  const message = messageReader(everything)(json, "", state);
  return {
    message,
    skipped,
    keys: state.keys,
    violations: violations.found.map((each) => `${each.field}: ${each.description}`),
  };
}

/** Returns the violations of a document, given as text so that keys may be escaped or occur twice. */
function violationsOf(text: string): string[] {
  return read(parsed(text)).violations;
}

function parsed(text: string): unknown {
  const result = parseJson(text);
  return "json" in result ? result.json : undefined;
}

const valid: Record<string, JsonValue> = {
  scalars: {
    doubleValue: 1.5,
    floatValue: -0.25,
    int32Value: -7,
    int64Value: "-9007199254740993",
    uint32Value: 4294967295,
    uint64Value: "18446744073709551615",
    sint32Value: -1,
    sint64Value: "-1",
    fixed32Value: 1,
    fixed64Value: "1",
    sfixed32Value: -2,
    sfixed64Value: "-2",
    boolValue: true,
    stringValue: "€😀\u0000\u2028",
    bytesValue: "+/8=",
    kind: "ATLAS",
    longText: "9007199254740993",
    ulongText: "18446744073709551615",
  },
  "doubles that are no JSON number": { doubleValue: "NaN", floatValue: "-Infinity" },
  "explicit presence of defaults": {
    optionalInt32: 0,
    optionalString: "",
    optionalBool: false,
    optionalKind: "KIND_UNSPECIFIED",
  },
  "an unknown number of an enum": { kind: 99, kinds: [99, -1] },
  lists: {
    numbers: [0, 1, -1],
    texts: ["", "a"],
    kinds: ["NOVEL", "KIND_UNSPECIFIED"],
    longTexts: ["1", "-9223372036854775808"],
    times: ["2026-01-31T08:00:00Z"],
    parts: [{}, { label: "a", inner: { count: 1 }, words: ["b"], star: "c" }],
    structs: [{ a: 1 }, {}],
    int64Wrappers: ["1", "9007199254740993"],
    blobs: ["", "AA=="],
  },
  maps: {
    labels: { "": "", a: "b", constructor: "c", toString: "d" },
    byInt32: { "-1": "a", "0": "b" },
    byInt64: { "-9223372036854775808": "a" },
    byBool: { true: "a", false: "b" },
    partsByName: { a: { inner: {} } },
    kindsByName: { a: "NOVEL", b: 99 },
    structsByName: { a: { b: [null, true, "c", 1.5, {}] } },
    timesByName: { a: "1970-01-01T00:00:00Z" },
    longsByName: { a: "9007199254740993" },
  },
  "a string of a oneof": { left: "" },
  "a number of a oneof": { right: 0 },
  "a message of a oneof": { either: {} },
  "a wrapper of a oneof": { wrapped: "" },
  "a struct of a oneof": { structured: { a: 1 } },
  "bytes of a oneof": { raw: "AA==" },
  wrappers: {
    doubleWrapper: 0,
    floatWrapper: "Infinity",
    int64Wrapper: "0",
    uint64Wrapper: "18446744073709551615",
    int32Wrapper: 0,
    uint32Wrapper: 4294967295,
    boolWrapper: false,
    stringWrapper: "",
    bytesWrapper: "",
  },
  "time, duration, mask": {
    time: "2026-01-31T08:00:00.123456789Z",
    duration: "-1.500s",
    mask: "stringValue,part.innerPart",
  },
  "the shortest and longest durations": { duration: "315576000000s" },
  values: { struct: { a: { b: [1] } }, value: null, listValue: [null, [], {}], nullValue: null },
  "a value that is an object": { value: { a: [] } },
  "messages in messages": { part: { inner: { inner: {} } }, nested: { nested: { stringValue: "a" } } },
  "an empty Any": { any: {} },
  "names of every object": { constructor: "a", toString: "b" },
  "a JSON name of its own": { mark: "a" },
};

describe("messageReader", () => {
  it.each(Object.keys(valid))("messageReader reads the same message as protobuf-es: %s", (name) => {
    const json = valid[name] ?? null;
    const expected = fromJson(everything, json);
    const { message, violations } = read(json);
    expect(violations).toEqual([]);
    if (message === undefined) {
      throw new Error("nothing was read");
    }
    expect(toJson(everything, message)).toEqual(toJson(everything, expected));
    expect(toBinary(everything, message)).toEqual(toBinary(everything, expected));
  });

  it("messageReader accepts proto names at every level", () => {
    const { message, violations } = read({
      string_value: "a",
      to_string: "b",
      shelf_mark: "c",
      parts_by_name: { some_key: { inner: { words: ["d"] } } },
    });
    expect(violations).toEqual([]);
    expect(message && toJson(everything, message)).toEqual({
      stringValue: "a",
      toString: "b",
      mark: "c",
      partsByName: { some_key: { inner: { words: ["d"] } } },
    });
  });

  it("messageReader leaves a field unset for null", () => {
    const fields = everything.fields.filter(({ name }) => name !== "value" && name !== "null_value");
    const { message, violations } = read(Object.fromEntries(fields.map(({ jsonName }) => [jsonName, null])));
    expect(violations).toEqual([]);
    expect(message && toJson(everything, message)).toEqual({});
  });

  it("messageReader accepts a member of a oneof beside other members that are null", () => {
    const { message, violations } = read({ left: null, right: 1, either: null });
    expect(violations).toEqual([]);
    expect(message && toJson(everything, message)).toEqual({ right: 1 });
  });

  it.each([
    ["null", "body: must be an object, not null"],
    ["[]", "body: must be an object, not an array"],
    ['"secret"', "body: must be an object, not a string"],
    ["1", "body: must be an object, not a number"],
    ['{"part":[]}', "part: must be an object, not an array"],
    ['{"part":"secret"}', "part: must be an object, not a string"],
    ['{"parts":{}}', "parts: must be an array, not an object"],
    ['{"parts":[null]}', "parts[0]: must be an object, not null"],
    ['{"texts":["a",null]}', "texts[1]: must be a string, not null"],
    ['{"texts":"secret"}', "texts: must be an array, not a string"],
    ['{"labels":[]}', "labels: must be an object, not an array"],
    ['{"labels":{"a":null}}', 'labels["a"]: must be a string, not null'],
    ['{"labels":7}', "labels: must be an object, not a number"],
    ['{"bogus":1}', "bogus: is not a field of Everything"],
    ['{"inner":{}}', "inner: is not a field of Everything"],
    ['{"paths":[]}', "paths: is not a field of Everything"],
    ['{"StringValue":1}', "StringValue: is not a field of Everything; did you mean stringValue?"],
    ['{"stringvalue":1}', "stringvalue: is not a field of Everything; did you mean stringValue?"],
    ['{"shelfMark":"a"}', "shelfMark: is not a field of Everything"],
    ['{"constructor$":"a"}', '"constructor$": is not a field of Everything; did you mean constructor?'],
    ['{"$typeName":"a"}', '"$typeName": is not a field of Everything'],
    ['{"$unknown":[]}', '"$unknown": is not a field of Everything'],
    ['{"choice":{"case":"left"}}', "choice: is not a field of Everything"],
    ['{"":1}', '"": is not a field of Everything'],
    ['{"[library.v1.x]":1}', '"[library.v1.x]": is not a field of Everything'],
    ['{"parts":[{},{"inner":{"bogus":1}}]}', "parts[1].inner.bogus: is not a field of Part"],
    ['{"parts_by_name":{"a b":{"bogus":1}}}', 'parts_by_name["a b"].bogus: is not a field of Part'],
    [
      '{"nested":{"int32_value":"x"}}',
      "nested.int32_value: must be an integer from -2147483648 to 2147483647",
    ],
    [
      '{"string_value":"a","stringValue":"a"}',
      "string_value: is the same field as stringValue, which is also set",
    ],
    [
      '{"stringValue":null,"string_value":"a"}',
      "string_value: is the same field as stringValue, which is also set",
    ],
    ['{"left":"a","right":1}', "right: cannot be set together with left: at most one of them"],
    ['{"right":1,"left":"a"}', "left: cannot be set together with right: at most one of them"],
    ['{"either":{},"raw":""}', "raw: cannot be set together with either: at most one of them"],
    ['{"left":"a","wrapped":"b"}', "wrapped: cannot be set together with left: at most one of them"],
    ['{"wrapped":"b","left":"a"}', "left: cannot be set together with wrapped: at most one of them"],
    ['{"left":"a","structured":{}}', "structured: cannot be set together with left: at most one of them"],
    [
      '{"parts":[{"star":"a","number":1}]}',
      "parts[0].number: cannot be set together with star: at most one of them",
    ],
    ['{"byInt32":{"x":"a"}}', 'byInt32["x"]: its key must be an integer from -2147483648 to 2147483647'],
    [
      '{"byInt32":{"2147483648":"a"}}',
      'byInt32["2147483648"]: its key must be an integer from -2147483648 to 2147483647',
    ],
    ['{"byInt32":{"1.0":"a"}}', 'byInt32["1.0"]: its key must be an integer from -2147483648 to 2147483647'],
    ['{"byInt32":{"-0":"a"}}', 'byInt32["-0"]: its key must be an integer from -2147483648 to 2147483647'],
    [
      '{"byInt64":{"1e0":"a"}}',
      'byInt64["1e0"]: its key must be an integer from -9223372036854775808 to 9223372036854775807',
    ],
    ['{"byBool":{"yes":"a"}}', 'byBool["yes"]: its key must be true or false'],
    ['{"kindsByName":{"a":"SECRET"}}', 'kindsByName["a"]: must be one of KIND_UNSPECIFIED, NOVEL, ATLAS'],
    [
      '{"time":"2026-02-30T00:00:00Z"}',
      'time: must be an RFC 3339 time that exists, with Z or an offset, such as "2026-01-31T08:00:00Z"',
    ],
    [
      '{"times":["secret"]}',
      'times[0]: must be an RFC 3339 time that exists, with Z or an offset, such as "2026-01-31T08:00:00Z"',
    ],
    [
      '{"timesByName":{"a":1}}',
      'timesByName["a"]: must be an RFC 3339 time that exists, with Z or an offset, such as "2026-01-31T08:00:00Z"',
    ],
    [
      '{"int64Value":9223372036854775808}',
      "int64Value: must be an integer from -9223372036854775808 to 9223372036854775807",
    ],
    [
      '{"longTexts":[9223372036854775808]}',
      "longTexts[0]: must be an integer from -9223372036854775808 to 9223372036854775807",
    ],
    [
      '{"longsByName":{"a":9223372036854775808}}',
      'longsByName["a"]: must be an integer from -9223372036854775808 to 9223372036854775807',
    ],
    [
      '{"int64Wrapper":9223372036854775808}',
      "int64Wrapper: must be an integer from -9223372036854775808 to 9223372036854775807",
    ],
    [
      '{"int64Wrappers":[9223372036854775808]}',
      "int64Wrappers[0]: must be an integer from -9223372036854775808 to 9223372036854775807",
    ],
    [
      '{"int64Wrappers":[null]}',
      "int64Wrappers[0]: must be an integer from -9223372036854775808 to 9223372036854775807",
    ],
    ['{"int32Wrapper":"0x10"}', "int32Wrapper: must be an integer from -2147483648 to 2147483647"],
    ['{"boolWrapper":"true"}', "boolWrapper: must be true or false, not a string"],
    ['{"bytesWrapper":" AA=="}', "bytesWrapper: must be base64"],
    ['{"duration":"1"}', 'duration: must be a duration such as "1.5s", of at most 315576000000 seconds'],
    ['{"duration":"1s2"}', 'duration: must be a duration such as "1.5s", of at most 315576000000 seconds'],
    [
      '{"duration":"1.0000000000s"}',
      'duration: must be a duration such as "1.5s", of at most 315576000000 seconds',
    ],
    [
      '{"duration":"315576000001s"}',
      'duration: must be a duration such as "1.5s", of at most 315576000000 seconds',
    ],
    [
      '{"duration":"-315576000001.1s"}',
      'duration: must be a duration such as "1.5s", of at most 315576000000 seconds',
    ],
    ['{"duration":1}', 'duration: must be a duration such as "1.5s", of at most 315576000000 seconds'],
    ['{"mask":"string_value"}', "mask: must be the JSON form of google.protobuf.FieldMask"],
    ['{"struct":[]}', "struct: must be an object, not an array"],
    ['{"listValue":{}}', "listValue: must be an array, not an object"],
    ['{"any":{"@type":"secret/x"}}', "any: must be the JSON form of google.protobuf.Any"],
    ['{"labels":{"a":"\\ud800"}}', 'labels["a"]: must be valid Unicode: it has an unpaired surrogate'],
    [
      '{"labels":{"\\udc00":"a"}}',
      'labels["\\udc00"]: its key must be valid Unicode: it has an unpaired surrogate',
    ],
    ['{"stringWrapper":"\\ud800"}', "stringWrapper: must be valid Unicode: it has an unpaired surrogate"],
    ['{"struct":{"a":["\\ud800"]}}', "struct: must be valid Unicode: it has an unpaired surrogate"],
    ['{"struct":{"\\ud800":1}}', "struct: must be valid Unicode: it has an unpaired surrogate"],
    ['{"value":"\\ud800"}', "value: must be valid Unicode: it has an unpaired surrogate"],
    ['{"listValue":["\\ud800"]}', "listValue: must be valid Unicode: it has an unpaired surrogate"],
    ['{"value":1e400}', "value: must be within the range of a double"],
    ['{"struct":{"a":[-1e400]}}', "struct: must be within the range of a double"],
    ['{"listValue":[{"a":1e400}]}', "listValue: must be within the range of a double"],
    ['{"mask":"\\ud800"}', "mask: must be valid Unicode: it has an unpaired surrogate"],
  ])("messageReader rejects %s", (text, violation) => {
    expect(violationsOf(text)).toEqual([violation]);
  });

  it("messageReader reports all violations with their paths", () => {
    expect(violationsOf('{"bogus":1,"parts":[{"count":"x"},7],"nested":{"boolValue":"true"}}')).toEqual([
      "bogus: is not a field of Everything",
      "parts[0].count: must be an integer from -2147483648 to 2147483647",
      "parts[1]: must be an object, not a number",
      "nested.boolValue: must be true or false, not a string",
    ]);
  });

  it("messageReader names the field whose message has an unknown field", () => {
    const violations = createViolationList();
    messageReader(methodOf("CreateBook").input)(
      { title: "a", pages: 1, bogus: 2 },
      "",
      createReadingState(violations),
    );
    expect(violations.found.map(({ description }) => description)).toEqual([
      "is not a field of CreateBookRequest: it is a field of book",
      "is not a field of CreateBookRequest: it is a field of book",
      "is not a field of CreateBookRequest",
    ]);
  });

  it("messageReader shows at most 64 characters of an unknown key and quotes keys that are not plain words", () => {
    expect(violationsOf(JSON.stringify({ ["x".repeat(65)]: 1 }))).toEqual([
      `"${"x".repeat(64)}": is not a field of Everything`,
    ]);
    expect(violationsOf('{"a\\nb":1}')).toEqual(['"a\\nb": is not a field of Everything']);
  });

  it.each([
    ["\u009b31m", String.raw`\u009b31m`],
    ["\u202ered", String.raw`\u202ered`],
    ["a\u2028\u200b\ufeff", String.raw`a\u2028\u200b\ufeff`],
    ["\u{e0041}", String.raw`\udb40\udc41`],
    ["ü😀", "ü😀"],
  ])("messageReader escapes what could hide or change the text around the name %j", (name, shown) => {
    const quoted = `"${shown}"`;
    expect(violationsOf(JSON.stringify({ [name]: 1 }))).toEqual([`${quoted}: is not a field of Everything`]);
  });

  it("messageReader skips unknown fields at every level with ignoreUnknownFields", () => {
    const json = { bogus: { a: 1 }, part: { bogus: 1, count: 2 }, partsByName: { a: { bogus: 1 } } };
    const { message, violations } = read(json, true);
    expect(violations).toEqual([]);
    expect(message && toJson(everything, message)).toEqual({ part: { count: 2 }, partsByName: { a: {} } });
  });

  it("messageReader skips unknown names of enum values with ignoreUnknownFields, like the fields, items and entries", () => {
    const json = {
      kind: "NEW",
      optionalKind: "NEW",
      kinds: ["NOVEL", "NEW", "ATLAS", "NEW"],
      kindsByName: { a: "ATLAS", b: "NEW" },
      nested: { kind: "", kinds: ["NEW"] },
      any: { "@type": "type.googleapis.com/library.v1.Everything", kind: "NEW", kinds: ["ATLAS"] },
    };
    const registry = createRegistry(everything);
    const { message, violations } = read(json, true, registry);
    expect(violations).toEqual([]);
    expect(message && toJson(everything, message, { registry })).toEqual({
      kinds: ["NOVEL", "ATLAS"],
      kindsByName: { a: "ATLAS" },
      nested: {},
      any: { "@type": "type.googleapis.com/library.v1.Everything", kinds: ["ATLAS"] },
    });
    expect(read(json, false, registry).violations).toHaveLength(8);
  });

  it("messageReader reports what it skips, also inside an Any, with the paths and words of a violation", () => {
    const json = {
      "a b": { c: 1 },
      stringvalue: 1,
      parts: [{}, { count: 1, cuont: 1 }],
      kinds: ["NOVEL", "NEW"],
      kindsByName: { b: "ATLSA" },
      any: { "@type": "type.googleapis.com/library.v1.Everything", bogus: 1 },
      anys: 1,
    };
    const registry = createRegistry(everything);
    const expected = [
      '"a b": is not a field of Everything',
      "stringvalue: is not a field of Everything; did you mean stringValue?",
      "parts[1].cuont: is not a field of Part; did you mean count?",
      "kinds[1]: must be one of KIND_UNSPECIFIED, NOVEL, ATLAS",
      'kindsByName["b"]: must be one of KIND_UNSPECIFIED, NOVEL, ATLAS; did you mean ATLAS?',
      "any.bogus: is not a field of Everything",
    ];
    const { skipped, violations } = read(json, true, registry);
    expect({ skipped: skipped.slice(0, 6), violations }).toEqual({ skipped: expected, violations: [] });
    expect(read(json, false, registry).violations.slice(0, 6)).toEqual(expected);
    expect(read(json, false, registry).skipped).toEqual([]);
  });

  it("messageReader reports at most a hundred unknown fields and skips all of them", () => {
    const json = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x${index}`, { a: [{}] }]));
    const { skipped, violations, keys } = read(json, true);
    expect({ skipped: skipped.length, violations, keys }).toEqual({
      skipped: 100,
      violations: [],
      keys: 2_000,
    });
  });

  it("messageReader counts the keys of what it skips at all depths", () => {
    const json = { bogus: { a: [{ b: null, c: [[{ d: {} }]] }] }, part: { bogus: { e: 1 } }, kind: "NEW" };
    expect(read(json, true).keys).toBe(9);
    const deep = parsed(`{"bogus":${'{"a":['.repeat(9_000)}${"]}".repeat(9_000)}}`);
    expect(read(deep, true).keys).toBe(9_001);
  });

  it("messageReader skips no other invalid value of an enum with ignoreUnknownFields", () => {
    const json = { kind: 1.5, kinds: [true, null], kindsByName: { a: 2147483648 } };
    expect(read(json, true).violations.map((each) => each.split(":")[0])).toEqual([
      "kind",
      "kinds[0]",
      "kinds[1]",
      'kindsByName["a"]',
    ]);
  });

  it("messageReader reads long JSON numbers exactly into fields, lists, maps, wrappers, nested messages and an Any", () => {
    const registry = createRegistry(everything);
    const text = `{"int64Value":9223372036854775807,"uint64Value":18446744073709551615,"sint64Value":1e18,
      "longText":-9223372036854775808,"longTexts":[9223372036854774784,9223372036854774785],
      "int64Wrapper":9007199254740993,"uint64Wrapper":18446744073709549568,"int64Wrappers":[9007199254740993.0],
      "longsByName":{"a":9007199254740993,"b":9007199254740995},"nested":{"fixed64Value":1.8446744073709551615E19},
      "any":{"@type":"type.googleapis.com/library.v1.Everything","int64Value":9223372036854775807},
      "doubleValue":9007199254740993,"floatValue":16777217.000000001,"doubleWrapper":1e300}`;
    const { message, violations } = read(parsed(text), false, registry);
    expect(violations).toEqual([]);
    expect(message && toJson(everything, message, { registry })).toEqual({
      int64Value: "9223372036854775807",
      uint64Value: "18446744073709551615",
      sint64Value: "1000000000000000000",
      longText: "-9223372036854775808",
      longTexts: ["9223372036854774784", "9223372036854774785"],
      int64Wrapper: "9007199254740993",
      uint64Wrapper: "18446744073709549568",
      int64Wrappers: ["9007199254740993"],
      longsByName: { a: "9007199254740993", b: "9007199254740995" },
      nested: { fixed64Value: "18446744073709551615" },
      any: { "@type": "type.googleapis.com/library.v1.Everything", int64Value: "9223372036854775807" },
      doubleValue: 9007199254740992,
      floatValue: 16777216,
      doubleWrapper: 1e300,
    });
  });

  it("messageReader reads long JSON numbers in Struct, Value and ListValue as the nearest double", () => {
    const registry = createRegistry(StructSchema);
    const text = `{"struct":{"a":9007199254740993,"b":[{"c":1e18}],"__proto__":1e18},"value":18446744073709551615,
      "listValue":[1.00000000000000001,[9007199254740993]],"structs":[{"a":1e18}],
      "any":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"a":1e18}}}`;
    const { message, violations } = read(parsed(text), false, registry);
    expect(violations).toEqual([]);
    expect(message && toJson(everything, message, { registry })).toEqual({
      struct: JSON.parse('{"a":9007199254740992,"b":[{"c":1e18}],"__proto__":1e18}'),
      value: 18446744073709552000,
      listValue: [1, [9007199254740992]],
      structs: [{ a: 1e18 }],
      any: { "@type": "type.googleapis.com/google.protobuf.Struct", value: { a: 1e18 } },
    });
  });

  it.each(["part", "labels", "any", "struct", "numbers", "time", "mask", "stringValue"])(
    "messageReader rejects a long JSON number for a field that takes none: %s",
    (name) => {
      expect(violationsOf(`{"${name}":1e18}`)).toEqual([expect.stringMatching(`^${name}: must be `)]);
    },
  );

  it("messageReader reads null as a value of the enum NullValue", () => {
    const { message, violations } = read({ nullValue: null });
    expect(violations).toEqual([]);
    expect(message && toBinary(everything, message)).toHaveLength(0);
  });

  it("messageReader counts each key once", () => {
    const json = {
      stringValue: "a",
      part: { count: 1 },
      parts: [{ label: "a" }],
      labels: { a: "b" },
      partsByName: { a: { count: 1 } },
      struct: { a: { b: 1 } },
      structsByName: { a: { b: 1 } },
      value: { a: [{ b: 1 }] },
      listValue: [{ a: 1 }],
      time: "2026-01-31T08:00:00Z",
    };
    expect(read(json).keys).toBe(10 + 12);
  });

  describe("messageReader and names of inherited properties", () => {
    const names = ["__proto__", "hasOwnProperty", "valueOf", "prototype", "__defineGetter__"];

    it.each(names)("messageReader rejects %s as an unknown field", (name) => {
      expect(violationsOf(`{"${name}":{"polluted":1}}`)).toEqual([
        `${name}: is not a field of Everything${name === "valueOf" ? "; did you mean value?" : ""}`,
      ]);
      expect(violationsOf(`{"part":{"${name}":{"polluted":1}}}`)).toEqual([
        `part.${name}: is not a field of Part`,
      ]);
    });

    it.each([...names, "constructor", "toString"])(
      "messageReader skips %s with ignoreUnknownFields and sets no property",
      (name) => {
        const { message, violations } = read(JSON.parse(`{"part":{"${name}":{"label":"polluted"}}}`), true);
        expect(violations).toEqual([]);
        expect(message && toJson(everything, message)).toEqual({ part: {} });
        expect(Object.getPrototypeOf(message)).toBe(Object.getPrototypeOf(read({}).message));
      },
    );

    it.each([...names, "constructor", "toString"])("messageReader accepts %s as a key of a map", (name) => {
      const text = `{"labels":{"${name}":"a"},"partsByName":{"${name}":{"label":"polluted"}},"structsByName":{"${name}":{"polluted":1}},"struct":{"${name}":{"polluted":1}}}`;
      const { message, violations } = read(JSON.parse(text));
      expect(violations).toEqual([]);
      expect(message && JSON.stringify(toJson(everything, message))).toBe(text);
      expect(Object.keys({}).concat(Object.keys(Object.prototype))).toEqual([]);
      expect({}).not.toHaveProperty("polluted");
      expect({}).not.toHaveProperty("label");
    });

    it.each(names)("messageReader rejects %s as a name of an enum value", (name) => {
      expect(violationsOf(`{"kind":"${name}"}`)).toEqual([
        "kind: must be one of KIND_UNSPECIFIED, NOVEL, ATLAS",
      ]);
    });
  });
});

describe("limits of lists", () => {
  const listLimits = ({ name }: { name: string }) =>
    ["texts", "parts", "labels", "parts_by_name"].includes(name)
      ? { most: 2, description: "must be short" }
      : undefined;
  function readLimited(json: unknown) {
    const violations = createViolationList();
    messageReader(everything)(json, "", createReadingState(violations, { listLimits }));
    return violations;
  }

  it("reads lists and maps up to their limits", () => {
    const json = { texts: ["a", "b"], parts: [{}, {}], labels: { a: "", b: "" }, numbers: [1, 2, 3] };
    expect(readLimited(json).found).toEqual([]);
  });

  it.each(["texts", "parts"])("reads no item of a list that is too long: %s", (name) => {
    const { items, reads } = countedList<unknown>(null, 3);
    const violations = readLimited({ [name]: items });
    expect(violations.rejection()).toEqual({
      reason: "FIELD_INVALID",
      violations: [{ field: name, description: "must be short" }],
    });
    expect(reads()).toBe(0);
  });

  it.each(["labels", "partsByName"])("reads no value of a map that is too long: %s", (name) => {
    const values = { a: null, b: null, c: null };
    expect(readLimited({ [name]: values }).found).toEqual([{ field: name, description: "must be short" }]);
  });

  it("rejects a list that is too long as malformed if another field is malformed", () => {
    const rejection = readLimited({ texts: ["a", "b", "c"], flag: 1 }).rejection();
    expect(rejection?.reason).toBeUndefined();
    expect(rejection?.violations).toHaveLength(2);
  });

  it.each(["numbers", "times", "structs", "parts"])(
    "stops reading a list soon after an error is full of violations: %s",
    (name) => {
      const { items, reads } = countedList<unknown>("x", 100_000);
      const violations = createViolationList();
      messageReader(everything)({ [name]: items }, "", createReadingState(violations));
      expect(violations.found).toHaveLength(maxViolations);
      expect(reads()).toBe(maxViolations + 1);
    },
  );
});
