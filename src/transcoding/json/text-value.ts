import { create, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { messageReader } from "./reader.ts";
import { createReadingState } from "./reading-state.ts";
import { enumReader, type Read, readBooleanText, scalarReader } from "./scalar.ts";
import { createViolationList } from "./violations.ts";

/** Reads the decoded text of a path segment or query parameter as the value of a field. */
export type TextReader = (text: string) => Read;

/**
 * Returns the reader of a field's values in a URL. Returns undefined for maps and for messages whose JSON is not a
 * single string or number, because a URL cannot contain those.
 */
export function textReader(field: DescField): TextReader | undefined {
  if (field.fieldKind === "map") {
    return undefined;
  }
  if (field.message !== undefined) {
    return messageTextReader(field.message);
  }
  if (field.enum !== undefined) {
    const read = enumReader(field.enum);
    return (text) => read(/^-?\d{1,10}$/.test(text) ? Number(text) : text);
  }
  return scalarTextReader(field, field.scalar as ScalarType);
}

function scalarTextReader(field: DescField, scalar: ScalarType): TextReader {
  const read = scalarReader(field, scalar);
  switch (scalar) {
    case ScalarType.BOOL:
      return readBooleanText;
    case ScalarType.STRING:
    case ScalarType.BYTES:
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return read;
    default:
      // Unlike in JSON, an integer in a URL has digits only: no exponent, no fraction.
      return (text) => read(/^-?\d+$/.test(text) ? text : undefined);
  }
}

const stringForms = new Set([
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
  "google.protobuf.FieldMask",
]);

/** Returns whether the JSON form of a message is a single string or number, so that a URL can contain it. */
export function hasTextForm(message: DescMessage): boolean {
  return stringForms.has(message.typeName) || isWrapperDesc(message);
}

function messageTextReader(message: DescMessage): TextReader | undefined {
  if (isWrapperDesc(message)) {
    const [field] = message.fields;
    const readValue = scalarTextReader(field, field.scalar);
    return function readWrapper(text) {
      const read = readValue(text);
      return "expected" in read ? read : { value: create(message, { value: read.value } as never) };
    };
  }
  if (!hasTextForm(message)) {
    return undefined;
  }
  const read = messageReader(message);
  const isMask = message.typeName === "google.protobuf.FieldMask";
  return function readMessageText(text) {
    // The JSON form of a mask, with its quotes. Keys of maps in backticks may contain quotes.
    if (isMask && /["']/.test(text.replace(/`[^`]*`/g, ""))) {
      return { expected: "must be paths without quotes, such as a,b.c" };
    }
    const violations = createViolationList();
    const value = read(text, "", createReadingState(violations));
    const [violation] = violations.found;
    return violation === undefined ? { value } : { expected: violation.description };
  };
}
