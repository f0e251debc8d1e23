import {
  type DescField,
  type DescMessage,
  getOption,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";
import { FieldBehavior, field_behavior } from "#deps/google/api/field_behavior_pb.js";
import { sampleValues } from "./sample-values.ts";

/**
 * Returns an example of a message in JSON with every field that a caller may set, and the first field of each oneof. Throws
 * for a field without a sample value, so that new fields get one.
 */
export function exampleOf(desc: DescMessage): JsonObject {
  return objectOf(desc, isForCallers);
}

/** Returns the smallest example of a message, with its required fields only. */
export function leastExampleOf(desc: DescMessage): JsonObject {
  return objectOf(desc, (field) => isRequired(field));
}

/** Returns whether a caller may set a field, so that examples show it. */
export function isForCallers(field: DescField): boolean {
  const isFirst = field.oneof === undefined || field.oneof.fields[0] === field;
  return isFirst && !getOption(field, field_behavior).includes(FieldBehavior.OUTPUT_ONLY);
}

function isRequired(field: DescField): boolean {
  return getOption(field, field_behavior).includes(FieldBehavior.REQUIRED);
}

function objectOf(desc: DescMessage, isShown: (field: DescField) => boolean): JsonObject {
  const shown = desc.fields.filter(isShown);
  return Object.fromEntries(shown.map((field) => [field.jsonName, sampleOf(field, isShown)]));
}

function sampleOf(field: DescField, isShown: (field: DescField) => boolean): JsonValue {
  const sample =
    sampleValues[`${field.parent.typeName}.${field.name}`] ??
    sampleValues[field.name] ??
    sampleValues[field.message?.typeName ?? ""];
  if (sample !== undefined) {
    return sample;
  }
  if (field.message === undefined) {
    throw new Error(`${field}: scripts/release/examples/sample-values.ts has no value for it`);
  }
  const example = objectOf(field.message, isShown);
  return field.fieldKind === "list" ? [example] : example;
}
