import {
  type DescField,
  enumToJson,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { type HttpBodyMessage, isHttpBody, isHttpBodyField } from "../http/http-body.ts";
import type { HttpBinding } from "../http/rules.ts";
import { fieldValue, type OpenMessage } from "../json/assign.ts";
import { compilePathWriter, type ExpandFault } from "./expand-path.ts";
import { queryWriter } from "./expand-query.ts";

export type { ExpandFault };

/** A request message as HTTP. */
export type ExpandedRequest = {
  readonly httpMethod: string;
  /** Percent-encoded, beginning with a slash. */
  readonly path: string;
  /** Percent-encoded, without the question mark; "" for none. */
  readonly query: string;
  /** JSON, or undefined for no body of this kind. */
  readonly body: JsonValue | undefined;
  /** The body of a google.api.HttpBody, which goes out as it is; its `extensions` have no place in HTTP. */
  readonly raw?: { readonly contentType: string; readonly data: Uint8Array };
};

/** Writes the requests of one binding; a fault is found before any I/O. */
export type RequestExpander = (message: Message) => ExpandedRequest | ExpandFault;

export type ExpandOptions = {
  /** Types that an Any may hold. */
  readonly registry?: Registry | undefined;
};

/**
 * Compiles the expander of a binding: path first, then body, and what is left as query parameters. Values that no
 * path can carry (empty ones, `.` and `..`, half surrogate pairs) are faults, and so is what has no JSON form.
 * Throws an error that names the method if the rule does not fit its request message.
 */
export function compileRequestExpander(binding: HttpBinding, options: ExpandOptions = {}): RequestExpander {
  const { method, body: rule } = binding;
  const desc = method.input;
  const httpMethod = methodOf(binding);
  const writePath = compilePathWriter(binding);
  const writeQuery = queryWriter(desc);
  const field = desc.fields.find(({ name }) => name === rule);
  if (field === undefined && rule !== "" && rule !== "*") {
    throw new Error(`${method}: its google.api.http rule has the body "${rule}", which is no field of it`);
  }
  const rawField = field !== undefined && isHttpBodyField(field) ? field : undefined;
  const rawWhole = rule === "*" && isHttpBody(desc);
  const zero = field && zeroJson(field);
  const writeOptions = { registry: options.registry };

  return (message) => {
    let json: JsonObject;
    try {
      // Raw bytes stay out of the JSON, where they would be base64 for nothing.
      const written = rawField === undefined ? message : withoutField(message, rawField);
      json = toJson(desc, written, writeOptions) as JsonObject;
    } catch (cause) {
      return { fault: `the request has no JSON form: ${(cause as Error).message}` };
    }
    const path = writePath(json);
    if (typeof path !== "string") {
      return path;
    }
    if (rule === "*") {
      return rawWhole
        ? { httpMethod, path, query: "", body: undefined, raw: rawOf(message as HttpBodyMessage) }
        : { httpMethod, path, query: "", body: json };
    }
    const own = field && takeOwn(json, field.jsonName);
    // Not by `??`: the null of a google.protobuf.Value is a body.
    const body = own === undefined ? zero : own;
    const query: string[] = [];
    const fault = writeQuery(json, "", query);
    if (fault !== undefined) {
      return { fault };
    }
    const expanded = { httpMethod, path, query: query.join("&"), body };
    const held = rawField && (fieldValue(message as OpenMessage, rawField) as HttpBodyMessage | undefined);
    return held === undefined ? expanded : { ...expanded, raw: rawOf(held) };
  };
}

/** Writes one request; {@link compileRequestExpander} is for many. Throws as that does. */
export function expandRequest(binding: HttpBinding, message: Message): ExpandedRequest | ExpandFault {
  return compileRequestExpander(binding)(message);
}

/** The HTTP method that a binding's requests have: a rule for every method leaves the choice to the client. */
export function methodOf({ httpMethod, body }: HttpBinding): string {
  const any = body === "" ? "GET" : "POST";
  return httpMethod === "*" ? any : httpMethod;
}

/** Not by a look-up alone: a field may have the name of something that every object has. */
function takeOwn(json: JsonObject, name: string): JsonValue | undefined {
  const value = Object.hasOwn(json, name) ? json[name] : undefined;
  delete json[name];
  return value;
}

/** The JSON of a field whose zero is a value, not an absence; JSON of a whole message leaves it out. */
function zeroJson(field: DescField): JsonValue | undefined {
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    return undefined;
  }
  switch (field.fieldKind) {
    case "list":
      return [];
    case "map":
      return {};
    case "enum":
      return enumToJson(field.enum, field.enum.values[0]?.number ?? 0) as JsonValue;
    case "scalar":
      return zeroScalar(field.scalar);
    default:
      return undefined;
  }
}

function zeroScalar(scalar: ScalarType): JsonValue {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "";
    case ScalarType.BOOL:
      return false;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "0";
    default:
      return 0;
  }
}

function withoutField(message: Message, field: DescField): Message {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(message)), message) as OpenMessage;
  if (field.oneof === undefined) {
    delete copy[field.localName];
  } else if (fieldValue(copy, field) !== undefined) {
    copy[field.oneof.localName] = { case: undefined };
  }
  return copy;
}

function rawOf({ contentType, data }: HttpBodyMessage) {
  return { contentType: contentType === "" ? "application/octet-stream" : contentType, data };
}
