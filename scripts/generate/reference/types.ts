import {
  type DescEnum,
  type DescEnumValue,
  type DescField,
  type DescMessage,
  getOption,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import { FieldBehavior, field_behavior } from "#deps/google/api/field_behavior_pb.js";
import { descriptionOf } from "../describe/description.ts";
import { isRequired } from "../openapi/field-schema.ts";
import type { Links } from "./links.ts";
import { blocksOf, code, fenced, table } from "./markdown.ts";
import { headingOf } from "./names.ts";
import { messageRulesInWords, rulesInWords } from "./rules-in-words.ts";

/** What the sections of a page need. */
export type PageContext = {
  readonly page: string;
  readonly links: Links;
  readonly registry: Registry;
};

/** Where a request over REST has a field. */
export type PlaceOf = (field: DescField) => string;

/**
 * Returns the section of a message: its comment, its fields and the rules about several of them. With `placeOf`, the
 * message is the request of a method, and its heading is below that of the method.
 */
export function messageSection(message: DescMessage, context: PageContext, placeOf?: PlaceOf): string[] {
  const rules = messageRulesInWords(message, context.registry);
  return [
    `${placeOf === undefined ? "##" : "####"} ${headingOf(message)}`,
    ...comment(descriptionOf(message), context),
    ...(message.fields.length === 0
      ? ["This message has no fields."]
      : [fieldTable(message, context, placeOf)]),
    ...(rules.length === 0
      ? []
      : ["Rules about several fields:", rules.map((rule) => `- ${rule}`).join("\n")]),
  ];
}

/** Returns the section of an enum. */
export function enumSection(enumeration: DescEnum, context: PageContext): string[] {
  const meaning = (value: DescEnumValue) =>
    comment(descriptionOf(value), context).join("\n\n") + (value.deprecated ? " **Deprecated.**" : "");
  return [
    `## ${headingOf(enumeration)}`,
    ...comment(descriptionOf(enumeration), context),
    table(
      ["value", "number", "meaning"],
      enumeration.values.map((value) => [code(value.name), String(value.number), meaning(value)]),
    ),
  ];
}

/** Returns a comment as blocks of Markdown. */
export function comment(description: string | undefined, { links, page }: PageContext): string[] {
  return blocksOf(description ?? "")
    .filter(({ text }) => text !== "")
    .map(({ kind, text }) =>
      kind === "text" ? links.prose(text, page) : fenced(text, /^[A-Z]+ \//.test(text) ? "http" : "text"),
    );
}

function fieldTable(message: DescMessage, context: PageContext, placeOf: PlaceOf | undefined): string {
  return table(
    ["field", "type", ...(placeOf ? ["over REST"] : []), "presence", "rules", "description"],
    message.fields.map((field) => [
      nameOf(field),
      typeOf(field, context),
      ...(placeOf ? [placeOf(field)] : []),
      presenceCell(field, context.registry),
      rulesInWords(field, context.registry).join("; "),
      comment(fieldDescriptionOf(field), context).join("\n\n"),
    ]),
  );
}

function nameOf({ jsonName, name, deprecated }: DescField): string {
  const names = jsonName === name ? code(jsonName) : `${code(jsonName)}\n${code(name)}`;
  return deprecated ? `${names}\n**deprecated**` : names;
}

function typeOf(field: DescField, { links, page }: PageContext): string {
  const [before, element, after] = typeWordsOf(field);
  return `${before}${typeof element === "string" ? element : links.to(element, page)}${after}`;
}

/** Returns the type of a field as words around that of its elements. */
export function typeWordsOf(
  field: DescField,
): [before: string, element: string | DescMessage | DescEnum, after: string] {
  const scalar = field.scalar === undefined ? "" : (ScalarType[field.scalar]?.toLowerCase() ?? "");
  const element = field.message ?? field.enum ?? scalar;
  switch (field.fieldKind) {
    case "list":
      return ["", element, "[]"];
    case "map":
      return [`map of ${ScalarType[field.mapKey]?.toLowerCase()} to `, element, ""];
    default:
      return ["", element, ""];
  }
}

/** Returns whether requests must have a field. */
export function presenceOf(field: DescField, registry: Registry): "required" | "optional" | "output only" {
  const behaviors = getOption(field, field_behavior);
  if (behaviors.includes(FieldBehavior.OUTPUT_ONLY)) {
    return "output only";
  }
  return isRequired(field, registry) ? "required" : "optional";
}

function presenceCell(field: DescField, registry: Registry): string {
  const presence = presenceOf(field, registry);
  return field.oneof === undefined ? presence : `${presence}\none of ${code(field.oneof.name)}`;
}

/** Returns the comment of a field without its first word, which is in the column of the presence. */
export function fieldDescriptionOf(field: DescField): string | undefined {
  return descriptionOf(field)?.replace(/^(?:Required|Optional|Output only)\. /, "");
}
