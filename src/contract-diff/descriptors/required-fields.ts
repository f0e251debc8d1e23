import { create, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { objectOf, textsOf } from "../json.ts";
import { type Contract, optionsOf } from "./contract.ts";

/**
 * Returns the rule by which a new field must have a value, or undefined if messages of clients that do not know the field
 * stay valid. Rules also apply to the empty value of a field without presence, so that `min_len` can require a field.
 */
export function requirementOf(contract: Contract, field: DescField): string | undefined {
  const options = optionsOf(contract, field);
  const rules = objectOf(options["[buf.validate.field]"]);
  if (field.presence === legacyRequired) {
    return "required";
  }
  if (rules.required === true) {
    return "required = true";
  }
  if (textsOf(options["[google.api.field_behavior]"]).includes("REQUIRED")) {
    return "field_behavior = REQUIRED";
  }
  if (Object.keys(rules).length === 0 || rules.ignore === "IGNORE_ALWAYS") {
    return undefined;
  }
  return rejectsAbsence(contract, field.parent, field) ? "its rules reject the empty value" : undefined;
}

const legacyRequired = 3;

function rejectsAbsence({ registry }: Contract, message: DescMessage, field: DescField): boolean {
  const { violations } = createValidator({ registry }).validate(message, create(message));
  return (
    violations?.some(({ field: [first] }) => first?.kind === "field" && first.number === field.number) ??
    false
  );
}
