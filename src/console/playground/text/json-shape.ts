import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { JsonPath } from "./json-place.ts";

/** What JSON may be at a place, by the contract. */
export type Shape =
  | { readonly kind: "message"; readonly message: DescMessage }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "map"; readonly value: Shape }
  | { readonly kind: "enum"; readonly enum: DescEnum }
  | { readonly kind: "scalar"; readonly scalar: ScalarType }
  | { readonly kind: "timestamp" | "duration" | "fieldMask" }
  /** Any JSON; `object` and `list` if only these are allowed at its root. */
  | { readonly kind: "free"; readonly root: "object" | "list" | undefined };

/** A place in a message: its shape, and the field that the contract describes it by. */
export type ShapeAt = { readonly shape: Shape; readonly field: DescField | undefined };

const wellKnown: Readonly<Record<string, Shape | undefined>> = {
  "google.protobuf.Timestamp": { kind: "timestamp" },
  "google.protobuf.Duration": { kind: "duration" },
  "google.protobuf.FieldMask": { kind: "fieldMask" },
  "google.protobuf.Struct": { kind: "free", root: "object" },
  "google.protobuf.ListValue": { kind: "free", root: "list" },
  "google.protobuf.Value": { kind: "free", root: undefined },
  "google.protobuf.Any": { kind: "free", root: "object" },
};

/** Returns the shape of a message as JSON. */
function shapeOfMessage(message: DescMessage): Shape {
  const [field] = message.fields;
  if (/^google\.protobuf\.\w+Value$/.test(message.typeName) && field?.fieldKind === "scalar") {
    return { kind: "scalar", scalar: field.scalar };
  }
  return wellKnown[message.typeName] ?? { kind: "message", message };
}

/** Returns the shape of a field as JSON. */
export function shapeOfField(field: DescField): Shape {
  switch (field.fieldKind) {
    case "scalar":
      return { kind: "scalar", scalar: field.scalar };
    case "enum":
      return enumShape(field.enum);
    case "message":
      return shapeOfMessage(field.message);
    case "list":
      return { kind: "list", item: elementShape(field) };
    case "map":
      return { kind: "map", value: elementShape(field) };
  }
}

function elementShape(field: DescField & { fieldKind: "list" | "map" }): Shape {
  const kind = field.fieldKind === "list" ? field.listKind : field.mapKind;
  if (kind === "message") {
    return shapeOfMessage(field.message as DescMessage);
  }
  return kind === "enum"
    ? enumShape(field.enum as DescEnum)
    : { kind: "scalar", scalar: field.scalar as ScalarType };
}

function enumShape(desc: DescEnum): Shape {
  return desc.typeName === "google.protobuf.NullValue"
    ? { kind: "free", root: undefined }
    : { kind: "enum", enum: desc };
}

/** Returns what the contract allows at a path; undefined if the path leads to nothing that it knows. */
export function shapeAt(root: DescMessage, path: JsonPath): ShapeAt | undefined {
  let at: ShapeAt | undefined = { shape: shapeOfMessage(root), field: undefined };
  for (const step of path) {
    at = at && stepInto(at, step);
  }
  return at;
}

function stepInto({ shape, field }: ShapeAt, step: string | number): ShapeAt | undefined {
  switch (shape.kind) {
    case "message": {
      const next = typeof step === "string" ? fieldOf(shape.message, step) : undefined;
      return next && { shape: shapeOfField(next), field: next };
    }
    case "list":
      return typeof step === "number" ? { shape: shape.item, field } : undefined;
    case "map":
      return typeof step === "string" ? { shape: shape.value, field } : undefined;
    case "free":
      return { shape: { kind: "free", root: undefined }, field };
    default:
      return undefined;
  }
}

/** Returns the field of a name in JSON, or of its name in the contract, which proto3 JSON accepts too. */
export function fieldOf(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find((field) => field.jsonName === name || field.name === name);
}

/** Returns a type in the words of the contract, such as `int64` or `repeated Plan`. */
export function typeText(field: DescField): string {
  switch (field.fieldKind) {
    case "list":
      return `repeated ${elementText(field)}`;
    case "map":
      return `map<${scalarText(field.mapKey)}, ${elementText(field)}>`;
    case "message":
      return field.message.name;
    case "enum":
      return field.enum.name;
    default:
      return scalarText(field.scalar);
  }
}

function elementText(field: DescField & { fieldKind: "list" | "map" }): string {
  return field.message?.name ?? field.enum?.name ?? scalarText(field.scalar as ScalarType);
}

/** Returns the name of a scalar type in the contract. */
export function scalarText(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase();
}

const quotedTypes: ReadonlySet<ScalarType> = new Set([
  ScalarType.STRING,
  ScalarType.BYTES,
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

/** Whether JSON has values of a scalar type in quotes. */
export function isQuoted(scalar: ScalarType): boolean {
  return quotedTypes.has(scalar);
}
