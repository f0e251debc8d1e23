import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { descriptionOf } from "../describe/description.ts";
import { fieldAt, queryFields } from "../describe/fields.ts";
import type { JsonObject } from "../describe/json.ts";
import { fieldSchema, isRequired, type SchemaContext } from "./field-schema.ts";
import type { PathParameter } from "./path-template.ts";
import { fieldRulesOf } from "./validation-rules.ts";
import { wellKnownTypes } from "./well-known-types.ts";

/** Returns a path parameter: a whole field, or one segment of a field that is a resource name. */
export function pathParameter(
  parameter: PathParameter,
  input: DescMessage,
  context: SchemaContext,
): JsonObject {
  const { name, field: fieldPath, segments, index } = parameter;
  const field = fieldAt(input, fieldPath);
  const common = { name, in: "path", required: true };
  if (segments.length === 1) {
    const { description, deprecated, ...schema } = fieldSchema(field, context);
    return { ...common, description, deprecated, schema };
  }
  const template = segments.join("/");
  // Not the template, because generators copy descriptions into comments, which `*/` ends.
  const places = segments.map((segment) => (segment === "*" ? "…" : segment)).join("/");
  const rules = fieldRulesOf(field, context.registry);
  return {
    ...common,
    description:
      `Segment ${index + 1} of \`${field.jsonName}\`, which is \`${places}\`. ${descriptionOf(field) ?? ""}`.trim(),
    deprecated: field.deprecated || undefined,
    schema: { type: "string", minLength: 1, pattern: patternOfSegment(rules, segments, index) },
    "x-resource-name": { field: fieldPath, template, "x-buf-validate": rules },
  };
}

/** Returns the query parameters. Members of messages have a dot in their name (`plan.name`). */
export function queryParameters(
  input: DescMessage,
  isBound: (fieldPath: string) => boolean,
  context: SchemaContext,
): JsonObject[] {
  const isText = (message: DescMessage) => wellKnownTypes.has(message.typeName);
  return queryFields(input, isBound, isText).map((fields) => {
    const field = fields.at(-1) as DescField;
    const { description, deprecated, ...schema } = fieldSchema(field, context);
    const required = fields.length === 1 && isRequired(field, context.registry) ? true : undefined;
    const name = fields.map(({ jsonName }) => jsonName).join(".");
    return { name, in: "query", required, description, deprecated, schema };
  });
}

/**
 * Returns the part of a resource name's pattern (`^operators/([1-9][0-9]*)/things/(.+)$`) that applies to one segment;
 * undefined unless the pattern spells the literals out and has one group for each variable segment.
 */
function patternOfSegment(
  rules: JsonObject | undefined,
  segments: readonly string[],
  index: number,
): string | undefined {
  const pattern = (rules?.string as JsonObject | undefined)?.pattern;
  if (typeof pattern !== "string") {
    return undefined;
  }
  const shape = segments.map((segment) => (segment === "*" ? "(.+)" : literal(segment))).join("/");
  const match = new RegExp(`^\\^${shape}\\$$`).exec(pattern);
  const group = segments.slice(0, index).filter((segment) => segment === "*").length + 1;
  const part = match?.[group];
  return part !== undefined && isComplete(part) ? `^${part}$` : undefined;
}

/** Returns a regular expression that matches exactly this text. */
function literal(text: string): string {
  return text.replaceAll(/[^\w-]/g, "\\$&");
}

/** Returns whether a part of a regular expression is valid by itself: brackets are balanced, and `|` is inside them. */
function isComplete(piece: string): boolean {
  let depth = 0;
  for (const [token] of piece.matchAll(/\\.|\[(?:\\.|[^\]])*\]|[()|]/g)) {
    if (token === "(") {
      depth++;
    }
    if (token === ")") {
      depth--;
    }
    if (depth < 0 || (token === "|" && depth === 0)) {
      return false;
    }
  }
  return depth === 0;
}
