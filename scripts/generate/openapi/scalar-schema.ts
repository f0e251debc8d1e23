import { ScalarType } from "@bufbuild/protobuf";
import type { JsonObject } from "../describe/json.ts";

// Strings, because a JavaScript number cannot represent all 64-bit integers. The server reads numbers too, but a schema with
// two types makes generators of typed languages wrap each of these fields in a class.
const signed64 = { type: "string", format: "int64", pattern: "^-?[0-9]+$" };
const unsigned64 = { type: "string", format: "uint64", pattern: "^[0-9]+$" };
const signed32 = { type: "integer", format: "int32" };
const unsigned32 = { type: "integer", format: "uint32", minimum: 0 };

const schemas: Readonly<Record<ScalarType, JsonObject>> = {
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
  [ScalarType.STRING]: { type: "string" },
  // NaN and the infinities are not JSON numbers, but the strings "NaN", "Infinity" and "-Infinity".
  [ScalarType.DOUBLE]: { type: ["number", "string"], format: "double" },
  [ScalarType.FLOAT]: { type: ["number", "string"], format: "float" },
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

/** Returns the JSON Schema of a scalar in the proto3 JSON mapping. */
export function scalarSchema(type: ScalarType): JsonObject {
  return schemas[type];
}
