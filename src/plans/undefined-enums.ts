import { clearField, type DescEnum, type DescMessage, type Message } from "@bufbuild/protobuf";
import { type FieldViolation, maxViolations } from "../contract/field-violation.ts";
import type { ContractRules } from "./contract-rules.ts";

/**
 * Creates rules that do not reject numbers that no enum value has. They change the message, so that a field with such a
 * number is not set, like one with an unknown name in JSON. Calls `onUnknownField` with the first hundred of a message.
 */
export function createTolerantRules(
  rules: ContractRules,
  onUnknownField?: (unknown: FieldViolation) => void,
): ContractRules {
  return function checkRules(desc, message) {
    for (const path of clearUndefined(desc, message).slice(0, maxViolations)) {
      onUnknownField?.({ field: path.slice(1), description: "has a number that is not a value of its enum" });
    }
    return rules(desc, message);
  };
}

const nothing: readonly string[] = [];

/**
 * Clears enum fields and removes items of lists whose number is undefined. Returns their paths, each with a leading dot.
 * Does not search members of oneofs and types of Google, where the contract has no enums. Paths are built on the way
 * back, so that a message without such numbers costs no strings.
 */
function clearUndefined(desc: DescMessage, message: Message): readonly string[] {
  const fields = message as unknown as Readonly<Record<string, unknown>>;
  let found = nothing;
  for (const field of desc.fields) {
    const value = fields[field.localName];
    if (value === undefined || field.message?.typeName.startsWith("google.")) {
      continue;
    }
    if (field.fieldKind === "enum") {
      if (!isDefined(field.enum, value as number)) {
        clearField(message as never, field as never);
        found = joined(found, `.${field.jsonName}`, [""]);
      }
    } else if (field.fieldKind === "list" && field.enum !== undefined) {
      found = joined(found, `.${field.jsonName}`, removeUndefined(field.enum, value as number[]));
    } else if (field.fieldKind === "list" && field.message !== undefined) {
      const items = value as Message[];
      for (let index = 0; index < items.length; index++) {
        const inner = clearUndefined(field.message, items[index] as Message);
        found = inner.length === 0 ? found : joined(found, `.${field.jsonName}[${index}]`, inner);
      }
    } else if (field.fieldKind === "message") {
      found = joined(found, `.${field.jsonName}`, clearUndefined(field.message, value as Message));
    }
  }
  return found;
}

/** Removes the undefined numbers of a list, and returns their indexes as paths. */
function removeUndefined(desc: DescEnum, items: number[]): readonly string[] {
  if (items.every((item) => isDefined(desc, item))) {
    return nothing;
  }
  const all = items.splice(0);
  items.push(...all.filter((item) => isDefined(desc, item)));
  const paths = all.flatMap((item, index) => (isDefined(desc, item) ? [] : [`[${index}]`]));
  return paths.slice(0, maxViolations);
}

function isDefined(desc: DescEnum, number: number): boolean {
  return desc.value[number] !== undefined;
}

/** Adds paths as long as there are few: a request may have 100,000 undefined numbers. */
function joined(found: readonly string[], name: string, inner: readonly string[]): readonly string[] {
  return inner.length === 0 || found.length >= maxViolations
    ? found
    : [...found, ...inner.slice(0, maxViolations).map((path) => name + path)];
}
