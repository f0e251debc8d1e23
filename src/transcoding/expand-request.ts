import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import type { HttpBinding } from "./http-rules.ts";
import type { TemplateSegment, TemplateVariable } from "./path-template.ts";
import { encodeSegment } from "./percent.ts";
import { hasTextForm } from "./text-value.ts";

/** A request message as HTTP. */
export type ExpandedRequest = {
  readonly httpMethod: string;
  /** Percent-encoded, beginning with a slash. */
  readonly path: string;
  /** Percent-encoded, without the question mark; "" for none. */
  readonly query: string;
  /** JSON, or undefined for no body. */
  readonly body: JsonValue | undefined;
};

/** Why a message does not fit a binding. */
export type ExpandFault = { readonly fault: string };

/**
 * Writes a request by a binding: path first, then body, and what is left as query parameters. Values that no path
 * can carry (empty ones, `.` and `..`, half surrogate pairs) are faults, found before any I/O.
 */
export function expandRequest(binding: HttpBinding, message: Message): ExpandedRequest | ExpandFault {
  const { method, template } = binding;
  const json = toJson(method.input, message) as JsonObject;
  const texts = new Map<TemplateVariable, string>();
  for (const variable of template.variables) {
    const text = takeText(json, method.input.fields, variable.fieldPath);
    const fault = faultOf(text, variable, binding);
    if (fault !== undefined) {
      return { fault: `${variable.fieldPath.join(".")} ${fault}` };
    }
    texts.set(variable, text ?? "");
  }
  const path = writePath(binding, texts);
  let body: JsonValue | undefined;
  let rest: JsonObject = json;
  if (binding.body === "*") {
    body = json;
    rest = {};
  } else if (binding.body !== "") {
    const name = method.input.fields.find((field) => field.name === binding.body)?.jsonName ?? binding.body;
    body = takeOwn(rest, name);
  }
  const query: string[] = [];
  const fault = writeQuery(rest, method.input, "", query);
  if (fault !== undefined) {
    return { fault };
  }
  return { httpMethod: methodOf(binding), path, query: query.join("&"), body };
}

function methodOf({ httpMethod, body }: HttpBinding): string {
  const any = body === "" ? "GET" : "POST";
  return httpMethod === "*" ? any : httpMethod;
}

/** Not by a look-up alone: a field may have the name of something that every object has. */
function takeOwn(json: JsonObject, name: string): JsonValue | undefined {
  const value = Object.hasOwn(json, name) ? json[name] : undefined;
  delete json[name];
  return value;
}

/** Removes a field from the JSON, for the path carries it, and returns its text. */
function takeText(
  json: JsonObject,
  fields: readonly DescField[],
  fieldPath: readonly string[],
): string | undefined {
  const [name, ...deeper] = fieldPath;
  const field = fields.find((each) => each.name === name);
  if (field === undefined) {
    return undefined;
  }
  if (deeper.length > 0) {
    const inner = Object.hasOwn(json, field.jsonName) ? (json[field.jsonName] as JsonObject) : undefined;
    return inner && takeText(inner, field.message?.fields ?? [], deeper);
  }
  const value = takeOwn(json, field.jsonName);
  return value === undefined ? zeroText(field) : String(value);
}

/** A zero that is not in the JSON, because its field has no presence, is a value all the same; "" is none. */
function zeroText(field: DescField): string | undefined {
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    return undefined;
  }
  switch (field.scalar) {
    case undefined:
      return field.enum?.values[0]?.name;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return undefined;
    case ScalarType.BOOL:
      return "false";
    default:
      return "0";
  }
}

function faultOf(
  text: string | undefined,
  variable: TemplateVariable,
  binding: HttpBinding,
): string | undefined {
  if (text === undefined || text === "") {
    return "is part of the path and must not be empty";
  }
  if (!text.isWellFormed()) {
    return "must be valid Unicode: it has an unpaired surrogate";
  }
  const parts = variable.multiSegment ? text.split("/") : [text];
  if (parts.some((part) => part === "." || part === ".." || part === "")) {
    return "is part of the path and must not have an empty segment, . or ..";
  }
  const wanted = binding.template.segments.slice(variable.start, variable.end);
  const shape = wanted.map((segment) => (segment.kind === "literal" ? segment.text : segment.kind)).join("/");
  return fits(wanted, parts) ? undefined : `must have the form ${shape}`;
}

function fits(wanted: readonly TemplateSegment[], parts: readonly string[]): boolean {
  const open = wanted.findIndex(({ kind }) => kind === "**");
  if (open === -1) {
    return parts.length === wanted.length && isAt(wanted, parts, 0);
  }
  const tail = wanted.slice(open + 1);
  return (
    parts.length >= wanted.length - 1 &&
    isAt(wanted.slice(0, open), parts, 0) &&
    isAt(tail, parts, parts.length - tail.length)
  );
}

function isAt(wanted: readonly TemplateSegment[], parts: readonly string[], start: number): boolean {
  return wanted.every(
    (segment, index) => segment.kind !== "literal" || segment.text === parts[start + index],
  );
}

function writePath({ template }: HttpBinding, texts: ReadonlyMap<TemplateVariable, string>): string {
  const written: string[] = [];
  for (let index = 0; index < template.segments.length; index++) {
    const variable = template.variables.find(({ start }) => start === index);
    const segment = template.segments[index];
    if (variable !== undefined) {
      const text = texts.get(variable) ?? "";
      written.push(
        variable.multiSegment ? text.split("/").map(encodeSegment).join("/") : encodeSegment(text),
      );
      index = variable.end - 1;
    } else if (segment?.kind === "literal") {
      written.push(encodeSegment(segment.text));
    }
  }
  const verb = template.verb === undefined ? "" : `:${encodeSegment(template.verb)}`;
  return `/${written.join("/")}${verb}`;
}

function writeQuery(json: JsonObject, desc: DescMessage, prefix: string, into: string[]): string | undefined {
  for (const field of desc.fields) {
    if (Object.hasOwn(json, field.jsonName)) {
      const fault = writeParameter(json[field.jsonName] as JsonValue, field, prefix + field.jsonName, into);
      if (fault !== undefined) {
        return fault;
      }
    }
  }
  return undefined;
}

function writeParameter(
  value: JsonValue,
  field: DescField,
  path: string,
  into: string[],
): string | undefined {
  const { message } = field;
  if (field.fieldKind === "map") {
    return `${path} has keys of its own, which no query parameter can carry`;
  }
  if (message !== undefined && !hasTextForm(message)) {
    if (field.fieldKind === "list") {
      return `${path} is a list of messages, which no query parameter can carry`;
    }
    return hasCustomJsonRepresentation(message)
      ? `${path} has keys of its own, which no query parameter can carry`
      : writeQuery(value as JsonObject, message, `${path}.`, into);
  }
  for (const each of Array.isArray(value) ? value : [value]) {
    const text = String(each);
    if (!text.isWellFormed()) {
      return `${path} must be valid Unicode: it has an unpaired surrogate`;
    }
    into.push(`${encodeURIComponent(path)}=${encodeURIComponent(text)}`);
  }
  return undefined;
}
