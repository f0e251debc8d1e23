import {
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import {
  FieldRulesSchema,
  field as fieldOption,
  MessageRulesSchema,
  message as messageOption,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { Json, JsonObject } from "../describe/json.ts";

/** Returns the `buf.validate.field` option of a field as JSON, with the rules that are set. */
export function fieldRulesOf(field: DescField, registry: Registry): JsonObject | undefined {
  if (!hasOption(field, fieldOption)) {
    return undefined;
  }
  return asObject(toJson(FieldRulesSchema, getOption(field, fieldOption), { registry }));
}

/** Returns the `buf.validate.message` option of a message as JSON. */
export function messageRulesOf(message: DescMessage, registry: Registry): JsonObject | undefined {
  if (!hasOption(message, messageOption)) {
    return undefined;
  }
  return asObject(toJson(MessageRulesSchema, getOption(message, messageOption), { registry }));
}

/** Returns the value if it is a JSON object, otherwise undefined. */
export function asObject(value: Json): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
