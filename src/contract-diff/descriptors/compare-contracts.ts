import type { DescMessage } from "@bufbuild/protobuf";
import type { BreakingKind, CompatibleKind, Report } from "../change.ts";
import { ContractError } from "../contract-error.ts";
import type { Comparison } from "./comparison.ts";
import { type Contract, packagesOf, type Type, typesOf } from "./contract.ts";
import { fieldText } from "./describe-field.ts";
import { compareEnums } from "./enums.ts";
import { compareFields } from "./fields.ts";
import { compareFiles } from "./files.ts";
import { compareMessages } from "./messages.ts";
import { findRenames, type Renames } from "./renames.ts";
import { compareRoutes } from "./routes.ts";
import { compareRulesOfExtension } from "./rules.ts";
import { compareServices } from "./services.ts";

/**
 * Compares two contracts by their descriptors: names, numbers and types, options of generated code, HTTP rules,
 * `buf.validate` rules, scopes and error reasons. Messages and enums of imports are compared if the contract uses them.
 *
 * @throws {ContractError} If the contracts have no package in common.
 */
export function compareContracts(old: Contract, now: Contract, report: Report): void {
  requireCommonPackage(old, now);
  const renames = findRenames(old, now);
  const visited = new Set<Type>();
  const comparison: Comparison = {
    ...{ old, now, report },
    newNameOf: (typeName) => renames.types.get(typeName) ?? typeName,
    visit: (type) => visitType(type),
  };
  comparePackages(comparison, renames);
  for (const file of old.files) {
    const other = now.registry.getFile(file.proto.name);
    if (other !== undefined) {
      compareFiles(comparison, file, other);
    }
    if (!isGone(file.proto.package)) {
      typesOf(file).forEach(visitType);
    }
  }
  reportAdded(comparison, renames);
  compareRoutes(comparison);

  function isGone(name: string): boolean {
    return !packagesOf(now).includes(name) && !renames.packages.has(name);
  }

  function visitType(type: Type): void {
    if (visited.has(type)) {
      return;
    }
    visited.add(type);
    const other = now.registry.get(comparison.newNameOf(type.typeName));
    if (other?.kind === type.kind) {
      compareTypes(comparison, type, other, renames);
    } else if (old.files.includes(type.file)) {
      reportRemoved(comparison, type);
    }
  }
}

function requireCommonPackage(old: Contract, now: Contract): void {
  const [before, after] = [packagesOf(old), packagesOf(now)];
  if (!before.some((name) => after.includes(name))) {
    const list = (names: readonly string[]) => names.map((name) => name || "(no package)").join(", ");
    throw new ContractError(
      `OLD and NEW have no package in common: ${list(before)} in OLD, ${list(after)} in NEW. Versions of an API such as v1 ` +
        "and v2 are different packages and do not have to be compatible: compare two releases of the same package",
    );
  }
}

function comparePackages({ old, now, report }: Comparison, { packages }: Renames): void {
  const [before, after] = [packagesOf(old), packagesOf(now)];
  for (const name of before.filter((each) => !after.includes(each))) {
    const renamed = packages.get(name);
    report(
      renamed === undefined ? "package-removed" : "package-renamed",
      name,
      `package ${name}`,
      renamed && `package ${renamed}`,
    );
  }
  const known = new Set([...before, ...packages.values()]);
  for (const name of after.filter((each) => !known.has(each))) {
    report("package-added", name, undefined, `package ${name}`);
  }
}

function compareTypes(comparison: Comparison, type: Type, other: Type, { packages }: Renames): void {
  const { report } = comparison;
  const isOwn = comparison.old.files.includes(type.file);
  if (isOwn && type.file.proto.name !== other.file.proto.name) {
    report("type-moved", type.typeName, type.file.proto.name, other.file.proto.name);
  }
  // In a renamed package, all names change.
  if (
    type.typeName !== other.typeName &&
    !packages.has(type.file.proto.package) &&
    type.kind !== "extension"
  ) {
    report(`${type.kind}-renamed`, type.typeName, type.typeName, other.typeName);
  }
  if (type.kind === "message" && other.kind === "message") {
    compareMessages(comparison, type, other);
  } else if (type.kind === "enum" && other.kind === "enum") {
    compareEnums(comparison, type, other);
  } else if (type.kind === "service" && other.kind === "service") {
    compareServices(comparison, type, other);
  } else if (type.kind === "extension" && other.kind === "extension") {
    compareFields(comparison, type.typeName, type, other);
    compareRulesOfExtension(comparison, type, other);
    if (type.extendee.typeName !== other.extendee.typeName) {
      report(
        "field-type",
        type.typeName,
        `extends ${type.extendee.typeName}`,
        `extends ${other.extendee.typeName}`,
      );
    }
  }
}

const removedKinds = {
  message: "message-removed",
  enum: "enum-removed",
  service: "service-removed",
  extension: "field-removed",
} as const satisfies Record<Type["kind"], BreakingKind>;

const addedKinds = {
  message: "message-added",
  enum: "enum-added",
  service: "service-added",
  extension: "field-added",
} as const satisfies Record<Type["kind"], CompatibleKind>;

/** A type that is nested in a removed one is removed with it. */
function reportRemoved({ now, newNameOf, report }: Comparison, type: Type): void {
  const parent = parentOf(type);
  if (parent === undefined || now.registry.get(newNameOf(parent.typeName)) !== undefined) {
    report(removedKinds[type.kind], type.typeName, textOf(type), undefined);
  }
}

function reportAdded({ old, now, report }: Comparison, renames: Renames): void {
  const before = packagesOf(old);
  const renamed = new Set(renames.types.values());
  for (const type of now.files.filter(({ proto }) => before.includes(proto.package)).flatMap(typesOf)) {
    const parent = parentOf(type);
    const isNew = (typeName: string) => old.registry.get(typeName) === undefined && !renamed.has(typeName);
    if (isNew(type.typeName) && (parent === undefined || !isNew(parent.typeName))) {
      report(addedKinds[type.kind], type.typeName, undefined, textOf(type));
    }
  }
}

function parentOf(type: Type): DescMessage | undefined {
  return type.kind === "service" ? undefined : type.parent;
}

function textOf(type: Type): string {
  return type.kind === "extension" ? fieldText(type) : `${type.kind} ${type.name}`;
}
