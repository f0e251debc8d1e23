import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { invalidFields } from "../contract/api-error.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import type { ContractRules } from "../plans/contract-rules.ts";

/**
 * Throws INVALID_ARGUMENT unless a request is valid. The error has the violations of the contract's rules, and `others`
 * for fields that break none of these.
 */
export function requireValid<Desc extends DescMessage>(
  rules: ContractRules,
  desc: Desc,
  request: MessageShape<Desc>,
  others: readonly FieldViolation[] = [],
): void {
  const violations = rules(desc, request);
  const named = new Set(violations.map(({ field }) => field));
  violations.push(...others.filter(({ field }) => !named.has(field)));
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}
