import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  toJson,
} from "@bufbuild/protobuf";
import { EnumValueOptionsSchema } from "@bufbuild/protobuf/wkt";
import { oneof as oneofOption } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { descriptionOf } from "../describe/description.ts";
import type { JsonObject } from "../describe/json.ts";
import { fieldSchema, isRequired, type SchemaContext } from "./field-schema.ts";
import { messageRulesOf } from "./validation-rules.ts";

/** Returns the schema of a message: an object with a property for each field. */
export function messageSchema(message: DescMessage, context: SchemaContext): JsonObject {
  return {
    type: "object",
    description: descriptionOf(message),
    deprecated: message.deprecated || undefined,
    ...propertiesOf(message.fields, context),
    ...oneofsOf(message),
    "x-buf-validate": messageRulesOf(message, context.registry),
  };
}

/** Returns the keywords `properties` and `required` of an object that has these fields. */
export function propertiesOf(fields: readonly DescField[], context: SchemaContext): JsonObject {
  const required = fields
    .filter((field) => isRequired(field, context.registry))
    .map((field) => field.jsonName);
  return {
    properties: Object.fromEntries(fields.map((field) => [field.jsonName, fieldSchema(field, context)])),
    required: required.length > 0 ? required : undefined,
  };
}

/** Name of the enum of error reasons (AIP-193). */
export const errorReasonName = "ErrorReason";

/**
 * Returns the schema of an enum: its names in the order of the source, with their descriptions. Error reasons may be any
 * other text too, because a new reason must not make a generated client fail: their names are examples. A choice of `enum`
 * and any string would say the same, but generators wrap it in a class.
 */
export function enumSchema(enumeration: DescEnum, { registry }: SchemaContext): JsonObject {
  const names = enumeration.values.map((value) => value.name);
  return {
    type: "string",
    description: descriptionOf(enumeration),
    deprecated: enumeration.deprecated || undefined,
    ...(enumeration.name === errorReasonName ? { examples: names } : { enum: names }),
    "x-enum-values": enumeration.values.map((value) => ({
      name: value.name,
      number: value.number,
      description: descriptionOf(value),
      options: value.proto.options && toJson(EnumValueOptionsSchema, value.proto.options, { registry }),
    })),
  };
}

/** Returns keywords that allow at most one member of each oneof, and require one if the contract does. */
function oneofsOf(message: DescMessage): JsonObject {
  if (message.oneofs.length === 0) {
    return {};
  }
  const members = (fields: readonly DescField[]) => fields.map((field) => field.jsonName);
  const pairs = message.oneofs.flatMap((oneof) => pairsOf(members(oneof.fields)));
  const required = message.oneofs.filter(
    (oneof) => hasOption(oneof, oneofOption) && getOption(oneof, oneofOption).required,
  );
  return {
    allOf: [
      ...pairs.map((pair) => ({ not: { required: pair } })),
      ...required.map((oneof) => ({ anyOf: members(oneof.fields).map((name) => ({ required: [name] })) })),
    ],
    "x-oneofs": message.oneofs.map((oneof) => ({
      name: oneof.name,
      description: descriptionOf(oneof),
      fields: members(oneof.fields),
    })),
  };
}

function pairsOf(names: readonly string[]): string[][] {
  return names.flatMap((first, index) => names.slice(index + 1).map((second) => [first, second]));
}
