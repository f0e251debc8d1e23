import {
  type DescField,
  type DescMessage,
  getOption,
  type Message,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation } from "@bufbuild/protovalidate";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import {
  type FieldViolation,
  maxViolations,
  moreViolations,
  quoteName,
} from "../contract/field-violation.ts";
import { suggestAllowed } from "../contract/unknown-names/allowed-values.ts";
import { type Acceptance, compileAcceptance } from "./acceptance.ts";
import type { Search } from "./bounded-search.ts";
import { compileExcerpts, type Excerpt, type Excerpts } from "./excerpt.ts";
import { createJsonRules } from "./json-rules.ts";
import { longListsIn } from "./list-limits.ts";

/**
 * Returns the violations of the contract's rules in a message. If lists are too long, only that is reported. If there are
 * many violations, the search ends and the last one is {@link moreViolations}. Rules that need the current time are elsewhere.
 */
export type ContractRules = <Desc extends DescMessage>(
  desc: Desc,
  message: MessageShape<Desc>,
) => FieldViolation[];

type CompiledRules = {
  readonly accept: Acceptance;
  readonly checkJson: Search;
  readonly excerptOf: Excerpts;
};

/**
 * Creates the check of the `buf.validate` options and of the values that JSON cannot represent. Paths are those of proto3
 * JSON, such as `planStatus.plans[0].planId`. The first check of a message type compiles its rules, which takes up to
 * 0.1 s: do it before the server accepts requests.
 */
export function createContractRules(): ContractRules {
  const validator = createValidator({ regexMatch: createRegexMatcher() });
  const compiled = new Map<DescMessage, CompiledRules>();

  function compile(desc: DescMessage): CompiledRules {
    const rules = {
      accept: compileAcceptance(desc),
      checkJson: createJsonRules(desc),
      excerptOf: compileExcerpts(desc),
    };
    compiled.set(desc, rules);
    return rules;
  }

  return function checkRules(desc, message) {
    const { accept, checkJson, excerptOf } = compiled.get(desc) ?? compile(desc);
    if (accept(message)) {
      return markEnd(checkJson(message));
    }
    const longLists = longListsIn(desc, message);
    if (longLists.length > 0) {
      return markEnd(longLists);
    }
    // One more than an error lists. The excerpt is counted, so that it is large enough unless a rule counts too many.
    for (let most = maxViolations + 1; ; most *= 4) {
      const excerpt = excerptOf(message, most);
      const violations = validate(desc, excerpt.message);
      if (!excerpt.isCut || violations.length > maxViolations) {
        const found = violations.map((each) => toFieldViolation(each, excerpt));
        return excerpt.isCut ? [...found, moreViolations] : [...found, ...markEnd(checkJson(message))];
      }
    }
  };

  /** Marks violations whose search ended because there are many. */
  function markEnd(found: FieldViolation[]): FieldViolation[] {
    return found.length > maxViolations ? [...found, moreViolations] : found;
  }

  function validate(desc: DescMessage, message: Message): Violation[] {
    const { kind, error, violations = [] } = validator.validate(desc, message);
    if (kind === "error") {
      throw error;
    }
    return violations;
  }
}

let shared: ContractRules | undefined;

/** Returns rules that are created once per process, so that each message type is compiled once. */
export function sharedContractRules(): ContractRules {
  shared ??= createContractRules();
  return shared;
}

// JavaScript's regular expressions are several times faster than the default engine of protovalidate. They are safe
// here, because the patterns are those of the contract and none of them backtracks.
function createRegexMatcher(): (pattern: string, against: string) => boolean {
  const compiled = new Map<string, RegExp>();
  return (pattern, against) => {
    const regex = compiled.get(pattern) ?? new RegExp(pattern, "u");
    compiled.set(pattern, regex);
    return regex.test(against);
  };
}

const keyExpectation =
  "must not contain white space, control or invisible characters: write + as %2B in a query, and Base64 without line breaks";

/** The violation of a token whose values are provisional, so that Google may accept others. */
export const provisionalToken = "must be capital letters A to Z, digits and underscores, such as CPID_STATE";

/** Descriptions of the contract's patterns, by proto name of the field. */
const expectationOf: Readonly<Record<string, string>> = {
  parent: "must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros",
  operators: "must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295 without leading zeros",
  name: "must be a resource name whose ASN has no leading zeros and whose id escapes % as %25 and / as %2F",
  user_key: keyExpectation,
  plan_group_id: keyExpectation,
  cpid_state: provisionalToken,
  language_code:
    "must be a well-formed language tag (BCP 47) or locale identifier (UTS 35), such as en-US or en_US",
};

/** Returns what the pattern of a field means; undefined for one that is its own best description. */
function expectationOfPattern(field: DescField | undefined): string | undefined {
  const { type } = field === undefined ? {} : getOption(field, fieldRules);
  const pattern = type?.case === "string" ? type.value.pattern : "";
  const [, collection] = /^\^(\w+)\/\[\^\/\]\+\$$/.exec(pattern) ?? [];
  return collection === undefined ? expectationOf[field?.name ?? ""] : `must be ${collection}/{id}`;
}

function toFieldViolation(violation: Violation, { message, pathOf }: Excerpt): FieldViolation {
  const path = pathOf(violation.field);
  const last = path.at(-1);
  const sub = subfield(last, violation.ruleId);
  const field = jsonPath(sub === undefined ? path : [...path, sub]);
  if (violation.ruleId.startsWith("enum.")) {
    return { field, description: `must be one of ${allowedNames(path.findLast(isField)).join(", ")}` };
  }
  const meaning =
    violation.ruleId === "string.pattern" ? expectationOfPattern(path.findLast(isField)) : undefined;
  return { field, description: (meaning ?? violation.message) + suggestAllowed(violation, message) };
}

/** Returns the names of the values that the contract allows for a field of an enum type. */
function allowedNames(field: DescField | undefined): string[] {
  const { type } = field === undefined ? {} : getOption(field, fieldRules);
  const excluded: readonly number[] = type?.case === "enum" ? type.value.notIn : [];
  return (field?.enum?.values ?? [])
    .filter(({ number }) => !excluded.includes(number))
    .map(({ name }) => name);
}

function isField(part: Path[number] | undefined): part is DescField {
  return part?.kind === "field";
}

/** Returns the field that a CEL rule of a message is about: its id begins with the name, as in `account_info.prepaid`. */
function subfield(last: Path[number] | undefined, ruleId: string): DescField | undefined {
  if (!isField(last) || last.message === undefined) {
    return undefined;
  }
  const [name] = ruleId.split(".");
  return last.message.fields.find((field) => field.name === name);
}

function jsonPath(path: Path): string {
  const parts = path.map((part) => {
    switch (part.kind) {
      case "field":
        return `.${part.jsonName}`;
      case "list_sub":
        return `[${part.index}]`;
      case "map_sub":
        return `[${quoteName(String(part.key))}]`;
      default:
        return "";
    }
  });
  return parts.join("").slice(1);
}
