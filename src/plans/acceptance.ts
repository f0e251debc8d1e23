import { type DescField, type DescMessage, getOption, hasOption, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { Edition } from "@bufbuild/protobuf/wkt";
import {
  type EnumRules,
  type FieldRules,
  FieldRulesSchema,
  field as fieldOption,
  MessageRulesSchema,
  message as messageOption,
  oneof as oneofOption,
  type RepeatedRules,
  type Rule,
  type StringRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { nativeCel } from "./native-cel.ts";

/** Returns true if a message satisfies every rule of its type. For other messages, protovalidate lists the violations. */
export type Acceptance = (message: Message) => boolean;

/** Returns the number of rules that a message breaks, or at least `most` if it breaks so many: the count ends there. */
export type ViolationCount = (message: Message, most: number) => number;

type Check = (value: unknown) => boolean;
type Count = (value: unknown, most: number) => number;
type Fields = Readonly<Record<string, unknown>>;

/** The acceptance of a type with a rule that the compiler does not know. */
export const acceptsNothing: Acceptance = () => false;

/**
 * Compiles the `buf.validate` options of a message type to plain functions. Nearly every push is valid, and this check
 * takes an eighth of the time of protovalidate and allocates nothing.
 */
export function compileAcceptance(desc: DescMessage): Acceptance {
  const count = compileViolationCount(desc);
  return count === undefined ? acceptsNothing : (message) => count(message, 1) === 0;
}

/** Compiles the count of the violations that protovalidate would list. Returns undefined if a rule is not supported. */
export function compileViolationCount(desc: DescMessage): ViolationCount | undefined {
  try {
    return compileMessage(desc, new Map());
  } catch (error) {
    if (error instanceof UnsupportedRule) {
      return undefined;
    }
    throw error;
  }
}

/** A type with a rule that the check does not support is left to protovalidate. */
class UnsupportedRule extends Error {}

/** Throws UnsupportedRule if a rule is set that is not in the list. */
function requireOnly(desc: DescMessage, rules: Message, supported: readonly string[]): void {
  const reflected = reflect(desc, rules);
  for (const field of desc.fields) {
    if (reflected.isSet(field) && !supported.includes(field.name)) {
      throw new UnsupportedRule(String(field));
    }
  }
}

function compileMessage(desc: DescMessage, known: Map<DescMessage, ViolationCount>): ViolationCount {
  const earlier = known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  // In other files, a field that is not set has the default value of a prototype.
  if (desc.file.edition !== Edition.EDITION_PROTO3) {
    throw new UnsupportedRule(String(desc));
  }
  const fields: FieldCount[] = [];
  const rules: Count[] = [];
  const count = sumOfFields(fields, rules);
  // Before the fields, for a message inside one of its own type.
  known.set(desc, count);
  for (const oneof of desc.oneofs) {
    if (hasOption(oneof, oneofOption)) {
      throw new UnsupportedRule(String(oneof));
    }
  }
  const isLong = ({ fieldKind, message }: DescField) => Number(fieldKind === "list" && message !== undefined);
  // Lists of messages last, so that a message with another violation is rejected before its items are read.
  for (const field of desc.fields.toSorted((a, b) => isLong(a) - isLong(b))) {
    fields.push(...compileField(field, known));
  }
  if (hasOption(desc, messageOption)) {
    const options = getOption(desc, messageOption);
    requireOnly(MessageRulesSchema, options, ["cel"]);
    rules.push(...options.cel.map(nativeCelOf).map(countOf));
  }
  return count;
}

/** The rules of one property of a message. */
type FieldCount = {
  readonly name: string;
  readonly count: Count;
  /** Number of violations if the property is undefined: it has no value to check then. */
  readonly ifAbsent: number;
};

/**
 * Returns the count of the violations in a message. A property of a name that varies takes most of the time, so that all
 * are read here and none is read twice. The rules of the message come after its fields, whose checks bound the length of
 * the lists that these rules read.
 */
function sumOfFields(fields: readonly FieldCount[], rules: readonly Count[]): ViolationCount {
  const countRules = sumOf(rules);
  return function countMessage(message, most) {
    let found = 0;
    for (let index = 0; index < fields.length && found < most; index++) {
      const { name, count, ifAbsent } = fields[index] as FieldCount;
      const value = (message as unknown as Fields)[name];
      found += value === undefined ? ifAbsent : count(value, most - found);
    }
    return found < most ? found + countRules(message, most - found) : found;
  };
}

/** Returns the count of all violations of one value. */
function sumOf(counts: readonly Count[]): Count {
  return function countAll(value, most) {
    let found = 0;
    for (let index = 0; index < counts.length && found < most; index++) {
      found += (counts[index] as Count)(value, most - found);
    }
    return found;
  };
}

/** Returns the count of the violations of all items of a list. */
function sumOfItems(count: Count): Count {
  return function countItems(items, most) {
    const list = items as readonly unknown[];
    let found = 0;
    for (let index = 0; index < list.length && found < most; index++) {
      found += count(list[index], most - found);
    }
    return found;
  };
}

function countOf(check: Check): Count {
  return (value) => (check(value) ? 0 : 1);
}

function nativeCelOf({ expression }: Rule): Check {
  const native = nativeCel.get(expression);
  if (native === undefined) {
    throw new UnsupportedRule(expression);
  }
  return native as Check;
}

/** Returns the rules of a field; none if all its values are valid. */
function compileField(field: DescField, known: Map<DescMessage, ViolationCount>): FieldCount[] {
  const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
  if (field.fieldKind === "map" || ("longAsString" in field && field.longAsString)) {
    throw new UnsupportedRule(String(field));
  }
  const counts = rules === undefined ? [] : compileRules(field, rules);
  if (field.message !== undefined && !field.message.typeName.startsWith("google.")) {
    const inner = compileMessage(field.message, known) as Count;
    counts.push(field.fieldKind === "list" ? sumOfItems(inner) : inner);
  }
  const required = rules?.required ?? false;
  if (counts.length === 0 && !required) {
    return [];
  }
  const { localName, oneof } = field;
  const ifAbsent = required ? 1 : 0;
  const [first] = counts;
  const count = first !== undefined && counts.length === 1 ? first : sumOf(counts);
  if (oneof !== undefined) {
    return [{ name: oneof.localName, count: countOfMember(localName, count, ifAbsent), ifAbsent }];
  }
  // Zero values of a field without presence are checked like any value, unless it is required.
  const isRequired = required && (field.presence === implicit || field.fieldKind === "list");
  return [{ name: localName, count: isRequired ? countOfRequired(count) : count, ifAbsent }];
}

/** google.protobuf.FeatureSet.FieldPresence.IMPLICIT */
const implicit = 2;

function countOfMember(localName: string, count: Count, ifAbsent: number): Count {
  return function countMember(oneof, most) {
    const set = oneof as { readonly case: string | undefined; readonly value?: unknown };
    return set.case === localName ? count(set.value, most) : ifAbsent;
  };
}

function countOfRequired(count: Count): Count {
  return function countRequired(value, most) {
    const isZero = value === "" || value === 0 || value === 0n || value === false || isEmptyList(value);
    return isZero ? 1 : count(value, most);
  };
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function compileRules(field: DescField, rules: FieldRules): Count[] {
  requireOnly(FieldRulesSchema, rules, ["cel", "required", rules.type.case ?? ""]);
  const cel = rules.cel.map(nativeCelOf).map(countOf);
  if (cel.length > 0 && field.fieldKind !== "message") {
    throw new UnsupportedRule(String(field));
  }
  return [...cel, ...compileType(field, rules)];
}

function compileType(field: DescField, { type }: FieldRules): Count[] {
  const supported = supportedRules[type.case ?? ""];
  const desc = FieldRulesSchema.fields.find(({ localName }) => localName === type.case)?.message;
  if (desc !== undefined && type.value !== undefined) {
    requireOnly(desc, type.value, supported ?? []);
  }
  switch (type.case) {
    case undefined:
      return [];
    case "string":
      return compileString(type.value);
    case "enum":
      return compileEnum(field, type.value);
    case "int32":
    case "int64": {
      const { greaterThan } = type.value;
      const least = greaterThan.case === "gte" ? greaterThan.value : undefined;
      return least === undefined ? [] : [(value) => ((value as typeof least) >= least ? 0 : 1)];
    }
    case "repeated":
      return compileRepeated(field, type.value);
    default:
      throw new UnsupportedRule(String(field));
  }
}

/** The rules of each type that are supported, by their proto names. */
const supportedRules: Readonly<Record<string, readonly string[]>> = {
  string: ["max_len", "pattern", "in"],
  enum: ["defined_only", "not_in"],
  int32: ["gte"],
  int64: ["gte"],
  repeated: ["max_items", "items"],
};

function compileString({ maxLen, pattern, in: allowed }: StringRules): Count[] {
  const counts: Count[] = [];
  if (maxLen > 0n) {
    const most = Number(maxLen);
    counts.push((value) => (hasAtMost(value as string, most) ? 0 : 1));
  }
  if (pattern !== "") {
    const regex = new RegExp(pattern, "u");
    counts.push((value) => (regex.test(value as string) ? 0 : 1));
  }
  if (allowed.length > 0) {
    counts.push((value) => (allowed.includes(value as string) ? 0 : 1));
  }
  return counts;
}

/** Returns whether a text has at most so many code points. One has at most two UTF-16 units, so that most need no count. */
function hasAtMost(text: string, most: number): boolean {
  return text.length <= most || (text.length <= 2 * most && [...text].length <= most);
}

function compileEnum(field: DescField, { definedOnly, notIn }: EnumRules): Count[] {
  const excluded = new Set<number>(notIn);
  const defined = new Set<number>(field.enum?.values.map(({ number }) => number));
  const counts: Count[] = [];
  if (definedOnly) {
    counts.push((value) => (defined.has(value as number) ? 0 : 1));
  }
  if (excluded.size > 0) {
    counts.push((value) => (excluded.has(value as number) ? 1 : 0));
  }
  if (counts.length === 0) {
    return [];
  }
  // Small numbers that break no rule, as bits: to look into sets takes several times as long.
  let allowed = 0;
  for (const number of defined) {
    allowed |= number >= 0 && number < 32 && !excluded.has(number) ? 1 << number : 0;
  }
  const count = sumOf(counts);
  return [
    function countEnum(value, most) {
      const number = value as number;
      return number >= 0 && number < 32 && (allowed >>> number) & 1 ? 0 : count(number, most);
    },
  ];
}

function compileRepeated(field: DescField, { maxItems, items }: RepeatedRules): Count[] {
  const most = maxItems === 0n ? Number.POSITIVE_INFINITY : Number(maxItems);
  const counts: Count[] = [(value) => ((value as unknown[]).length <= most ? 0 : 1)];
  if (items !== undefined) {
    counts.push(sumOfItems(sumOf(compileRules(field, items))));
  }
  return counts;
}
