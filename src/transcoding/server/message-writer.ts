import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
  toJsonString,
} from "@bufbuild/protobuf";
import type { Codecs } from "../../codec/index.ts";
import { type HttpBodyMessage, isHttpBody } from "../http/http-body.ts";
import { type HttpBinding, responseFieldOf } from "../http/rules.ts";
import { fieldValue, type OpenMessage } from "../json/assign.ts";
import { selectFields } from "./field-selection.ts";
import type { SystemParameters } from "./system-parameters.ts";

export type WrittenMessage = { readonly contentType: string; readonly content: string | Uint8Array };

/** Writes response messages of one binding. */
export type MessageWriter = {
  /** Whether responses are the bytes of a google.api.HttpBody, of any content type. */
  readonly isRaw: boolean;
  write(message: Message, parameters: SystemParameters): WrittenMessage;
};

/** How messages are written. */
export type WriterOptions = {
  /** Types that an Any may contain. */
  readonly registry?: Registry | undefined;
  /** Generated codecs of messages. */
  readonly codecs?: Codecs | undefined;
};

export const jsonType = "application/json; charset=utf-8";

/** Compiles the writer of a binding. A google.api.HttpBody is written as its bytes. Throws if the rule does not fit. */
export function compileMessageWriter(
  binding: HttpBinding,
  { registry, codecs }: WriterOptions = {},
): MessageWriter {
  const desc = binding.method.output;
  const field = responseFieldOf(binding);
  if (isHttpBody(field ?? desc)) {
    return {
      isRaw: true,
      write: (message) => writeHttpBody(field ? fieldValue(message as OpenMessage, field) : message),
    };
  }
  const options = registry === undefined ? {} : { registry };
  const write =
    field === undefined ? messageWriter(desc, options, codecs) : fieldWriter(desc, field, options);
  return {
    isRaw: false,
    write: (message, parameters) => ({ contentType: jsonType, content: write(message, parameters) }),
  };
}

type TextWriter = (message: Message, parameters: SystemParameters) => string;
type Options = { registry?: Registry };

function messageWriter(desc: DescMessage, options: Options, codecs: Codecs | undefined): TextWriter {
  const codec = codecs?.get(desc);
  return (message, parameters) =>
    isPlain(parameters)
      ? (codec?.writeJson(message, options.registry) ?? toJsonString(desc, message, options))
      : shape(toJson(desc, message, { ...options, enumAsInteger: parameters.enumAsInteger }), parameters);
}

function fieldWriter(desc: DescMessage, field: DescField, options: Options): TextWriter {
  return function writeField(message, parameters) {
    const { enumAsInteger } = parameters;
    const sparse = toJson(desc, message, { ...options, enumAsInteger }) as JsonObject;
    if (Object.hasOwn(sparse, field.jsonName)) {
      return shape(sparse[field.jsonName] as JsonValue, parameters);
    }
    // The document is the field itself, so it must exist even if the field has its default value.
    const full = toJson(desc, message, { ...options, enumAsInteger, alwaysEmitImplicit: true }) as JsonObject;
    return shape(full[field.jsonName] ?? (field.fieldKind === "message" ? {} : null), parameters);
  };
}

function isPlain({ enumAsInteger, prettyPrint, fields }: SystemParameters): boolean {
  return !enumAsInteger && !prettyPrint && fields === "all";
}

function shape(json: JsonValue, { fields, prettyPrint }: SystemParameters): string {
  return JSON.stringify(selectFields(json, fields), undefined, prettyPrint ? 2 : undefined);
}

function writeHttpBody(message: unknown): WrittenMessage {
  const { contentType = "", data = new Uint8Array(0) } = (message as HttpBodyMessage | undefined) ?? {};
  return { contentType: contentType === "" ? "application/octet-stream" : contentType, content: data };
}
