import { type DescExtension, type DescField, ScalarType } from "@bufbuild/protobuf";

type Field = DescField | DescExtension;

/** Returns the type of a field without its cardinality: `string`, `google.type.Money`, `map<string, int32>`. */
export function typeTextOf(field: Field, nameOf: (typeName: string) => string = (name) => name): string {
  const value = field.message?.typeName ?? field.enum?.typeName;
  const text = value === undefined ? scalarText(field.scalar) : nameOf(value);
  return field.fieldKind === "map" ? `map<${scalarText(field.mapKey)}, ${text}>` : text;
}

/** Returns a field as in a .proto file: `optional string title = 6`. */
export function fieldText(field: Field): string {
  const label =
    cardinalityOf(field) === "repeated" ? "repeated " : presenceOf(field) === "explicit" ? "optional " : "";
  const group = field.oneof === undefined ? label : "";
  return `${group}${typeTextOf(field)} ${field.name} = ${field.number}`;
}

export function cardinalityOf(field: Field): "repeated" | "singular" {
  return field.fieldKind === "list" ? "repeated" : "singular";
}

const presences: Readonly<Record<number, string>> = { 1: "explicit", 2: "implicit", 3: "required" };

/** Returns whether a field knows that it has no value. Lists and maps, messages and members of oneofs have no choice. */
export function presenceOf(field: Field): string | undefined {
  const isFixed = field.fieldKind === "list" || field.fieldKind === "map" || field.oneof !== undefined;
  const isMessage = field.fieldKind === "message" && field.presence !== 3;
  return isFixed || isMessage ? undefined : presences[field.presence];
}

function scalarText(scalar: ScalarType | undefined): string {
  return (scalar === undefined ? "" : (ScalarType[scalar] ?? "")).toLowerCase();
}
