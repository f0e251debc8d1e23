import type { DescField, DescMessage, JsonValue } from "@bufbuild/protobuf";
import { nearest } from "./nearest.ts";
import { settings } from "./settings.ts";

/** An object of JSON, as those of messages and maps are. */
export type JsonFields = { readonly [key: string]: JsonValue };

/** Says whether a value of JSON is an object. */
export function isFields(value: JsonValue | undefined): value is JsonFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Finds the field of a key, which may have either spelling: that of JSON or that of the schema. */
export function fieldOf(message: DescMessage, key: string): DescField | undefined {
  return message.fields.find(({ jsonName, name }) => jsonName === key || name === key);
}

/** Says that a message has no such key, and what may have been meant. */
export function unknownKey(message: DescMessage, key: string): string {
  const meant =
    nearest(
      key,
      message.fields.map(({ jsonName }) => jsonName),
    ) ?? settings.find(({ path }) => path.endsWith(`.${key}`))?.path;
  return `key ${JSON.stringify(key)} is unknown${meant === undefined ? "" : `; did you mean "${meant}"?`}`;
}

/** Looks for keys that the schema does not have, within the value of a field. Returns them with their paths. */
export function unknownKeysIn(
  value: JsonValue,
  field: DescField,
  path: string,
): { path: string; message: string }[] {
  const { message } = field;
  if (message === undefined) {
    return [];
  }
  if (field.fieldKind === "list" && Array.isArray(value)) {
    return value.flatMap((item, index) => unknownKeysOf(item, message, `${path}[${index}]`));
  }
  return field.fieldKind === "message" ? unknownKeysOf(value, message, path) : [];
}

function unknownKeysOf(
  value: JsonValue,
  message: DescMessage,
  path: string,
): { path: string; message: string }[] {
  if (!isFields(value)) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = fieldOf(message, key);
    return field === undefined
      ? [{ path, message: unknownKey(message, key) }]
      : unknownKeysIn(inner, field, `${path}.${field.jsonName}`);
  });
}
