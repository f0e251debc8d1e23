import type { Contract } from "../contract/contract.ts";
import { membersOf } from "../contract/contract.ts";
import type {
  ContractMember,
  ContractPackage,
  ContractType,
  EnumEntry,
  MessageEntry,
  MethodEntry,
  ServiceEntry,
  ValueEntry,
} from "../contract/document.ts";

/** What the page of the reference shows. */
export type Place =
  | { readonly kind: "overview" }
  | { readonly kind: "package"; readonly package: ContractPackage }
  | { readonly kind: "service"; readonly service: ServiceEntry }
  | { readonly kind: "method"; readonly method: MethodEntry; readonly service: ServiceEntry }
  | { readonly kind: "message"; readonly message: MessageEntry; readonly marked?: string }
  | { readonly kind: "enum"; readonly enum: EnumEntry; readonly marked?: string }
  | { readonly kind: "reasons"; readonly enum: EnumEntry }
  | { readonly kind: "reason"; readonly value: ValueEntry; readonly enum: EnumEntry }
  | { readonly kind: "unknown"; readonly name: string };

/**
 * Returns the place of a name: a full name, or a shorter one that only one thing has, such as `PlanModule` or
 * `PlanModule.byteBalance`.
 */
export function placeOf(name: string, contract: Contract): Place {
  if (name === "") {
    return { kind: "overview" };
  }
  const found = contract.document.packages.find((each) => each.name === name);
  if (found !== undefined) {
    return { kind: "package", package: found };
  }
  const entry = contract.find(name) ?? entryBySuffix(name, contract);
  if (entry === undefined) {
    return { kind: "unknown", name };
  }
  switch (entry.kind) {
    case "field":
    case "method":
    case "value":
      return placeIn(contract.parentOf(entry), entry);
    default:
      return placeIn(entry);
  }
}

function placeIn(type: ContractType, member?: ContractMember): Place {
  switch (type.kind) {
    case "service":
      return member?.kind === "method"
        ? { kind: "method", method: member, service: type }
        : { kind: "service", service: type };
    case "message":
      return { kind: "message", message: type, ...(member && { marked: member.fullName }) };
    case "enum":
      if (!isReasons(type)) {
        return { kind: "enum", enum: type, ...(member && { marked: member.fullName }) };
      }
      return member?.kind === "value"
        ? { kind: "reason", value: member, enum: type }
        : { kind: "reasons", enum: type };
  }
}

/** Returns what a place shows, for the title of the window; empty for the overview. */
export function titleOf(place: Place): string {
  switch (place.kind) {
    case "overview":
      return "";
    case "unknown":
      return place.name;
    case "package":
      return place.package.name;
    case "service":
      return place.service.name;
    case "method":
      return place.method.name;
    case "message":
      return place.message.name;
    case "reason":
      return place.value.name;
    case "enum":
    case "reasons":
      return place.enum.name;
  }
}

/** Whether an enum has the reasons of errors. */
function isReasons(type: EnumEntry): boolean {
  return type.values.some(({ reason }) => reason !== undefined);
}

function entryBySuffix(name: string, { document }: Contract): ContractType | ContractMember | undefined {
  const wanted = `.${name}`.toLowerCase();
  const all = document.types.flatMap((type) => [type, ...membersOf(type)]);
  const found = all.filter((entry) =>
    namesOf(entry).some((each) => `.${each}`.toLowerCase().endsWith(wanted)),
  );
  return found.length === 1 ? found[0] : undefined;
}

/** A field may be called by its name in JSON. */
function namesOf(entry: ContractType | ContractMember): string[] {
  const { fullName, name } = entry;
  return entry.kind === "field" ? [fullName, fullName.slice(0, -name.length) + entry.jsonName] : [fullName];
}
