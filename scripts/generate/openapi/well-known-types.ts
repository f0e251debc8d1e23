import { ScalarType } from "@bufbuild/protobuf";
import type { JsonObject } from "../describe/json.ts";
import { scalarSchema } from "./scalar-schema.ts";

// Some generators take an object without `additionalProperties` for one that allows no others.
const openObject = { type: "object", additionalProperties: true };

/** Messages whose JSON form is not an object of their fields: https://protobuf.dev/programming-guides/json/. */
export const wellKnownTypes: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  [
    "google.protobuf.Any",
    { ...openObject, properties: { "@type": { type: "string" } }, required: ["@type"] },
  ],
  ["google.protobuf.Duration", { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$" }],
  ["google.protobuf.Empty", { type: "object" }],
  ["google.protobuf.FieldMask", { type: "string" }],
  ["google.protobuf.ListValue", { type: "array" }],
  ["google.protobuf.Struct", openObject],
  ["google.protobuf.Timestamp", { type: "string", format: "date-time" }],
  ["google.protobuf.Value", {}],
  ["google.protobuf.BoolValue", scalarSchema(ScalarType.BOOL)],
  ["google.protobuf.BytesValue", scalarSchema(ScalarType.BYTES)],
  ["google.protobuf.DoubleValue", scalarSchema(ScalarType.DOUBLE)],
  ["google.protobuf.FloatValue", scalarSchema(ScalarType.FLOAT)],
  ["google.protobuf.Int32Value", scalarSchema(ScalarType.INT32)],
  ["google.protobuf.Int64Value", scalarSchema(ScalarType.INT64)],
  ["google.protobuf.StringValue", scalarSchema(ScalarType.STRING)],
  ["google.protobuf.UInt32Value", scalarSchema(ScalarType.UINT32)],
  ["google.protobuf.UInt64Value", scalarSchema(ScalarType.UINT64)],
]);
