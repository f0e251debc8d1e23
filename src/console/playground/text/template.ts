import type { DescEnum, DescField, DescMessage, ScalarType } from "@bufbuild/protobuf";
import { presenceOf } from "./field-facts.ts";
import { isQuoted, type Shape, scalarText, shapeOfField } from "./json-shape.ts";

/** Creates the text of a hole that the user fills in, in the syntax of CodeMirror's snippets. */
type Hole = (value: string) => string;

/** Messages nested deeper than this are left empty, because a contract may be recursive. */
const maxDepth = 4;

/**
 * Returns the text to insert for a value, with holes such as `${1:USD}`. A message has the fields that it requires, or all of
 * them if it only has a few scalars. Times are relative to `now`.
 */
export function templateOf(shape: Shape, field: DescField | undefined, now: Date): string {
  let count = 0;
  const hole: Hole = (value) => `\${${++count}:${value}}`;
  return valueText(shape, field, { hole, now, depth: 0 });
}

type Writing = { readonly hole: Hole; readonly now: Date; readonly depth: number };

function valueText(shape: Shape, field: DescField | undefined, writing: Writing): string {
  const { hole, now } = writing;
  switch (shape.kind) {
    case "message":
      return messageText(shape.message, writing);
    case "list":
      return shape.item.kind === "message"
        ? `[\n${indent(valueText(shape.item, field, writing))}\n]`
        : `[${hole("")}]`;
    case "map":
      return `{${hole("")}}`;
    case "enum":
      return `"${hole(writing.depth === 0 ? "" : (valuesOf(shape.enum)[0]?.name ?? ""))}"`;
    case "timestamp":
      return `"${hole(timeText(now, field === undefined || !isEnd(field) ? 0 : 86_400_000))}"`;
    case "duration":
      return `"${hole("60s")}"`;
    case "fieldMask":
      return `"${hole("")}"`;
    case "free":
      return shape.root === undefined
        ? hole("null")
        : shape.root === "object"
          ? `{${hole("")}}`
          : `[${hole("")}]`;
    case "scalar":
      return scalarValue(shape.scalar, field, hole);
  }
}

function scalarValue(scalar: ScalarType, field: DescField | undefined, hole: Hole): string {
  const type = scalarText(scalar);
  if (type === "bool") {
    return hole("true");
  }
  const example = type === "string" || type === "bytes" ? (samples[field?.jsonName ?? ""] ?? "") : "0";
  return isQuoted(scalar) ? `"${hole(example)}"` : hole(example);
}

/** Values that show the form of a string. */
const samples: Readonly<Record<string, string>> = { currencyCode: "USD", languageCode: "en-US" };

function messageText(message: DescMessage, writing: Writing): string {
  const fields = writing.depth < maxDepth ? startFields(message) : [];
  if (fields.length === 0) {
    return `{${writing.hole("")}}`;
  }
  const deeper = { ...writing, depth: writing.depth + 1 };
  const lines = fields.map(
    (field) => `${JSON.stringify(field.jsonName)}: ${valueText(shapeOfField(field), field, deeper)}`,
  );
  return `{\n${indent(lines.join(",\n"))}\n}`;
}

/** Returns the fields that a new message has. */
function startFields(message: DescMessage): readonly DescField[] {
  const required = message.fields.filter((field) => presenceOf(field) === "required");
  if (required.length > 0) {
    return required;
  }
  const isSmall =
    message.fields.length <= 4 && message.fields.every(({ fieldKind }) => fieldKind === "scalar");
  return isSmall ? message.fields : [];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "\t");
}

/** Returns the values of an enum that say something. */
export function valuesOf(desc: DescEnum): DescEnum["values"] {
  return desc.values.filter(({ number, name }) => number !== 0 || !/_(UNSPECIFIED|UNDEFINED)$/.test(name));
}

/** Whether a time is usually in the future. */
export function isEnd(field: DescField): boolean {
  return /expir|until|stale|end/i.test(field.jsonName);
}

/** Returns the time that many milliseconds after another, in whole seconds. */
export function timeText(now: Date, afterMs: number): string {
  const ms = Math.min(now.getTime() + afterMs, Date.UTC(9999, 11, 31, 23, 59, 59));
  return new Date(Math.floor(ms / 1_000) * 1_000).toISOString().replace(".000", "");
}
