import {
  create,
  type DescField,
  type DescMessage,
  type JsonReadOptions,
  type Message,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Codecs } from "../../codec/index.ts";
import { isHttpBody } from "../http/http-body.ts";
import { type HttpBinding, responseFieldOf } from "../http/rules.ts";
import { assign, type OpenMessage } from "../json/assign.ts";
import type { JsonDocument } from "../json/document.ts";
import { generatedReader } from "../json/generated.ts";
import { parseJson } from "../json/parse.ts";
import { fieldReader, messageReader } from "../json/reader.ts";
import { createReadingState } from "../json/reading-state.ts";
import { isObject } from "../json/scalar.ts";
import { factsOfBytes, findDuplicateKey } from "../json/text.ts";
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
export function compileMessageParser(
  binding: HttpBinding,
  options: Partial<JsonReadOptions> & { readonly codecs?: Codecs | undefined },
): MessageParser {
  const desc = binding.method.output;
  const field = responseFieldOf(binding);
  if (isHttpBody(field ?? desc)) {
    return { kind: "raw", parse: compileRawParser(desc, field) };
  }
  const readMessage = messageReader(desc);
  const readGenerated = generatedReader(desc, { codecs: options.codecs });
  const readField = field && fieldReader(field);

  function toMessage({ json, text, keys }: JsonDocument): Message {
    const violations = createViolationList();
    const state = createReadingState(violations, options);
    const message =
      readField === undefined ? (readGenerated?.(json, state) ?? readMessage(json, "", state)) : create(desc);
    readField?.(message as OpenMessage, json, "", state);
    const twice = findDuplicateKey(text, state.keys, keys);
    if (twice !== undefined) {
      violations.add(twice, "is set twice in one object");
    }
    const [violation] = violations.found;
    if (violation !== undefined) {
      throw notTheMessage(desc, new Error(`${violation.field}: ${violation.description}`));
    }
    return message as Message;
  }

  function parse(bytes: Uint8Array): JsonDocument {
    let text: string;
    try {
      text = utf8.decode(bytes);
    } catch (cause) {
      throw notTheMessage(desc, cause);
    }
    const facts = factsOfBytes(bytes);
    const parsed = parseJson(text, facts);
    if ("json" in parsed) {
      return { json: parsed.json, text, keys: facts.keys };
    }
    throw notTheMessage(desc, new Error(`invalid JSON at offset ${parsed.offset ?? text.length}`));
  }

  const declaresError = declares(field === undefined ? desc : field.message, "error");

  return {
    kind: "json",
    parse(bytes) {
      return toMessage(parse(bytes));
    },
    parseElement(bytes, errorOf) {
      const document = parse(bytes);
      if (!declaresError && isErrorElement(document.json)) {
        throw errorOf(document.text);
      }
      return toMessage(document);
    },
    empty: () => (field !== undefined || desc.fields.length === 0 ? create(desc) : undefined),
  };
}

function declares(desc: DescMessage | undefined, name: string): boolean {
  return desc?.fields.some((field) => field.name === name || field.jsonName === name) ?? false;
}

/** Returns whether an element has only the key `error`, with an AIP-193 error: messages may have a field of that name. */
function isErrorElement(json: unknown): boolean {
  if (!isObject(json) || Object.keys(json).length !== 1) {
    return false;
  }
  const error = Object.hasOwn(json, "error") ? json.error : undefined;
  if (!isObject(error)) {
    return false;
  }
  const { code, status, message } = error;
  return typeof code === "number" || typeof status === "string" || typeof message === "string";
}

// Fatal, because invalid UTF-8 must not silently become other text.
const utf8 = new TextDecoder("utf-8", { fatal: true });

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
