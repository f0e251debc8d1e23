import { type DescField, type JsonObject, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import type { HttpBinding } from "./http-rules.ts";
import type { TemplateVariable } from "./path-template.ts";
import { encodeSegment } from "./percent.ts";

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
    body = json[name];
    delete rest[name];
  }
  const query: string[] = [];
  const fault = writeQuery(rest, "", query);
  if (fault !== undefined) {
    return { fault };
  }
  return { httpMethod: binding.httpMethod, path, query: query.join("&"), body };
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
  const value = json[field.jsonName];
  if (deeper.length > 0) {
    const inner = value as JsonObject | undefined;
    return inner && takeText(inner, field.message?.fields ?? [], deeper);
  }
  delete json[field.jsonName];
  return value === undefined ? undefined : String(value);
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
  const open = wanted.some(({ kind }) => kind === "**");
  const fits =
    (open ? parts.length >= wanted.length - 1 : parts.length === wanted.length) &&
    (open || wanted.every((segment, index) => segment.kind !== "literal" || segment.text === parts[index]));
  const shape = wanted.map((segment) => (segment.kind === "literal" ? segment.text : segment.kind)).join("/");
  return fits ? undefined : `must have the form ${shape}`;
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

function writeQuery(json: JsonObject, prefix: string, into: string[]): string | undefined {
  for (const [name, value] of Object.entries(json)) {
    const path = `${prefix}${name}`;
    const values = Array.isArray(value) ? value : [value];
    for (const each of values) {
      if (typeof each === "object" && each !== null) {
        if (Array.isArray(value) || Array.isArray(each)) {
          return `${path} is a list of messages, which no query parameter can carry`;
        }
        const fault = writeQuery(each, `${path}.`, into);
        if (fault !== undefined) {
          return fault;
        }
      } else {
        into.push(`${encodeURIComponent(path)}=${encodeURIComponent(String(each))}`);
      }
    }
  }
  return undefined;
}
