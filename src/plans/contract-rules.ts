import { type DescField, type DescMessage, getOption, type MessageShape } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { FieldViolation } from "../contract/field-violation.ts";
import { type Acceptance, compileAcceptance } from "./acceptance.ts";

/** Returns every rule of the contract that a message breaks. */
export type ContractRules = <Desc extends DescMessage>(
  desc: Desc,
  message: MessageShape<Desc>,
) => FieldViolation[];

/**
 * Creates the check of the `buf.validate` options. Paths are those of proto3 JSON. The first check of a message
 * type compiles its rules, which takes about 0.1 s for the largest: do it before traffic comes.
 */
export function createContractRules(): ContractRules {
  const validator = createValidator({ regexMatch: createRegexMatcher() });
  const acceptances = new Map<DescMessage, Acceptance>();
  return (desc, message) => {
    const accept = acceptances.get(desc) ?? compileAcceptance(desc);
    acceptances.set(desc, accept);
    if (accept(message)) {
      return [];
    }
    const result = validator.validate(desc, message);
    switch (result.kind) {
      case "valid":
        return [];
      case "invalid":
        return result.violations.map(toFieldViolation);
      case "error":
        throw result.error;
    }
  };
}

// The platform's engine is several times faster than the default one, and safe here: the patterns are the
// contract's own, and each reads its input once, left to right, without backtracking.
function createRegexMatcher(): (pattern: string, against: string) => boolean {
  const compiled = new Map<string, RegExp>();
  return (pattern, against) => {
    const regex = compiled.get(pattern) ?? new RegExp(pattern, "u");
    compiled.set(pattern, regex);
    return regex.test(against);
  };
}

/** What a pattern of the contract means, for people. By proto name of the field. */
const expectationOf: Readonly<Record<string, string>> = {
  parent: "must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros",
  name: "must be a resource name whose ASN has no leading zeros and whose id escapes % as %25 and / as %2F",
  language_code: "must be a BCP-47 language code, such as en-US",
};

function toFieldViolation(violation: Violation): FieldViolation {
  const path = [...violation.field];
  const last = path.at(-1);
  const sub = subfield(last, violation.ruleId);
  const field = jsonPath(sub === undefined ? path : [...path, sub]);
  if (violation.ruleId.startsWith("enum.")) {
    return { field, description: `must be one of ${legalNames(path.findLast(isField)).join(", ")}` };
  }
  const meaning =
    violation.ruleId === "string.pattern" && isField(last) ? expectationOf[last.name] : undefined;
  return { field, description: meaning ?? violation.message };
}

/** Names of the values that the contract allows in a field of an enum. */
function legalNames(field: DescField | undefined): string[] {
  const { type } = field === undefined ? {} : getOption(field, fieldRules);
  const refused: readonly number[] = type?.case === "enum" ? type.value.notIn : [];
  return (field?.enum?.values ?? [])
    .filter(({ number }) => !refused.includes(number))
    .map(({ name }) => name);
}

function isField(part: Path[number] | undefined): part is DescField {
  return part?.kind === "field";
}

/** The id of a CEL rule on a message begins with the name of the field at fault, where it is one. */
function subfield(last: Path[number] | undefined, ruleId: string): DescField | undefined {
  if (!isField(last) || last.message === undefined) {
    return undefined;
  }
  const [name] = ruleId.split(".");
  return last.message.fields.find((field) => field.name === name);
}

function jsonPath(path: Path): string {
  let text = "";
  for (const part of path) {
    switch (part.kind) {
      case "field":
        text += text === "" ? part.jsonName : `.${part.jsonName}`;
        break;
      case "list_sub":
        text += `[${part.index}]`;
        break;
      case "map_sub":
        text += `[${JSON.stringify(String(part.key))}]`;
        break;
    }
  }
  return text;
}
