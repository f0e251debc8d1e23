import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import fc from "fast-check";
import { everything } from "./library.ts";

/** Texts of every kind, among them those that mean something in a URL. */
export const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("/", "a/b", "%2F", "..", ":cancel", "a:b", "+", "__proto__", "null", "😀", "\u0000"),
);
// JSON.stringify writes no sign for -0, so it cannot survive any JSON.
const double = fc.double().map((value) => (value === 0 ? 0 : value));

const scalars: Readonly<Record<ScalarType, fc.Arbitrary<JsonValue>>> = {
  [ScalarType.DOUBLE]: double.map((value) => (Number.isFinite(value) ? value : String(value))),
  [ScalarType.FLOAT]: double.map((value) => {
    const float = Math.fround(value);
    return Number.isFinite(float) ? float + 0 : String(float);
  }),
  [ScalarType.INT32]: fc.integer(),
  [ScalarType.SINT32]: fc.integer(),
  [ScalarType.SFIXED32]: fc.integer(),
  [ScalarType.UINT32]: fc.nat(0xffffffff),
  [ScalarType.FIXED32]: fc.nat(0xffffffff),
  [ScalarType.INT64]: longs(-(2n ** 63n), 2n ** 63n - 1n),
  [ScalarType.SINT64]: longs(-(2n ** 63n), 2n ** 63n - 1n),
  [ScalarType.SFIXED64]: longs(-(2n ** 63n), 2n ** 63n - 1n),
  [ScalarType.UINT64]: longs(0n, 2n ** 64n - 1n),
  [ScalarType.FIXED64]: longs(0n, 2n ** 64n - 1n),
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString("base64")),
};

function longs(min: bigint, max: bigint): fc.Arbitrary<JsonValue> {
  return fc.bigInt({ min, max }).map(String);
}

const freeJson = fc.jsonValue({ maxDepth: 2, stringUnit: "binary" }).map(withoutMinusZero);

function withoutMinusZero(json: unknown): JsonValue {
  return JSON.parse(JSON.stringify(json)) as JsonValue;
}

const wellKnown: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  "google.protobuf.Timestamp": fc
    .date({
      min: new Date("0001-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString()),
  "google.protobuf.Duration": fc
    .tuple(fc.boolean(), fc.nat(300_000_000_000), fc.nat(999_999_999))
    .map(([minus, seconds, nanos]) => `${minus ? "-" : ""}${seconds}.${String(nanos).padStart(9, "0")}s`),
  "google.protobuf.FieldMask": fc
    .array(fc.constantFrom("a", "stringValue", "part.innerPart"), { maxLength: 3 })
    .map((paths) => paths.join()),
  "google.protobuf.Struct": fc.dictionary(text, freeJson, { maxKeys: 2 }),
  "google.protobuf.Value": freeJson,
  "google.protobuf.ListValue": fc.array(freeJson, { maxLength: 3 }),
  "google.protobuf.Any": fc.constant({}),
};

/** Any JSON of a message: some of its fields, and of the members of a oneof at most one. */
export function jsonOf(desc: DescMessage, depth: number): fc.Arbitrary<JsonValue> {
  const special = wellKnown[desc.typeName];
  if (special !== undefined) {
    return special;
  }
  if (/^google\.protobuf\.\w+Value$/.test(desc.typeName)) {
    return scalars[desc.fields[0]?.scalar as ScalarType];
  }
  const fields = desc.fields.filter((field) => depth > 0 || field.message?.file !== desc.file);
  return fc
    .subarray(fields, { maxLength: Math.min(6, fields.length) })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          chosen.filter(isFirstOfOneof).map((field) => [field.jsonName, fieldJson(field, depth)]),
        ),
      ),
    ) as fc.Arbitrary<JsonValue>;
}

function isFirstOfOneof(field: DescField, _: number, chosen: DescField[]): boolean {
  return field.oneof === undefined || chosen.find((other) => other.oneof === field.oneof) === field;
}

function fieldJson(field: DescField, depth: number): fc.Arbitrary<JsonValue> {
  switch (field.fieldKind) {
    case "list":
      return fc.array(itemJson(field, depth), { maxLength: 3 });
    case "map": {
      const key = scalars[field.mapKey].map(String);
      return fc.dictionary(key, itemJson(field, depth), { maxKeys: 3 }) as fc.Arbitrary<JsonValue>;
    }
    default:
      return itemJson(field, depth);
  }
}

function itemJson(field: DescField, depth: number): fc.Arbitrary<JsonValue> {
  if (field.message !== undefined) {
    return jsonOf(field.message, depth - 1);
  }
  if (field.enum?.typeName === "google.protobuf.NullValue") {
    return fc.constant(null);
  }
  return field.enum === undefined
    ? scalars[field.scalar as ScalarType]
    : fc.constantFrom<JsonValue>("NOVEL", "ATLAS", "KIND_UNSPECIFIED", 99);
}

/** Any JSON of the message with a field of every kind. */
export const jsonOfEverything = jsonOf(everything, 2);
