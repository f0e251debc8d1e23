import { create, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { messageReader } from "./reader.ts";
import { createReadingState } from "./reading-state.ts";
import { enumReader, type Read, scalarReader } from "./scalar.ts";
import { createViolationList } from "./violations.ts";

/** Reads the decoded text of a path segment or query parameter as a value of a field. */
export type TextReader = (text: string) => Read;

/**
 * Returns the reader for a field's values in a URL, or undefined if they cannot stand in one: for messages
 * without a JSON form of one string, and for maps.
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
      return (text) =>
        text === "true" || text === "false"
          ? { value: text === "true" }
          : { expected: "must be true or false" };
    case ScalarType.STRING:
    case ScalarType.BYTES:
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return read;
    default:
      // Exponents and fractions are for JSON: in a URL an integer is digits.
      return (text) => read(/^-?\d+$/.test(text) ? text : undefined);
  }
}

const stringForms = new Set([
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
  "google.protobuf.FieldMask",
]);

/** Whether the JSON form of a message is one text, or one number, that can stand in a URL. */
export function hasTextForm(message: DescMessage): boolean {
  return stringForms.has(message.typeName) || isWrapperDesc(message);
}

function messageTextReader(message: DescMessage): TextReader | undefined {
  if (isWrapperDesc(message)) {
    const [field] = message.fields;
    const readValue = scalarTextReader(field, field.scalar);
    return (text) => {
      const read = readValue(text);
      return "expected" in read ? read : { value: create(message, { value: read.value } as never) };
    };
  }
  if (!hasTextForm(message)) {
    return undefined;
  }
  const read = messageReader(message);
  return (text) => {
    const violations = createViolationList();
    const value = read(text, "", createReadingState(violations, false));
    const [violation] = violations.found;
    return violation === undefined ? { value } : { expected: violation.description };
  };
}
