import { type DescField, type DescMessage, getOption, hasOption, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import {
  type FieldRules,
  FieldRulesSchema,
  field as fieldOption,
  MessageRulesSchema,
  message as messageOption,
  oneof as oneofOption,
  type Rule,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { nativeCel } from "./native-cel.ts";

/**
 * Says that a message keeps every rule of its type. `false` only means that protovalidate must look: either a rule
 * is broken, or there is one that this check does not know.
 */
export type Acceptance = (message: Message) => boolean;

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const never: Acceptance = () => false;

/**
 * Compiles the check from the `buf.validate` options. Nearly every push is valid, and to find that out this way
 * costs an eighth of the time and none of the garbage of the whole validation; only for the others protovalidate
 * is asked, which is what says what is wrong. A test holds the two against each other.
 */
export function compileAcceptance(desc: DescMessage): Acceptance {
  try {
    return compileMessage(desc, new Map());
  } catch (error) {
    if (error instanceof UnknownRule) {
      return never;
    }
    throw error;
  }
}

class UnknownRule extends Error {}

/** Throws UnknownRule if a rule says anything but what is known. */
function requireOnly(desc: DescMessage, rules: Message, known: readonly string[]): void {
  const reflected = reflect(desc, rules);
  for (const field of desc.fields) {
    if (reflected.isSet(field) && !known.includes(field.name)) {
      throw new UnknownRule(String(field));
    }
  }
}

function compileMessage(desc: DescMessage, known: Map<DescMessage, Acceptance>): Acceptance {
  const earlier = known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  const checks: Acceptance[] = [];
  const acceptance: Acceptance = (message) => {
    for (const check of checks) {
      if (!check(message)) {
        return false;
      }
    }
    return true;
  };
  known.set(desc, acceptance);
  if (hasOption(desc, messageOption)) {
    const rules = getOption(desc, messageOption);
    requireOnly(MessageRulesSchema, rules, ["cel"]);
    checks.push(...rules.cel.map(compileCel));
  }
  for (const oneof of desc.oneofs) {
    if (hasOption(oneof, oneofOption)) {
      throw new UnknownRule(String(oneof));
    }
  }
  for (const field of desc.fields) {
    const check = compileField(field, known);
    if (check !== undefined) {
      checks.push(check);
    }
  }
  return acceptance;
}

function compileCel({ expression }: Rule): Acceptance {
  const native = nativeCel.get(expression);
  if (native === undefined) {
    throw new UnknownRule(expression);
  }
  return native;
}

function compileField(field: DescField, known: Map<DescMessage, Acceptance>): Acceptance | undefined {
  const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
  if (field.fieldKind === "map" || ("longAsString" in field && field.longAsString)) {
    throw new UnknownRule(String(field));
  }
  const checks: Check[] = rules === undefined ? [] : compileRules(field, rules);
  if (field.message !== undefined && !field.message.typeName.startsWith("google.")) {
    const inner = compileMessage(field.message, known) as Check;
    checks.push(field.fieldKind === "list" ? (items) => (items as unknown[]).every(inner) : inner);
  }
  const required = rules?.required ?? false;
  if (checks.length === 0 && !required) {
    return undefined;
  }
  const read = reader(field);
  const isSet = presence(field);
  return (message) => {
    const value = read(message as unknown as Fields);
    if (!isSet(value)) {
      // What has presence and is absent has nothing to check. The zero of the others is checked like any value.
      return !required && (value === undefined || checks.every((check) => check(value)));
    }
    for (const check of checks) {
      if (!check(value)) {
        return false;
      }
    }
    return true;
  };
}

/** Returns how to read a field: undefined where it has presence and is absent. */
function reader(field: DescField): (message: Fields) => unknown {
  const { localName, oneof } = field;
  if (oneof === undefined) {
    return field.presence === implicit || field.fieldKind === "list"
      ? (message) => message[localName]
      : (message) => (Object.hasOwn(message, localName) ? message[localName] : undefined);
  }
  return (message) => {
    const set = message[oneof.localName] as { case: string | undefined; value?: unknown };
    return set.case === localName ? set.value : undefined;
  };
}

/** google.protobuf.FeatureSet.FieldPresence.IMPLICIT */
const implicit = 2;

function presence(field: DescField): Check {
  if (field.fieldKind === "list") {
    return (value) => (value as unknown[]).length > 0;
  }
  return field.presence === implicit && field.oneof === undefined
    ? (value) => value !== "" && value !== 0 && value !== 0n && value !== false
    : (value) => value !== undefined;
}

function compileRules(field: DescField, rules: FieldRules): Check[] {
  requireOnly(FieldRulesSchema, rules, [
    "cel",
    "required",
    ...(rules.type.case ? [snake(rules.type.case)] : []),
  ]);
  const cel = rules.cel.map(compileCel) as Check[];
  if (cel.length > 0 && field.fieldKind !== "message") {
    throw new UnknownRule(String(field));
  }
  return [...cel, ...compileType(field, rules)];
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function compileType(field: DescField, { type }: FieldRules): Check[] {
  const only = (...names: string[]) => {
    const desc = FieldRulesSchema.fields.find(({ localName }) => localName === type.case)?.message;
    if (desc !== undefined && type.value !== undefined) {
      requireOnly(desc, type.value, names);
    }
  };
  const checks: Check[] = [];
  switch (type.case) {
    case undefined:
      break;
    case "string": {
      only("max_bytes", "pattern", "in");
      const { maxBytes, pattern, in: allowed } = type.value;
      if (maxBytes > 0n) {
        const most = Number(maxBytes);
        // A UTF-16 unit becomes at most three bytes: short strings need no count.
        checks.push(
          (value) => (value as string).length * 3 <= most || Buffer.byteLength(value as string) <= most,
        );
      }
      if (pattern !== "") {
        const regex = new RegExp(pattern, "u");
        checks.push((value) => regex.test(value as string));
      }
      if (allowed.length > 0) {
        checks.push((value) => allowed.includes(value as string));
      }
      break;
    }
    case "enum": {
      only("defined_only", "not_in");
      const refused = new Set<unknown>(type.value.notIn);
      const defined = new Set<unknown>(field.enum?.values.map(({ number }) => number));
      checks.push((value) => (!type.value.definedOnly || defined.has(value)) && !refused.has(value));
      break;
    }
    case "int32":
    case "int64": {
      only("gte");
      const { greaterThan } = type.value;
      if (greaterThan.case === "gte") {
        const least = greaterThan.value;
        checks.push((value) => (value as typeof least) >= least);
      }
      break;
    }
    case "repeated": {
      only("max_items", "items");
      const most = type.value.maxItems === 0n ? Number.POSITIVE_INFINITY : Number(type.value.maxItems);
      checks.push((value) => (value as unknown[]).length <= most);
      if (type.value.items !== undefined) {
        const each = compileRules(field, type.value.items);
        checks.push((value) => (value as unknown[]).every((item) => each.every((check) => check(item))));
      }
      break;
    }
    default:
      throw new UnknownRule(String(field));
  }
  return checks;
}
