import {
  type DescEnum,
  type DescEnumValue,
  type DescField,
  type DescMessage,
  ScalarType,
} from "@bufbuild/protobuf";
import type {
  EnumEntry,
  FieldEntry,
  Inline,
  MessageEntry,
  ReasonFacts,
  ValueEntry,
} from "../../../src/console/contract/document.ts";
import { descriptionOf } from "../../generate/describe/description.ts";
import { sendersOf, statusOfError } from "../../generate/describe/error-list.ts";
import { exampleOf, hasSpec, specOf } from "../../generate/reference/errors.ts";
import { messageRulesInWords, rulesInWords } from "../../generate/reference/rules-in-words.ts";
import { fieldDescriptionOf, presenceOf, typeWordsOf } from "../../generate/reference/types.ts";
import { commentOf, inlineText, type Scope } from "./comments.ts";
import type { EntryContext } from "./entry-context.ts";

/** Returns a message with its fields and rules. */
export function messageEntry(message: DescMessage, context: EntryContext): MessageEntry {
  const scope: Scope = { names: context.names, message };
  return {
    kind: "message",
    fullName: message.typeName,
    name: nameIn(message),
    package: message.file.proto.package,
    ...commentOf(descriptionOf(message), scope),
    ...deprecation(message),
    fields: message.fields.map((field) => fieldEntry(field, context)),
    rules: messageRulesInWords(message, context.registry).map((rule) => inlineText(rule, scope)),
  };
}

/** Returns an enum with its values. */
export function enumEntry(enumeration: DescEnum, context: EntryContext): EnumEntry {
  return {
    kind: "enum",
    fullName: enumeration.typeName,
    name: nameIn(enumeration),
    package: enumeration.file.proto.package,
    ...commentOf(descriptionOf(enumeration), { names: context.names }),
    ...deprecation(enumeration),
    values: enumeration.values.map((value) => valueEntry(value, context)),
  };
}

function fieldEntry(field: DescField, { names, registry }: EntryContext): FieldEntry {
  const scope: Scope = { names, message: field.parent };
  const [before, element, after] = typeWordsOf(field);
  const type: Inline[] = [
    before,
    typeof element === "string" ? element : { text: nameIn(element), to: element.typeName },
    after,
  ];
  const json = jsonOf(field);
  return {
    kind: "field",
    fullName: `${field.parent.typeName}.${field.name}`,
    name: field.name,
    ...commentOf(fieldDescriptionOf(field), scope),
    ...deprecation(field),
    jsonName: field.jsonName,
    number: field.number,
    type: type.filter((part) => part !== ""),
    ...(json !== undefined && { json }),
    presence: presenceOf(field, registry),
    ...(field.oneof !== undefined && { oneof: field.oneof.name }),
    rules: rulesInWords(field, registry).map((rule) => inlineText(rule, scope)),
  };
}

function valueEntry(value: DescEnumValue, context: EntryContext): ValueEntry {
  const [about, advice] = (descriptionOf(value) ?? "").split(adviceStart, 2);
  const scope = { names: context.names };
  const reason = reasonOf(value, inlineText(sentence(advice), scope), context);
  return {
    kind: "value",
    fullName: `${value.parent.typeName}.${value.name}`,
    name: value.name,
    ...commentOf(about, scope),
    ...deprecation(value),
    number: value.number,
    ...(reason !== undefined && { reason }),
  };
}

/** How the last paragraph about the reason of an error begins. */
const adviceStart = "\n\nWhat to do: ";

function sentence(text = ""): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function reasonOf(
  value: DescEnumValue,
  advice: readonly Inline[],
  { reasons, methods }: EntryContext,
): ReasonFacts | undefined {
  if (value.parent !== reasons?.enumeration || !hasSpec(value, reasons.option)) {
    return undefined;
  }
  const spec = specOf(value, reasons.option);
  return {
    code: spec.code,
    status: statusOfError(spec.code, value.name),
    advice,
    metadata: spec.metadata,
    example: exampleOf(value.name, spec),
    sentBy: sendersOf(value.name, methods).map((rpc) => `${rpc.parent.typeName}.${rpc.name}`),
  };
}

/** The name of a type with those of the messages that it is in. */
function nameIn({ typeName, file }: DescMessage | DescEnum): string {
  return typeName.slice(file.proto.package.length + 1);
}

/** Types whose JSON their definition does not show. */
const jsonOfMessage: Readonly<Record<string, string>> = {
  "google.protobuf.Timestamp": 'string, such as "2026-12-24T18:00:00Z"',
  "google.protobuf.Duration": 'string of seconds, such as "1.5s"',
  "google.protobuf.FieldMask": 'string of paths, such as "time,mode"',
  "google.protobuf.Struct": "object",
  "google.protobuf.Value": "any value",
  "google.protobuf.ListValue": "array",
};

const longs: readonly (ScalarType | undefined)[] = [
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
];

function jsonOf({ scalar, message }: DescField): string | undefined {
  if (longs.includes(scalar)) {
    return 'string of digits, such as "42"';
  }
  if (scalar === ScalarType.BYTES) {
    return "string in base64";
  }
  return message && jsonOfMessage[message.typeName];
}

function deprecation({ deprecated }: { readonly deprecated: boolean }): { deprecated?: true } {
  return deprecated ? { deprecated: true } : {};
}
