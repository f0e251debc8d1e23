import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  type ScalarType,
} from "@bufbuild/protobuf";
import { FieldBehavior, field_behavior } from "#deps/google/api/field_behavior_pb.js";
import { descriptionOf } from "../describe/description.ts";
import type { JsonObject } from "../describe/json.ts";
import type { SchemaNames } from "./schema-names.ts";
import { scalarTypes, wellKnownTypes } from "./value-types.ts";

/**
 * Returns the schema of a field's JSON value, as a property of an object. As in Google's documents, the description
 * states the behaviour of the field, and validation rules are left out: the OpenAPI document has them.
 */
export function fieldSchema(field: DescField, names: SchemaNames): JsonObject {
  return {
    description: describedField(field),
    ...valueSchema(field, names),
    readOnly: getOption(field, field_behavior).includes(FieldBehavior.OUTPUT_ONLY) || undefined,
    deprecated: field.deprecated || undefined,
  };
}

/** Returns the schema of one element of a field: the field itself, or an item of a list. */
export function elementSchema(element: Element, names: SchemaNames): JsonObject {
  if (element.scalar !== undefined) {
    return scalarTypes[element.scalar];
  }
  if (element.enum !== undefined) {
    return enumSchema(element.enum);
  }
  if (element.message === undefined) {
    throw new Error("a field has no type");
  }
  return wellKnownTypes.get(element.message.typeName) ?? { $ref: names(element.message) };
}

/** Returns the comment of a field, which begins with the behaviour of the field (AIP-203). */
export function describedField(field: DescField): string | undefined {
  const behaviors = getOption(field, field_behavior);
  const prefix = behaviorNames.find(([behavior]) => behaviors.includes(behavior))?.[1] ?? "";
  const description = descriptionOf(field) ?? "";
  return (description.startsWith(prefix) ? description : `${prefix} ${description}`.trim()) || undefined;
}

/** Returns whether the server rejects a request without this field. */
export function isRequired(field: DescField): boolean {
  return getOption(field, field_behavior).includes(FieldBehavior.REQUIRED);
}

const behaviorNames = [
  [FieldBehavior.REQUIRED, "Required."],
  [FieldBehavior.OUTPUT_ONLY, "Output only."],
  [FieldBehavior.INPUT_ONLY, "Input only."],
] as const;

type Element = {
  readonly scalar: ScalarType | undefined;
  readonly enum: DescEnum | undefined;
  readonly message: DescMessage | undefined;
};

function valueSchema(field: DescField, names: SchemaNames): JsonObject {
  switch (field.fieldKind) {
    case "list":
      return { type: "array", items: elementSchema(field, names) };
    case "map":
      return { type: "object", additionalProperties: elementSchema(field, names) };
    default:
      return elementSchema(field, names);
  }
}

/** Returns the schema of an enum, which is inlined: the names of the values, with their descriptions. */
function enumSchema({ values }: DescEnum): JsonObject {
  return {
    type: "string",
    enum: values.map(({ name }) => name),
    enumDescriptions: values.map((value) => descriptionOf(value) ?? ""),
    enumDeprecated: values.some(({ deprecated }) => deprecated)
      ? values.map(({ deprecated }) => deprecated)
      : undefined,
  };
}
