import { ScalarType } from "@bufbuild/protobuf";
import type { JsonObject } from "../describe/json.ts";

const text = { type: "string" };
const signed32 = { type: "integer", format: "int32" };
const unsigned32 = { type: "integer", format: "uint32" };
// Written as strings, because a JavaScript number cannot represent all 64-bit integers.
const signed64 = { type: "string", format: "int64" };
const unsigned64 = { type: "string", format: "uint64" };

/** Types and formats of scalars: https://developers.google.com/discovery/v1/type-format. */
export const scalarTypes: Readonly<Record<ScalarType, JsonObject>> = {
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.BYTES]: { type: "string", format: "byte" },
  [ScalarType.STRING]: text,
  [ScalarType.DOUBLE]: { type: "number", format: "double" },
  [ScalarType.FLOAT]: { type: "number", format: "float" },
  [ScalarType.INT32]: signed32,
  [ScalarType.SINT32]: signed32,
  [ScalarType.SFIXED32]: signed32,
  [ScalarType.UINT32]: unsigned32,
  [ScalarType.FIXED32]: unsigned32,
  [ScalarType.INT64]: signed64,
  [ScalarType.SINT64]: signed64,
  [ScalarType.SFIXED64]: signed64,
  [ScalarType.UINT64]: unsigned64,
  [ScalarType.FIXED64]: unsigned64,
};

const anything = { type: "any" };

/** Messages whose JSON form is a string, number or boolean, so that a query can have them. */
export const textTypes: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ["google.protobuf.Duration", { type: "string", format: "google-duration" }],
  ["google.protobuf.FieldMask", { type: "string", format: "google-fieldmask" }],
  ["google.protobuf.Timestamp", { type: "string", format: "google-datetime" }],
  ["google.protobuf.BoolValue", scalarTypes[ScalarType.BOOL]],
  ["google.protobuf.BytesValue", scalarTypes[ScalarType.BYTES]],
  ["google.protobuf.DoubleValue", scalarTypes[ScalarType.DOUBLE]],
  ["google.protobuf.FloatValue", scalarTypes[ScalarType.FLOAT]],
  ["google.protobuf.Int32Value", scalarTypes[ScalarType.INT32]],
  ["google.protobuf.Int64Value", scalarTypes[ScalarType.INT64]],
  ["google.protobuf.StringValue", scalarTypes[ScalarType.STRING]],
  ["google.protobuf.UInt32Value", scalarTypes[ScalarType.UINT32]],
  ["google.protobuf.UInt64Value", scalarTypes[ScalarType.UINT64]],
]);

/** Messages whose JSON form is not an object of their fields, as Google's documents describe them. */
export const wellKnownTypes: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ...textTypes,
  [
    "google.protobuf.Any",
    {
      type: "object",
      additionalProperties: {
        ...anything,
        description: "Properties of the object. Contains field @type with type URL.",
      },
    },
  ],
  [
    "google.protobuf.Struct",
    { type: "object", additionalProperties: { ...anything, description: "Properties of the object." } },
  ],
  ["google.protobuf.ListValue", { type: "array", items: anything }],
  ["google.protobuf.Value", anything],
]);
