import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import { FieldBehavior, field_behavior } from "#deps/google/api/field_behavior_pb.js";
import { descriptionOf } from "../describe/description.ts";
import type { Json, JsonObject } from "../describe/json.ts";
import { constraintsOf, nonZeroOf } from "../openapi/constraints.ts";
import { isRequired } from "../openapi/field-schema.ts";
import { scalarSchema } from "../openapi/scalar-schema.ts";
import { asObject, fieldRulesOf } from "../openapi/validation-rules.ts";
import { wellKnownTypes } from "../openapi/well-known-types.ts";

export type InputContext = { readonly registry: Registry };

/** How the schema of a message differs from its fields. */
export type InputOptions = {
  /** Names of fields that may be missing or empty although they are required. */
  readonly optional?: readonly string[];
  /** Schema of members that are no field. By default there are none. */
  readonly others?: JsonObject;
};

/** Returns the messages and enums that a message refers to, directly or not, with a schema of their own. */
export function typesBelow(
  message: DescMessage,
  found: Set<DescMessage | DescEnum> = new Set(),
): ReadonlySet<DescMessage | DescEnum> {
  for (const field of message.fields) {
    const type = field.message ?? field.enum;
    if (type !== undefined && !found.has(type) && !wellKnownTypes.has(type.typeName)) {
      found.add(type);
      if (type.kind === "message") {
        typesBelow(type, found);
      }
    }
  }
  return found;
}

/** Returns the schema of the JSON of a message or an enum in a request, in every form that ProtoJSON allows. */
export function inputSchema(
  type: DescMessage | DescEnum,
  context: InputContext,
  { optional = [], others }: InputOptions = {},
): JsonObject {
  const description = descriptionOf(type);
  if (type.kind === "enum") {
    return {
      description,
      anyOf: [
        {
          enum: type.values.map(({ name }) => name),
          // Editors show these.
          enumDescriptions: type.values.map((value) => descriptionOf(value) ?? ""),
        },
        { type: "integer" },
      ],
    };
  }
  const mayBeMissing = (field: DescField) =>
    optional.includes(field.name) || !isRequired(field, context.registry);
  const named = type.fields.map(
    (field) => [field, fieldSchema(field, context, mayBeMissing(field))] as const,
  );
  const required = type.fields.filter((field) => !mayBeMissing(field));
  const allOf = [
    ...required
      .filter(({ name, jsonName }) => name !== jsonName)
      .map(({ name, jsonName }) => ({ anyOf: [{ required: [jsonName] }, { required: [name] }] })),
    ...type.oneofs.flatMap(({ fields }) => pairsOf(fields.map(({ jsonName }) => jsonName)).map(excludeBoth)),
  ];
  return {
    type: "object",
    description,
    properties: Object.fromEntries(named.map(([field, schema]) => [field.jsonName, schema])),
    // Not in `properties`, so that editors propose one name for each field.
    patternProperties: Object.fromEntries(
      named.flatMap(([{ name, jsonName }, schema]) => (name === jsonName ? [] : [[`^${name}$`, schema]])),
    ),
    additionalProperties: others ?? false,
    required: required.filter(({ name, jsonName }) => name === jsonName).map(({ name }) => name),
    allOf: allOf.length > 0 ? allOf : undefined,
  };
}

/** Returns the schema of a field's value. A field that may be missing may also be null. */
function fieldSchema(field: DescField, { registry }: InputContext, mayBeMissing: boolean): JsonObject {
  const rules = fieldRulesOf(field, registry);
  const items = asObject(asObject(rules?.repeated)?.items);
  const value =
    field.fieldKind === "list"
      ? { type: "array", items: { ...elementSchema(field), ...constraintsOf(items, field.enum) } }
      : elementSchema(field);
  const constraints = { ...(rules?.required ? nonZeroOf(field) : {}), ...constraintsOf(rules, field.enum) };
  const isOutput = getOption(field, field_behavior).includes(FieldBehavior.OUTPUT_ONLY);
  const common = {
    description: descriptionOf(field),
    deprecated: field.deprecated || undefined,
    readOnly: isOutput || undefined,
  };
  if (!mayBeMissing) {
    return { ...value, ...constraints, ...common };
  }
  // The zero value of a field without presence means that it is missing.
  const absent: readonly Json[] = rules?.required ? [null, ""] : [null];
  return { anyOf: [{ ...value, ...constraints }, { enum: absent }], ...common };
}

function elementSchema(field: DescField): JsonObject {
  const type = field.message ?? field.enum;
  if (type !== undefined) {
    return wellKnownTypes.get(type.typeName) ?? { $ref: `#/$defs/${type.typeName}` };
  }
  if (field.scalar === undefined) {
    throw new Error(`${field}: maps have no schema here`);
  }
  const schema = scalarSchema(field.scalar);
  return field.scalar === ScalarType.STRING ||
    field.scalar === ScalarType.BOOL ||
    field.scalar === ScalarType.BYTES
    ? schema
    : // Numbers may be strings and the reverse.
      { pattern: "^-?[0-9]+$", ...schema, type: ["integer", "string"] };
}

function pairsOf(names: readonly string[]): string[][] {
  return names.flatMap((first, index) => names.slice(index + 1).map((second) => [first, second]));
}

/** Two members of a oneof cannot both be set; null means that one is not. */
function excludeBoth(names: readonly string[]): JsonObject {
  const set = { not: { type: "null" } };
  return { not: { required: names, properties: Object.fromEntries(names.map((name) => [name, set])) } };
}
