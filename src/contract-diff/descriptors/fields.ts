import type { DescExtension, DescField } from "@bufbuild/protobuf";
import { isSame, shown } from "../json.ts";
import type { Comparison } from "./comparison.ts";
import { optionsOf } from "./contract.ts";
import { cardinalityOf, fieldText, presenceOf, typeTextOf } from "./describe-field.ts";

type Field = DescField | DescExtension;

/**
 * Compares what a field is on the wire and in generated code. Returns whether both have the same type, so that their
 * rules can be compared.
 */
export function compareFields(comparison: Comparison, where: string, before: Field, after: Field): boolean {
  const { report, newNameOf, visit } = comparison;
  const [old, now] = [fieldText(before), fieldText(after)];
  if (before.kind === "field" && after.kind === "field" && before.name !== after.name) {
    report("field-renamed", where, before.name, after.name);
  } else if (before.jsonName !== after.jsonName) {
    report("field-json-name", where, before.jsonName, after.jsonName);
  }
  if (before.number !== after.number) {
    report("field-number", where, old, now);
  }
  const referred = before.message ?? before.enum;
  if (referred !== undefined) {
    visit(referred);
  }
  if (typeTextOf(before, newNameOf) !== typeTextOf(after)) {
    report("field-type", where, old, now);
    return false;
  }
  if (cardinalityOf(before) !== cardinalityOf(after)) {
    report("field-cardinality", where, old, now);
    return false;
  }
  compareOneof(comparison, where, before, after);
  const [presence, newPresence] = [presenceOf(before), presenceOf(after)];
  // A field that moves into a oneof or out of it changes its presence, too.
  if (presence !== newPresence && presence !== undefined && newPresence !== undefined) {
    report("field-presence", where, `${old} (${presence} presence)`, `${now} (${newPresence} presence)`);
  }
  compareFieldOptions(comparison, where, before, after);
  return true;
}

function compareOneof({ report }: Comparison, where: string, before: Field, after: Field): void {
  const [old, now] = [before.oneof?.name, after.oneof?.name];
  // A renamed oneof is reported once, with its message.
  const isRenamed = old !== undefined && now !== undefined && isSameOneof(before, after);
  if (old !== now && !isRenamed) {
    const text = (name: string | undefined) => (name === undefined ? "in no oneof" : `in oneof ${name}`);
    report("field-oneof", where, text(old), text(now));
  }
}

/** Returns whether two oneofs with different names have the same members. */
function isSameOneof(before: Field, after: Field): boolean {
  const numbers = ({ oneof }: Field) => oneof?.fields.map(({ number }) => number).toSorted();
  return isSame(numbers(before), numbers(after));
}

function compareFieldOptions(
  { old, now, report }: Comparison,
  where: string,
  before: Field,
  after: Field,
): void {
  if (
    before.fieldKind === "message" &&
    after.fieldKind === "message" &&
    before.delimitedEncoding !== after.delimitedEncoding
  ) {
    const text = (isDelimited: boolean) => (isDelimited ? "delimited" : "length-prefixed");
    report("field-encoding", where, text(before.delimitedEncoding), text(after.delimitedEncoding));
  }
  if (before.proto.defaultValue !== after.proto.defaultValue) {
    report("field-default", where, defaultText(before), defaultText(after));
  }
  const [options, newOptions] = [optionsOf(old, before), optionsOf(now, after)];
  for (const name of ["jstype", "ctype"]) {
    if (!isSame(options[name], newOptions[name])) {
      report(
        "code-option",
        where,
        `${name} = ${shown(options[name]) ?? "none"}`,
        `${name} = ${shown(newOptions[name]) ?? "none"}`,
      );
    }
  }
}

const defaultText = ({ proto: { defaultValue } }: Field) =>
  defaultValue === "" ? "no default" : `default ${defaultValue}`;
