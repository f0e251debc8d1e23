import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonReadOptions,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { isHttpBody } from "../http/http-body.ts";
import { type HttpBinding, responseFieldOf } from "../http/rules.ts";
import { assign, type OpenMessage } from "../json/assign.ts";
import { compileLongChecker, mayHoldLongNumber } from "../json/long-numbers.ts";
import { createViolationList } from "../json/violations.ts";

/** Parses the content of responses to one binding. */
export type MessageParser =
  | { readonly kind: "raw"; parse(data: Uint8Array, contentType: string): Message }
  | {
      readonly kind: "json";
      /** Raises INTERNAL if the bytes are not the JSON of the message. */
      parse(bytes: Uint8Array): Message;
      /** Like `parse`, for elements of a stream: raises `errorOf(text)` if the element is `{"error":{…}}`. */
      parseElement(bytes: Uint8Array, errorOf: (text: string) => ConnectError): Message;
      /** The message of a response without content; undefined if the message type requires content. */
      empty(): Message | undefined;
    };

/**
 * Compiles the parser of a binding. With a `response_body`, the document is that field alone; `null` or no content
 * leaves it unset. The bytes of a google.api.HttpBody are not parsed. Throws if there is no such field.
 */
export function compileMessageParser(binding: HttpBinding, options: Partial<JsonReadOptions>): MessageParser {
  const desc = binding.method.output;
  const field = responseFieldOf(binding);
  if (isHttpBody(field ?? desc)) {
    return { kind: "raw", parse: compileRawParser(desc, field) };
  }
  const checkLongs = compileLongChecker(desc);

  function toMessage(parsed: JsonValue, text: string): Message {
    const json = field === undefined ? parsed : { [field.jsonName]: parsed };
    try {
      if (mayHoldLongNumber(text)) {
        checkLongs(json);
      }
      return fromJson(desc, json, options);
    } catch (cause) {
      throw notTheMessage(desc, cause);
    }
  }
  const declaresError = declares(field === undefined ? desc : field.message, "error");

  return {
    kind: "json",
    parse(bytes) {
      const { json, text } = parseJson(bytes, desc);
      return toMessage(json, text);
    },
    parseElement(bytes, errorOf) {
      const { json, text } = parseJson(bytes, desc);
      if (!declaresError && isErrorElement(json)) {
        throw errorOf(text);
      }
      return toMessage(json, text);
    },
    empty: () => (field !== undefined || desc.fields.length === 0 ? create(desc) : undefined),
  };
}

function declares(desc: DescMessage | undefined, name: string): boolean {
  return desc?.fields.some((field) => field.name === name || field.jsonName === name) ?? false;
}

/** Returns whether an element has only the key `error`, with an AIP-193 error: messages may have a field of that name. */
function isErrorElement(json: JsonValue): boolean {
  if (typeof json !== "object" || json === null || Array.isArray(json) || Object.keys(json).length !== 1) {
    return false;
  }
  const error = Object.hasOwn(json, "error") ? json.error : undefined;
  if (typeof error !== "object" || error === null || Array.isArray(error)) {
    return false;
  }
  const { code, status, message } = error;
  return typeof code === "number" || typeof status === "string" || typeof message === "string";
}

// Fatal, because invalid UTF-8 must not silently become other text.
const utf8 = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Uint8Array, desc: DescMessage): { json: JsonValue; text: string } {
  try {
    const text = utf8.decode(bytes);
    return { json: JSON.parse(text) as JsonValue, text };
  } catch (cause) {
    throw notTheMessage(desc, cause);
  }
}

function notTheMessage({ typeName }: DescMessage, cause: unknown): ConnectError {
  const text = `the response is not a ${typeName}`;
  return new ConnectError(text, Code.Internal, undefined, undefined, cause);
}

function compileRawParser(desc: DescMessage, field: DescField | undefined) {
  return function parseRaw(data: Uint8Array, contentType: string): Message {
    const content = create(field?.message ?? desc) as OpenMessage;
    content.contentType = contentType;
    content.data = data;
    if (field === undefined) {
      return content;
    }
    const message = create(desc) as OpenMessage;
    assign(message, field, content, "", createViolationList());
    return message;
  };
}
