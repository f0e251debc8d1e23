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
import { scalarZeroValue } from "@bufbuild/protobuf/reflect";
import { FeatureSet_FieldPresence, hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import type { Codecs } from "../../codec/index.ts";
import { type HttpBodyMessage, isHttpBody } from "../http/http-body.ts";
import { bodyFieldOf, type HttpBinding } from "../http/rules.ts";
import { fieldValue, type OpenMessage } from "../json/assign.ts";
import { compilePathWriter, type ExpandProblem } from "./expand-path.ts";
import { queryWriter } from "./expand-query.ts";

export type { ExpandProblem };

export type ExpandedRequest = {
  readonly httpMethod: string;
  /** Percent-encoded, starts with a slash. */
  readonly path: string;
  /** Percent-encoded, without the question mark; "" for none. */
  readonly query: string;
  /** The JSON body; undefined for none. */
  readonly body: JsonValue | undefined;
  /** The text of the JSON body, instead of `body`, if a codec wrote it. */
  readonly bodyText?: string;
  /** The body of a google.api.HttpBody, which is not JSON. Its `extensions` are not sent. */
  readonly raw?: { readonly contentType: string; readonly data: Uint8Array };
};

export type RequestExpander = (message: Message) => ExpandedRequest | ExpandProblem;

export type ExpandOptions = {
  /** Types that an Any may contain. */
  readonly registry?: Registry | undefined;
  /** Generated codecs of messages. One of them writes the body if it is a message; then the request has `bodyText`. */
  readonly codecs?: Codecs | undefined;
};

/**
 * Compiles the expander of a binding: it fills the path, then the body, and writes all other fields as query parameters.
 * It returns a problem for values that a path cannot contain (empty, `.`, `..`, unpaired surrogates) and for messages
 * without JSON form. Throws if the rule does not fit the request message.
 */
export function compileRequestExpander(binding: HttpBinding, options: ExpandOptions = {}): RequestExpander {
  const { body: rule } = binding;
  const desc = binding.method.input;
  const httpMethod = methodOf(binding);
  const writePath = compilePathWriter(binding);
  const writeQuery = queryWriter(desc);
  const field = bodyFieldOf(binding);
  const rawField = field && isHttpBody(field) ? field : undefined;
  const rawWhole = rule === "*" && isHttpBody(desc);
  const zero = field && zeroJson(field);
  const writeOptions = { registry: options.registry };
  const writeBody = field && rawField === undefined ? bodyWriter(field, options) : undefined;

  return function expand(message) {
    let json: JsonObject;
    let bodyText: string | undefined;
    try {
      bodyText = writeBody?.(message as OpenMessage);
      // Raw bytes are sent as they are, so they need no base64.
      const apart = bodyText === undefined ? rawField : field;
      const written = apart === undefined ? message : withoutField(message, apart);
      json = toJson(desc, written, writeOptions) as JsonObject;
    } catch (cause) {
      return { problem: `the request has no JSON form: ${(cause as Error).message}` };
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
    // Not `??`, because the null of a google.protobuf.Value is a body.
    const body = own === undefined ? zero : own;
    const query: string[] = [];
    const problem = writeQuery(json, "", query);
    if (problem !== undefined) {
      return { problem };
    }
    const expanded = { httpMethod, path, query: query.join("&"), body };
    if (bodyText !== undefined) {
      return { ...expanded, bodyText };
    }
    const held = rawField && (fieldValue(message as OpenMessage, rawField) as HttpBodyMessage | undefined);
    return held === undefined ? expanded : { ...expanded, raw: rawOf(held) };
  };
}

/** Returns what writes a field as the text of a body; undefined if it has no codec. */
function bodyWriter(
  field: DescField,
  { codecs, registry }: ExpandOptions,
): ((message: OpenMessage) => string | undefined) | undefined {
  const codec = field.fieldKind === "message" ? codecs?.get(field.message) : undefined;
  // protobuf-es has some of the others as values instead of messages.
  if (codec === undefined || hasCustomJsonRepresentation(codec.desc)) {
    return undefined;
  }
  return function writeBody(message) {
    const value = fieldValue(message, field);
    return value === undefined ? undefined : codec.writeJson(value as Message, registry);
  };
}

/** Writes one request, like {@link compileRequestExpander} for many. */
export function expandRequest(binding: HttpBinding, message: Message): ExpandedRequest | ExpandProblem {
  return compileRequestExpander(binding)(message);
}

/** Returns the HTTP method of a binding's requests. For `*` the client chooses. */
export function methodOf({ httpMethod, body }: HttpBinding): string {
  const any = body === "" ? "GET" : "POST";
  return httpMethod === "*" ? any : httpMethod;
}

/** Removes a field from the JSON and returns it. Own properties only: a field may be named `constructor`. */
function takeOwn(json: JsonObject, name: string): JsonValue | undefined {
  const value = Object.hasOwn(json, name) ? json[name] : undefined;
  delete json[name];
  return value;
}

/** Returns the JSON of the zero of a field without presence, which the JSON of a message omits. */
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
      return field.scalar === ScalarType.BYTES ? "" : (scalarZeroValue(field.scalar, true) as JsonValue);
    default:
      return undefined;
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
