import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  type Registry,
  type ScalarType,
} from "@bufbuild/protobuf";
import { FieldBehavior, field_behavior } from "#deps/google/api/field_behavior_pb.js";
import { descriptionOf } from "../describe/description.ts";
import type { JsonObject } from "../describe/json.ts";
import { constraintsOf, nonZeroOf } from "./constraints.ts";
import { scalarSchema } from "./scalar-schema.ts";
import { type SchemaNames, schemaReference } from "./schema-names.ts";
import { asObject, fieldRulesOf } from "./validation-rules.ts";
import { wellKnownTypes } from "./well-known-types.ts";

/** What every schema needs. */
export type SchemaContext = { readonly names: SchemaNames; readonly registry: Registry };

/** Returns the schema of a field's JSON value, from its comment, its options and its validation rules. */
export function fieldSchema(field: DescField, context: SchemaContext): JsonObject {
  const rules = fieldRulesOf(field, context.registry);
  const behaviors = getOption(field, field_behavior);
  return {
    ...valueSchema(field, rules, context),
    ...(rules?.required ? nonZeroOf(field) : {}),
    ...constraintsOf(rules, field.enum),
    description: descriptionOf(field),
    deprecated: field.deprecated || undefined,
    readOnly: behaviors.includes(FieldBehavior.OUTPUT_ONLY) || undefined,
    writeOnly: behaviors.includes(FieldBehavior.INPUT_ONLY) || undefined,
    "x-buf-validate": rules,
  };
}

/** Returns whether the server rejects a request without this field. */
export function isRequired(field: DescField, registry: Registry): boolean {
  return (
    getOption(field, field_behavior).includes(FieldBehavior.REQUIRED) ||
    fieldRulesOf(field, registry)?.required === true
  );
}

function valueSchema(field: DescField, rules: JsonObject | undefined, context: SchemaContext): JsonObject {
  switch (field.fieldKind) {
    case "list": {
      const itemRules = asObject(asObject(rules?.repeated)?.items);
      const items = { ...elementSchema(field, context), ...constraintsOf(itemRules, field.enum) };
      return { type: "array", items };
    }
    case "map": {
      const mapRules = asObject(rules?.map);
      const keys = constraintsOf(asObject(mapRules?.keys));
      const values = constraintsOf(asObject(mapRules?.values), field.enum);
      return {
        type: "object",
        propertyNames: Object.keys(keys).length > 0 ? keys : undefined,
        additionalProperties: { ...elementSchema(field, context), ...values },
      };
    }
    default:
      return elementSchema(field, context);
  }
}

type Element = {
  readonly scalar: ScalarType | undefined;
  readonly enum: DescEnum | undefined;
  readonly message: DescMessage | undefined;
};

function elementSchema(element: Element, { names }: SchemaContext): JsonObject {
  if (element.scalar !== undefined) {
    return scalarSchema(element.scalar);
  }
  if (element.enum?.typeName === "google.protobuf.NullValue") {
    return { type: "null" };
  }
  const type = element.message ?? element.enum;
  if (type === undefined) {
    throw new Error("a field has neither a scalar type, nor an enum, nor a message");
  }
  return wellKnownTypes.get(type.typeName) ?? schemaReference(names(type));
}
