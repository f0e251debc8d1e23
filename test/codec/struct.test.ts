import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type MessageShape,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { ListValueSchema, type NullValue, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { PlanInfoPerClientCodec } from "../../gen/mobiledataplansharing/v1/plans_codec.ts";
import type { MessageCodec } from "../../src/codec/index.ts";
import * as runtime from "../../src/codec/runtime.ts";

const ofStruct = runtime.createCodec(StructSchema, {
  decode: runtime.decodeStruct,
  encode: runtime.encodeStruct,
  readJson: runtime.readStruct,
  writeJson: runtime.writeStruct,
  maxItems: {},
});
const ofListValue = runtime.createCodec(ListValueSchema, {
  decode: runtime.decodeListValue,
  encode: runtime.encodeListValue,
  readJson: runtime.readListValue,
  writeJson: runtime.writeListValue,
  maxItems: {},
});
const ofValue = runtime.createCodec(ValueSchema, {
  decode: runtime.decodeValue,
  encode: runtime.encodeValue,
  readJson: runtime.readValue,
  writeJson: runtime.writeValue,
  maxItems: {},
});

/** Returns an array inside arrays. */
function nested(depth: number): JsonValue {
  return depth === 0 ? [] : [nested(depth - 1)];
}

const values: readonly JsonValue[] = [
  null,
  true,
  false,
  0,
  -0,
  1.5,
  -1e300,
  1e21,
  "",
  "text",
  "ü€😀",
  'quotes " and \\',
  "a text that is longer than the short ones",
  [],
  {},
  [null, [], {}, "a", 1, true],
  { a: { b: { c: [1, { d: null }] } } },
  { "10": 1, "9": 2, b: 3, a: 4, "": 5, toJSON: 6 },
  Array.from({ length: 99 }, (_, index) => index),
  nested(18),
];

/** Compares a codec with protobuf-es, in all directions. */
function compare<Desc extends DescMessage>(codec: MessageCodec<Desc>, json: JsonValue): void {
  const { desc } = codec;
  const message = fromJson(desc, json);
  const bytes = toBinary(desc, message);
  const text = toJsonString(desc, message);
  expect(codec.encode(message)).toStrictEqual(bytes);
  expect(codec.decodeStrictly(bytes)).toStrictEqual(fromBinary(desc, bytes));
  expect(codec.writeJson(message)).toBe(text);
  const parsed: JsonValue = JSON.parse(text);
  expect(codec.readJson(parsed)).toStrictEqual({ message: fromJson(desc, parsed), keys: keysIn(parsed) });
}

/** Returns the number of keys of all objects in a JSON value. */
function keysIn(json: JsonValue): number {
  if (typeof json !== "object" || json === null) {
    return 0;
  }
  const items: JsonValue[] = Object.values(json);
  return items.reduce<number>((sum, item) => sum + keysIn(item), Array.isArray(json) ? 0 : items.length);
}

/** A message of the contract, in which protobuf-es has a JSON object instead of a Struct. */
const ofObject = PlanInfoPerClientCodec;

describe("codecs of google.protobuf.Struct, Value and ListValue", () => {
  it.each(values.map((value) => [JSON.stringify(value).slice(0, 60), value] as const))(
    "handle %s like protobuf-es",
    (_, value) => {
      compare(ofValue, value);
      compare(ofListValue, [value]);
      compare(ofStruct, { value });
      compare(ofObject, { androidSystemInfo: { value } });
    },
  );

  it.each<[string, JsonValue]>([
    ["more than a hundred values", Array.from({ length: 101 }, () => null)],
    [
      "more than a hundred values at several depths",
      [Array(40).fill(1), Array(40).fill(1), Array(40).fill(1)],
    ],
    ["more than twenty levels", nested(21)],
    ["the key __proto__", JSON.parse('{"__proto__": 1}')],
  ])("leave %s to other readers", (_, json) => {
    for (const [codec, value] of [
      [ofValue, json],
      [ofListValue, [json]],
      [ofStruct, { json }],
      [ofObject, { androidSystemInfo: { json } }],
    ] as [MessageCodec, JsonValue][]) {
      expect(codec.readJson(value)).toBeUndefined();
      const bytes = toBinary(codec.desc, fromJson(codec.desc, value));
      expect(codec.decode(bytes)).toStrictEqual(fromBinary(codec.desc, bytes));
    }
  });

  it.each<[string, unknown]>([
    ["an unpaired surrogate", "\ud800"],
    ["an unpaired surrogate in a key", { "\udfff": 1 }],
    ["an infinite number", Number.POSITIVE_INFINITY],
    ["an instance of a class", new Date(0)],
    ["undefined", undefined],
  ])("leave %s in JSON to other readers", (_, json) => {
    expect(ofValue.readJson(json)).toBeUndefined();
    expect(ofListValue.readJson([json])).toBeUndefined();
    expect(ofStruct.readJson({ json })).toBeUndefined();
    expect(ofObject.readJson({ androidSystemInfo: { json } })).toBeUndefined();
  });

  it.each([
    ["text", "text"],
    ["an array", []],
    ["null", null],
    ["an instance of a class", new Date(0)],
  ])("leave a Struct that is %s in JSON to other readers", (_, json) => {
    expect(ofStruct.readJson(json)).toBeUndefined();
  });

  it.each([
    ["an entry without a value", [10, 3, 10, 1, 97]],
    ["an entry without a key", [10, 4, 18, 2, 8, 0]],
    ["an entry that has its value first", [10, 7, 18, 2, 8, 0, 10, 1, 97]],
    ["the same key twice", [10, 7, 10, 1, 97, 18, 2, 8, 0, 10, 7, 10, 1, 97, 18, 2, 32, 1]],
    ["a value of no kind", [10, 5, 10, 1, 97, 18, 0]],
    ["a value of two kinds", [10, 9, 10, 1, 97, 18, 4, 8, 0, 32, 1]],
    ["an unknown field", [24, 1]],
  ])("leave a Struct with %s in binary to protobuf-es", (_, numbers) => {
    const bytes = Uint8Array.from(numbers);
    expect(ofStruct.decodeStrictly(bytes)).toBeUndefined();
    expect(ofStruct.decode(bytes)).toStrictEqual(fromBinary(StructSchema, bytes));
    const field = Uint8Array.from([
      (ofObject.desc.field.androidSystemInfo.number << 3) | 2,
      bytes.length,
      ...bytes,
    ]);
    expect(ofObject.decodeStrictly(field)).toBeUndefined();
    expect(ofObject.decode(field)).toStrictEqual(fromBinary(ofObject.desc, field));
  });

  it("keep unknown fields and kinds of protobuf-es when they encode", () => {
    const unknown = [{ no: 9, wireType: 0, data: Uint8Array.of(1) }];
    for (const kind of [{ case: undefined }, { case: "nullValue", value: 7 as NullValue }] as const) {
      const value = { ...create(ValueSchema), kind, $unknown: unknown };
      expect(ofValue.encode(value)).toStrictEqual(toBinary(ValueSchema, value));
    }
    const struct = { ...create(StructSchema), $unknown: unknown };
    expect(ofStruct.encode(struct)).toStrictEqual(toBinary(StructSchema, struct));
  });

  it.each([
    ["no kind", { case: undefined }],
    ["NaN", { case: "numberValue", value: Number.NaN }],
    ["text as a number", { case: "numberValue", value: "1" }],
  ])("throw what protobuf-es throws for a Value with %s in JSON", (_, kind) => {
    const value = { ...create(ValueSchema), kind } as MessageShape<typeof ValueSchema>;
    const thrown = (write: () => string) => {
      try {
        return write();
      } catch (error) {
        return String(error);
      }
    };
    expect(thrown(() => ofValue.writeJson(value))).toBe(thrown(() => toJsonString(ValueSchema, value)));
  });
});

it.each([
  [ofListValue, { $typeName: "google.protobuf.ListValue", values: "" }],
  [ofListValue, { $typeName: "google.protobuf.ListValue", values: { length: 0 } }],
  [ofStruct, { $typeName: "google.protobuf.Struct", fields: null }],
  [ofStruct, { $typeName: "google.protobuf.Struct", fields: "ab" }],
] as unknown as [MessageCodec, never][])(
  "writeJson of a $desc.name without the container of its values fails as toJsonString does: %#",
  (codec, message) => {
    const failure = (write: () => string) => {
      try {
        return { text: write() };
      } catch (error) {
        return { error: (error as Error).message };
      }
    };
    expect(failure(() => codec.writeJson(message))).toEqual(failure(() => toJsonString(codec.desc, message)));
  },
);
