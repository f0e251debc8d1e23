import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonReadOptions,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { isHttpBody, isHttpBodyField } from "../http/http-body.ts";
import type { HttpBinding } from "../http/rules.ts";
import type { OpenMessage } from "../json/assign.ts";
import { compileLongChecker, mayHoldLongNumber } from "../json/long-numbers.ts";

/** Turns the content of responses to one binding into messages. */
export type AnswerReader =
  | { readonly kind: "raw"; read(data: Uint8Array, contentType: string): Message }
  | {
      readonly kind: "json";
      /** Raises INTERNAL for bytes that are not the JSON of the message. */
      read(bytes: Uint8Array): Message;
      /** Like `read`, but raises the error that `{"error":{…}}` is, where a stream may have it for a message. */
      readElement(bytes: Uint8Array, errorOf: (text: string) => ConnectError): Message;
      /** The message of a response without content; undefined if that cannot be one. */
      empty(): Message | undefined;
    };

/**
 * Compiles the reader for a binding. With a `response_body`, the document is that field alone, and `null` or nothing
 * leaves it unset. A google.api.HttpBody is the bytes as they are. Throws if there is no such field.
 */
export function compileAnswerReader(
  { method, responseBody }: HttpBinding,
  options: Partial<JsonReadOptions>,
): AnswerReader {
  const desc = method.output;
  const field = desc.fields.find(({ name }) => name === responseBody);
  if (responseBody !== "" && field === undefined) {
    throw new Error(
      `${method}: its google.api.http rule has the response_body "${responseBody}", which is no field`,
    );
  }
  if (field === undefined ? isHttpBody(desc) : isHttpBodyField(field)) {
    return { kind: "raw", read: compileRawReader(desc, field) };
  }
  const refuseLongs = compileLongChecker(desc);

  const readParsed = (parsed: JsonValue, text: string): Message => {
    const json = field === undefined ? parsed : ({ [field.jsonName]: parsed } satisfies JsonObject);
    try {
      if (mayHoldLongNumber(text)) {
        refuseLongs(json);
      }
      return fromJson(desc, json, options);
    } catch (cause) {
      throw noMessage(desc, cause);
    }
  };
  const declaresError = declares(field === undefined ? desc : field.message, "error");

  return {
    kind: "json",
    read(bytes) {
      const { json, text } = parse(bytes, desc);
      return readParsed(json, text);
    },
    readElement(bytes, errorOf) {
      const { json, text } = parse(bytes, desc);
      if (!declaresError && isErrorElement(json)) {
        throw errorOf(text);
      }
      return readParsed(json, text);
    },
    empty: () => (field !== undefined || desc.fields.length === 0 ? create(desc) : undefined),
  };
}

function declares(desc: DescMessage | undefined, name: string): boolean {
  return desc?.fields.some((field) => field.name === name || field.jsonName === name) ?? false;
}

/** Nothing but an `error` that looks like AIP-193's: a newer server may give a message a field of that name. */
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

// Fatal: bytes that are no UTF-8 must not become other text unseen.
const utf8 = new TextDecoder("utf-8", { fatal: true });

function parse(bytes: Uint8Array, desc: DescMessage): { json: JsonValue; text: string } {
  try {
    const text = utf8.decode(bytes);
    return { json: JSON.parse(text) as JsonValue, text };
  } catch (cause) {
    throw noMessage(desc, cause);
  }
}

function noMessage(desc: DescMessage, cause: unknown): ConnectError {
  return new ConnectError(`the response is no ${desc.typeName}`, Code.Internal, undefined, undefined, cause);
}

function compileRawReader(desc: DescMessage, field: DescField | undefined) {
  return (data: Uint8Array, contentType: string): Message => {
    const content = create(field?.message ?? desc) as OpenMessage;
    content.contentType = contentType;
    content.data = data;
    if (field === undefined) {
      return content;
    }
    const message = create(desc) as OpenMessage;
    if (field.oneof === undefined) {
      message[field.localName] = content;
    } else {
      message[field.oneof.localName] = { case: field.localName, value: content };
    }
    return message;
  };
}
