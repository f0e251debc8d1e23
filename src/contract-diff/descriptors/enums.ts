import type { DescEnum, DescEnumValue } from "@bufbuild/protobuf";
import { lacking, objectOf, shown, textsOf } from "../json.ts";
import type { Comparison } from "./comparison.ts";
import { type Contract, optionsOf } from "./contract.ts";
import { compareReserved } from "./messages.ts";
import { endInEnum } from "./ranges.ts";

/** Compares two enums. Values that have a `reason_spec` are reasons of errors. */
export function compareEnums(comparison: Comparison, before: DescEnum, after: DescEnum): void {
  const { report, old } = comparison;
  for (const value of before.values) {
    const where = `${before.typeName}.${value.name}`;
    const kind = specOf(old, value) === undefined ? "enum-value" : "error-reason";
    const other = after.values.find(({ name }) => name === value.name) ?? renamedValue(value, before, after);
    if (other === undefined) {
      report(`${kind}-removed`, where, valueText(value), undefined);
      continue;
    }
    if (other.name !== value.name) {
      report(`${kind}-renamed`, where, value.name, other.name);
    }
    if (other.number !== value.number) {
      report("enum-value-number", where, valueText(value), valueText(other));
    }
    compareSpecs(comparison, where, value, other);
  }
  const known = new Set(
    before.values.flatMap((value) => [value.name, renamedValue(value, before, after)?.name]),
  );
  for (const value of after.values.filter(({ name }) => !known.has(name))) {
    report("enum-value-added", `${before.typeName}.${value.name}`, undefined, valueText(value));
  }
  if (before.open !== after.open) {
    const text = (isOpen: boolean) => (isOpen ? "open" : "closed");
    report("enum-closed", before.typeName, text(before.open), text(after.open));
  }
  compareDefaults(comparison, before, after);
  compareReserved(comparison, before.typeName, before.proto, after.proto, endInEnum);
}

/** The first value is the default of fields without one of their own. In an open enum, it is always 0. */
function compareDefaults({ report }: Comparison, before: DescEnum, after: DescEnum): void {
  const [first, other] = [before.values[0], after.values[0]];
  // A value with another number is reported by its name.
  if (first?.number !== other?.number && first?.name !== other?.name) {
    report("field-default", before.typeName, `first value ${first?.name}`, `first value ${other?.name}`);
  }
}

const valueText = ({ name, number }: DescEnumValue) => `${name} = ${number}`;

/** A new name with the number of a value whose name is gone. */
function renamedValue(value: DescEnumValue, before: DescEnum, after: DescEnum): DescEnumValue | undefined {
  if (after.values.some(({ name }) => name === value.name)) {
    return undefined;
  }
  return after.values.find(
    (other) => other.number === value.number && !before.values.some(({ name }) => name === other.name),
  );
}

/** The code and the metadata of errors with this reason, whatever the version of the contract. */
function specOf(contract: Contract, value: DescEnumValue) {
  const spec = Object.entries(optionsOf(contract, value)).find(([name]) =>
    name.endsWith(".reason_spec]"),
  )?.[1];
  return spec === undefined ? undefined : objectOf(spec);
}

function compareSpecs(
  { old, now, report }: Comparison,
  where: string,
  before: DescEnumValue,
  after: DescEnumValue,
): void {
  const [spec, newSpec] = [specOf(old, before), specOf(now, after)];
  if (spec === undefined) {
    return;
  }
  if (spec.code !== newSpec?.code) {
    report("error-reason-code", where, shown(spec.code), shown(newSpec?.code));
  }
  const keys = lacking(spec.metadata, newSpec?.metadata);
  if (keys.length > 0) {
    report(
      "error-reason-metadata",
      where,
      textsOf(spec.metadata).join(", "),
      textsOf(newSpec?.metadata).join(", "),
    );
  }
}
