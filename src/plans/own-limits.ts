import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { FieldViolation } from "../contract/field-violation.ts";
import type { ContractRules } from "./contract-rules.ts";
import { listLimitOf, longListsIn } from "./list-limits.ts";
import { tooDeep } from "./struct-rules.ts";

const counted =
  /^(?:map )?must (?:be at most \d+ (?:characters|bytes|entries)|contain no more than \d+ (?:item\(s\)|values))$/;

/**
 * Returns whether a violation is of a limit on a length or a count. Google states none: these limits protect servers of
 * this project, and other servers may accept more.
 */
export function isOwnLimit({ description }: FieldViolation): boolean {
  return description === tooDeep || counted.test(description);
}

/** Creates rules that also find what else is invalid if lists are too long: other rules then report the lists only. */
export function createRulesBeyondLimits(rules: ContractRules): ContractRules {
  return function checkRules(desc, message) {
    const found = rules(desc, message);
    const isCut = found.length > 0 && longListsIn(desc, message).length > 0;
    return isCut ? [...found, ...rules(desc, withinListLimits(desc, message))] : found;
  };
}

/**
 * Returns a message whose lists have as many items as the contract allows, so that the rules find what else is invalid.
 * Does not change the given one.
 */
function withinListLimits<M extends Message>(desc: DescMessage, message: M): M {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(message)), message) as Record<
    string,
    unknown
  >;
  for (const field of desc.fields) {
    const value = copy[field.localName];
    const inner = field.message?.typeName.startsWith("google.") ? undefined : field.message;
    if (field.fieldKind === "list") {
      const items = (value as Message[]).slice(0, listLimitOf(field).most);
      copy[field.localName] = inner ? items.map((item) => withinListLimits(inner, item)) : items;
    } else if (field.fieldKind === "message" && inner && value !== undefined) {
      copy[field.localName] = withinListLimits(inner, value as Message);
    }
  }
  return copy as unknown as M;
}
