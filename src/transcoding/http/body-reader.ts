import { create, type DescField, type Message } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation, ValueSchema } from "@bufbuild/protobuf/wkt";
import { messageAssigner, type OpenMessage } from "../json/assign.ts";
import { checkDuplicateKeys, parseJsonText } from "../json/document.ts";
import { generatedReader } from "../json/generated.ts";
import { fieldReader, messageReader } from "../json/reader.ts";
import { createReadingState, type ReadingOptions, type ReadingState } from "../json/reading-state.ts";
import { createViolationList, type Rejection } from "../json/violations.ts";
import { bodyFieldOf, type HttpBinding } from "./rules.ts";

/** Reads the parsed body of a request, undefined if it is empty, as the request message. */
export type BodyReader = (body: unknown, state: ReadingState) => OpenMessage | undefined;

/** Compiles the reader of the bodies of a binding. Throws if the rule does not fit the method. */
export function compileBodyReader(binding: HttpBinding, options: ReadingOptions): BodyReader {
  const { input } = binding.method;
  if (binding.body === "") {
    return (body, { violations }) => {
      if (body !== undefined) {
        violations.add("body", "must be empty: this method takes no body");
      }
      return undefined;
    };
  }
  const field = bodyFieldOf(binding);
  if (field === undefined) {
    const read = messageReader(input);
    const readGenerated = generatedReader(input, options);
    return function readWholeBody(body, state) {
      const json = body === undefined ? {} : body;
      return (readGenerated?.(json, state) ?? read(json, "", state)) as OpenMessage | undefined;
    };
  }
  const read = bodyFieldReader(field, options);
  const takesNull = field.message?.typeName === ValueSchema.typeName;
  const isObject = field.fieldKind === "message" && !hasCustomJsonRepresentation(field.message);
  const placeOf = placesOf(binding, field);
  return function readFieldBody(body, state) {
    const message = create(input) as OpenMessage;
    state.placeOf = placeOf;
    const json = body === undefined && isObject ? {} : body;
    // The caller's document is the field itself, so paths begin inside it.
    if (json === null && !takesNull) {
      state.violations.add("", "must not be null");
    } else if (json !== undefined) {
      read(message, json, "", state);
    }
    return message;
  };
}

/** Returns the function that says where the fields of the request belong if the body is one of them. */
function placesOf({ method }: HttpBinding, body: DescField): (name: string) => string | undefined {
  const places = new Map<string, string>();
  for (const field of method.input.fields) {
    const place =
      field === body ? `: the body is the ${body.jsonName} itself` : ": it is in the URL, not in the body";
    places.set(field.name, place).set(field.jsonName, place);
  }
  return (name) => places.get(name);
}

/** Returns the reader of the field that is the body. */
function bodyFieldReader(field: DescField, options: ReadingOptions): ReturnType<typeof fieldReader> {
  const read = fieldReader(field);
  const readGenerated = field.fieldKind === "message" ? generatedReader(field.message, options) : undefined;
  if (field.fieldKind !== "message" || readGenerated === undefined) {
    return read;
  }
  const assignMessage = messageAssigner(field);
  return function readBodyField(message, json, path, state) {
    const value = readGenerated(json, state);
    if (value === undefined) {
      read(message, json, path, state);
    } else {
      assignMessage(message, value, path, state.violations);
    }
  };
}

/** Reads the text of a body as a request message, in which only the fields of the body are set; or returns its violations. */
export type BodyTextReader = (text: string) => { readonly message: Message } | Rejection;

/**
 * Creates a reader of the bodies of a binding that finds what a server finds in them, in browsers too. Violations have the
 * paths that a server reports over REST.
 */
export function createBodyTextReader(binding: HttpBinding, options: ReadingOptions = {}): BodyTextReader {
  const read = compileBodyReader(binding, options);
  return function readBodyText(text) {
    // What a server receives is UTF-8, which has no unpaired surrogates.
    const sent = text.toWellFormed();
    const document = sent === "" ? { json: undefined, text: "" } : parseJsonText(sent);
    if ("violations" in document) {
      return document;
    }
    const violations = createViolationList();
    const state = createReadingState(violations, options);
    const message = read(document.json, state) ?? create(binding.method.input);
    const rejection = violations.rejection();
    if (rejection !== undefined) {
      return rejection;
    }
    const twice = checkDuplicateKeys(document, state.keys);
    return twice.length > 0 ? { violations: twice } : { message };
  };
}
