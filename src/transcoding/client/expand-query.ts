import type { DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { hasTextForm } from "../json/text-value.ts";

/**
 * Adds the JSON of a message to a query as percent-encoded `name=value` pairs. `prefix`: path of the message, with a dot
 * at its end. Returns the problem if a query cannot contain a field.
 */
type QueryWriter = (json: JsonObject, prefix: string, into: string[]) => string | undefined;

type ParameterWriter = (value: JsonValue, path: string, into: string[]) => string | undefined;

const writers = new WeakMap<DescMessage, QueryWriter>();

export function queryWriter(desc: DescMessage): QueryWriter {
  const known = writers.get(desc);
  if (known !== undefined) {
    return known;
  }
  const parameters: (readonly [jsonName: string, write: ParameterWriter])[] = [];
  const writer: QueryWriter = function writeQuery(json, prefix, into) {
    for (const [jsonName, write] of parameters) {
      if (Object.hasOwn(json, jsonName)) {
        const problem = write(json[jsonName] as JsonValue, prefix + jsonName, into);
        if (problem !== undefined) {
          return problem;
        }
      }
    }
    return undefined;
  };
  // Cached before its fields are compiled, because a message may contain itself.
  writers.set(desc, writer);
  for (const field of desc.fields) {
    parameters.push([field.jsonName, parameterWriter(field)]);
  }
  return writer;
}

function parameterWriter(field: DescField): ParameterWriter {
  const { message } = field;
  if (field.fieldKind !== "map" && (message === undefined || hasTextForm(message))) {
    return field.fieldKind === "list" ? writeList : writeText;
  }
  if (field.fieldKind === "list") {
    return (_, path) => `${path} is a list of messages, which a query cannot contain`;
  }
  if (field.fieldKind === "map" || message === undefined || hasCustomJsonRepresentation(message)) {
    return (_, path) => `${path} has arbitrary keys, which a query cannot contain`;
  }
  const write = queryWriter(message);
  return (value, path, into) => write(value as JsonObject, `${path}.`, into);
}

function writeList(values: JsonValue, path: string, into: string[]): string | undefined {
  for (const value of values as JsonValue[]) {
    const problem = writeText(value, path, into);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

function writeText(value: JsonValue, path: string, into: string[]): string | undefined {
  const text = String(value);
  if (!text.isWellFormed()) {
    return `${path} must be valid Unicode: it has an unpaired surrogate`;
  }
  into.push(`${encodeURIComponent(path)}=${encodeURIComponent(text)}`);
  return undefined;
}
