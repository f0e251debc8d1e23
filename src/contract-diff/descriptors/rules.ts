import type { DescExtension, DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { isSame, type Json, type JsonObject, lacking, listOf, objectOf, textsOf } from "../json.ts";
import { compareExpressions, compareFieldRules, type ReportRule } from "../rules/field-rules.ts";
import type { Comparison } from "./comparison.ts";
import { optionsOf } from "./contract.ts";
import { presenceOf } from "./describe-field.ts";

const option = (options: JsonObject, name: string) => objectOf(options[`[buf.validate.${name}]`]);

function reportRule({ report }: Comparison, where: string): ReportRule {
  return (isTightened, before, after) =>
    report(isTightened ? "rule-tightened" : "rule-relaxed", where, before, after);
}

/** Compares the rules of a field that both contracts have, with the same type. */
export function compareRulesOfField(
  comparison: Comparison,
  where: string,
  before: DescField,
  after: DescField,
): void {
  const [old, now] = [optionsOf(comparison.old, before), optionsOf(comparison.now, after)];
  const hasPresence =
    presenceOf(before) !== "implicit" && before.fieldKind !== "list" && before.fieldKind !== "map";
  const [oldRules, newRules] = [option(old, "field"), option(now, "field")];
  const isSilent = oldRules.ignore === "IGNORE_ALWAYS" || newRules.ignore === "IGNORE_ALWAYS";
  compareFieldRules(oldRules, newRules, hasPresence, (isTightened, left, right) => {
    // That a value is required is a kind of its own.
    const isRequired = isTightened && !isSilent && right === "required = true";
    comparison.report(
      isRequired ? "field-required" : isTightened ? "rule-tightened" : "rule-relaxed",
      where,
      left,
      right,
    );
  });
  const requiredBefore = oldRules.required === true;
  compareBehavior(comparison, where, old, now, requiredBefore);
}

/** A field may lose a behavior. New ones limit what callers send. */
function compareBehavior(
  { report }: Comparison,
  where: string,
  old: JsonObject,
  now: JsonObject,
  isRequired: boolean,
): void {
  const behaviors = (options: JsonObject) => textsOf(options["[google.api.field_behavior]"]);
  const [before, after] = [behaviors(old), behaviors(now)];
  const limits = ["REQUIRED", "OUTPUT_ONLY", "INPUT_ONLY", "IMMUTABLE"];
  for (const behavior of after.filter((each) => limits.includes(each) && !before.includes(each))) {
    if (behavior !== "REQUIRED") {
      report("field-behavior", where, before.join(", "), after.join(", "));
    } else if (!isRequired && option(now, "field").required !== true) {
      report("field-required", where, before.join(", "), "field_behavior = REQUIRED");
    }
  }
}

export function compareRulesOfMessage(comparison: Comparison, before: DescMessage, after: DescMessage): void {
  const [old, now] = [
    option(optionsOf(comparison.old, before), "message"),
    option(optionsOf(comparison.now, after), "message"),
  ];
  const report = reportRule(comparison, before.typeName);
  // The rules of a disabled message are not checked.
  const rulesOf = (rules: JsonObject) => (rules.disabled === true ? {} : rules);
  compareExpressions(rulesOf(old), rulesOf(now), report);
  const oneofs = (rules: JsonObject) => listOf(rulesOf(rules).oneof).map(oneofOf);
  for (const rule of oneofs(now)) {
    const former = oneofs(old).find(({ fields }) => isSame(fields, rule.fields));
    const isImplied = oneofs(old).some(({ fields }) => lacking(rule.fields, fields).length === 0);
    if (!isSame(former, rule) && !(isImplied && rule.required !== true)) {
      report(true, former && `oneof = ${JSON.stringify(former)}`, `oneof = ${JSON.stringify(rule)}`);
    }
  }
  for (const rule of oneofs(old)) {
    const later = oneofs(now).find(({ fields }) => isSame(fields, rule.fields));
    if (later === undefined || (rule.required === true && later.required !== true)) {
      report(false, `oneof = ${JSON.stringify(rule)}`, later && `oneof = ${JSON.stringify(later)}`);
    }
  }
}

/** A rule that at most one of some fields is set, or exactly one: the order of the fields does not matter. */
function oneofOf(rule: Json): JsonObject {
  const { fields, required } = objectOf(rule);
  return { fields: textsOf(fields).toSorted(), ...(required === true ? { required } : {}) };
}

/** Compares whether one member must be set. A new oneof that must be set is a new rule. */
export function compareRulesOfOneof(
  comparison: Comparison,
  where: string,
  before: DescOneof | undefined,
  after: DescOneof,
): void {
  const isRequired = (options: JsonObject) => option(options, "oneof").required === true;
  const old = before !== undefined && isRequired(optionsOf(comparison.old, before));
  const now = isRequired(optionsOf(comparison.now, after));
  if (old !== now) {
    const text = "oneof.required = true";
    reportRule(comparison, where)(now, old ? text : undefined, now ? text : undefined);
  }
}

/** Compares the expression of a rule that a contract defines itself: `(buf.validate.predefined)` of an extension. */
export function compareRulesOfExtension(
  comparison: Comparison,
  before: DescExtension,
  after: DescExtension,
): void {
  compareExpressions(
    option(optionsOf(comparison.old, before), "predefined"),
    option(optionsOf(comparison.now, after), "predefined"),
    reportRule(comparison, before.typeName),
  );
}
