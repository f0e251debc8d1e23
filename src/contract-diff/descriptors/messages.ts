import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isSame, lacking } from "../json.ts";
import type { Comparison } from "./comparison.ts";
import { fieldText } from "./describe-field.ts";
import { compareFields } from "./fields.ts";
import { type EndOf, endInMessage, type Range, uncovered } from "./ranges.ts";
import { requirementOf } from "./required-fields.ts";
import { compareResourceNames } from "./resource-names.ts";
import { compareRulesOfField, compareRulesOfMessage, compareRulesOfOneof } from "./rules.ts";

/** Compares two messages without the types that are nested in them. */
export function compareMessages(comparison: Comparison, before: DescMessage, after: DescMessage): void {
  const { report, now } = comparison;
  for (const field of before.fields) {
    const where = `${before.typeName}.${field.name}`;
    const other = counterpartOf(field, before, after);
    if (other === undefined) {
      report("field-removed", where, fieldText(field), undefined);
    } else if (compareFields(comparison, where, field, other)) {
      compareRulesOfField(comparison, where, field, other);
    }
  }
  const kept = new Set(before.fields.map((field) => counterpartOf(field, before, after)));
  for (const field of after.fields.filter((each) => !kept.has(each))) {
    const requirement = requirementOf(now, field);
    const text = fieldText(field);
    const where = `${before.typeName}.${field.name}`;
    report(
      requirement ? "field-required" : "field-added",
      where,
      undefined,
      requirement ? `${text}, ${requirement}` : text,
    );
  }
  compareOneofs(comparison, before, after);
  compareRulesOfMessage(comparison, before, after);
  compareReserved(comparison, before.typeName, before.proto, after.proto, endInMessage);
  compareExtensionRanges(comparison, before, after);
  compareResourceNames(comparison, before, after);
  const set = (message: DescMessage) => message.proto.options?.messageSetWireFormat ?? false;
  if (set(before) !== set(after)) {
    report(
      "field-encoding",
      before.typeName,
      `message_set_wire_format = ${set(before)}`,
      `message_set_wire_format = ${set(after)}`,
    );
  }
}

/** The field with the same name, or else a new name with the same number. */
function counterpartOf(field: DescField, before: DescMessage, after: DescMessage): DescField | undefined {
  const byName = after.fields.find(({ name }) => name === field.name);
  const byNumber = after.fields.find(({ number }) => number === field.number);
  const isNew = !before.fields.some(({ name }) => name === byNumber?.name);
  return byName ?? (isNew ? byNumber : undefined);
}

function compareOneofs(comparison: Comparison, before: DescMessage, after: DescMessage): void {
  const numbersOf = (fields: readonly DescField[]) => fields.map(({ number }) => number).toSorted();
  const renamed = new Set<string>();
  for (const oneof of before.oneofs) {
    const where = `${before.typeName}.${oneof.name}`;
    const same = after.oneofs.find(({ name }) => name === oneof.name);
    const members = after.oneofs.find(({ fields }) => isSame(numbersOf(fields), numbersOf(oneof.fields)));
    const other = same ?? members;
    if (other !== undefined) {
      renamed.add(other.name);
      compareRulesOfOneof(comparison, where, oneof, other);
    }
    // The fields of a oneof that is gone are reported one by one.
    if (same === undefined && other !== undefined) {
      comparison.report("oneof-renamed", where, `oneof ${oneof.name}`, `oneof ${other.name}`);
    }
  }
  for (const oneof of after.oneofs.filter(({ name }) => !renamed.has(name))) {
    compareRulesOfOneof(comparison, `${before.typeName}.${oneof.name}`, undefined, oneof);
  }
}

type Reserved = {
  readonly reservedName: readonly string[];
  readonly reservedRange: readonly Range[];
};

/** Compares what is reserved in a message or an enum. A range may become larger. */
export function compareReserved(
  { report }: Comparison,
  where: string,
  before: Reserved,
  after: Reserved,
  endOf: EndOf,
): void {
  for (const range of uncovered(before.reservedRange, after.reservedRange, endOf)) {
    report("reserved-removed", where, `reserved ${range}`, undefined);
  }
  for (const name of lacking([...before.reservedName], [...after.reservedName])) {
    report("reserved-removed", where, `reserved ${JSON.stringify(name)}`, undefined);
  }
}

function compareExtensionRanges({ report }: Comparison, before: DescMessage, after: DescMessage): void {
  for (const range of uncovered(before.proto.extensionRange, after.proto.extensionRange, endInMessage)) {
    report("extension-range-removed", before.typeName, `extensions ${range}`, undefined);
  }
}
