import type { DescEnum, DescField, DescMessage, Registry } from "@bufbuild/protobuf";
import type { Json, JsonObject } from "../describe/json.ts";
import { asObject, fieldRulesOf, messageRulesOf } from "../openapi/validation-rules.ts";
import { code } from "./markdown.ts";

/** Longest pattern that a cell of a table shows. */
const longestPattern = 80;

type Words = (value: Json, enumeration: DescEnum | undefined) => string | undefined;

const list = (values: Json) =>
  (Array.isArray(values) ? values : []).map((each) => code(String(each))).join(", ");
const count =
  (bound: string, unit: string): Words =>
  (value) =>
    `${bound} ${Number(value).toLocaleString("en-US")} ${unit}`;

const wordsOf: Readonly<Record<string, Words>> = {
  minLen: count("at least", "characters"),
  maxLen: count("at most", "characters"),
  len: count("exactly", "characters"),
  minBytes: count("at least", "bytes"),
  maxBytes: count("at most", "bytes"),
  lenBytes: count("exactly", "bytes"),
  minItems: count("at least", "items"),
  maxItems: count("at most", "items"),
  unique: () => "no item twice",
  pattern: (value) =>
    String(value).length > longestPattern
      ? "matches the pattern in the proto file"
      : `matches ${code(String(value))}`,
  gt: (value) => `greater than ${value}`,
  gte: (value) => `at least ${value}`,
  lt: (value) => `less than ${value}`,
  lte: (value) => `at most ${value}`,
  const: (value) => `always ${code(String(value))}`,
  in: (values, enumeration) => `one of ${list(namesOf(values, enumeration))}`,
  notIn: (values, enumeration) => `none of ${list(namesOf(values, enumeration))}`,
  definedOnly: () => "a value of the enum",
};

/** Returns the validation rules of a field in words, except that it is required. */
export function rulesInWords(field: DescField, registry: Registry): string[] {
  const rules = fieldRulesOf(field, registry);
  return rules === undefined ? [] : wordsOfRules(rules, field);
}

/** Returns the rules of a message that concern several fields. */
export function messageRulesInWords(message: DescMessage, registry: Registry): string[] {
  const rules = messageRulesOf(message, registry);
  return rules === undefined ? [] : celWords(rules, message);
}

function wordsOfRules(rules: JsonObject, field: DescField): string[] {
  const words = Object.entries(rules).flatMap(([type, value]) => {
    const typeRules = asObject(value);
    return typeRules === undefined ? [] : typeWords(type, typeRules, field);
  });
  return [...words, ...celWords(rules, field.message)];
}

function typeWords(type: string, rules: JsonObject, field: DescField): string[] {
  return Object.entries(rules).flatMap(([name, value]) => {
    const inner = type === "repeated" && name === "items" ? asObject(value) : undefined;
    if (inner !== undefined) {
      return wordsOfRules(inner, field).map((words) => `each item: ${words}`);
    }
    // A rule without words, such as one that a later version adds, is shown as it is written.
    return wordsOf[name]?.(value, field.enum) ?? code(`${name}: ${JSON.stringify(value)}`);
  });
}

/** The id of a CEL rule begins with the name of the field that it is about, if it is about one. */
function celWords({ cel }: JsonObject, message: DescMessage | undefined): string[] {
  return (Array.isArray(cel) ? cel : []).map((rule: Json) => {
    const { id, message: words } = asObject(rule) ?? {};
    const [name] = String(id).split(".");
    const about = message?.fields.find((field) => field.name === name);
    return about === undefined ? String(words) : `${code(about.jsonName)} ${words}`;
  });
}

function namesOf(values: Json, enumeration: DescEnum | undefined): Json {
  return enumeration === undefined || !Array.isArray(values)
    ? values
    : values.map((number: Json) => enumeration.values.find((each) => each.number === number)?.name ?? number);
}
