import type { DescField, DescMessage, JsonValue } from "@bufbuild/protobuf";
import { closestMatch, didYouMean } from "../contract/unknown-names/did-you-mean.ts";
import type { Violation } from "./layer.ts";
import { settings } from "./settings.ts";

export type JsonObject = { readonly [key: string]: JsonValue };

/** Whether a JSON value is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns the field of a key in either spelling: `maxInFlight` or `max_in_flight`. */
export function fieldOf(message: DescMessage, key: string): DescField | undefined {
  return message.fields.find(({ jsonName, name }) => jsonName === key || name === key);
}

/** Returns the error message for an unknown key, with a suggestion if a known one is similar. */
export function unknownKey(message: DescMessage, key: string): string {
  const names = message.fields.map(({ jsonName }) => jsonName);
  const meant = closestMatch(key, names) ?? settings.find(({ path }) => path.endsWith(`.${key}`))?.path;
  return `key ${JSON.stringify(key)} is unknown${didYouMean(meant && `"${meant}"`)}`;
}

/** Finds unknown keys in the value of a field. */
export function unknownKeysIn(value: JsonValue, field: DescField, path: string): Violation[] {
  const { message } = field;
  if (message === undefined) {
    return [];
  }
  if (field.fieldKind === "list" && Array.isArray(value)) {
    return value.flatMap((item, index) => unknownKeysOf(item, message, `${path}[${index}]`));
  }
  return field.fieldKind === "message" ? unknownKeysOf(value, message, path) : [];
}

function unknownKeysOf(value: JsonValue, message: DescMessage, path: string): Violation[] {
  if (!isJsonObject(value)) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = fieldOf(message, key);
    return field === undefined
      ? [{ path, message: unknownKey(message, key) }]
      : unknownKeysIn(inner, field, `${path}.${field.jsonName}`);
  });
}
