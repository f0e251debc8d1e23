import { type DescField, type DescMessage, getOption, hasOption, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { field as fieldOption } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

// Values of google.protobuf.FeatureSet.FieldPresence, and of Edition.
const implicit = 2;
const legacyRequired = 3;
const editionProto2 = 998;
const editionProto3 = 999;

/** Values of one type: a singular field, an item of a list, or a value of a map. */
export type Value =
  | { readonly kind: "scalar"; readonly scalar: ScalarType; readonly isText: boolean }
  | { readonly kind: "enum"; readonly desc: NonNullable<DescField["enum"]> }
  | MessageValue;

export type MessageValue = {
  readonly kind: "message";
  readonly desc: DescMessage;
  /** Whether protobuf-es has the value of a wrapper instead of the wrapper. */
  readonly isUnwrapped: boolean;
  /** Whether protobuf-es has a JSON object instead of a google.protobuf.Struct. */
  readonly isJsonObject: boolean;
  readonly isGroup: boolean;
};

/** Describes the values of a field. */
export function valuesOf(field: DescField): Value {
  if (field.message !== undefined) {
    const isUnwrapped =
      field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(field.message);
    const isJsonObject =
      field.message.typeName === "google.protobuf.Struct" &&
      field.parent.typeName !== "google.protobuf.Value";
    const isGroup = "delimitedEncoding" in field && field.delimitedEncoding === true;
    return { kind: "message", desc: field.message, isUnwrapped, isJsonObject, isGroup };
  }
  if (field.enum !== undefined) {
    return { kind: "enum", desc: field.enum };
  }
  const isText = "longAsString" in field && field.longAsString === true;
  return { kind: "scalar", scalar: field.scalar as ScalarType, isText };
}

/** When a singular field is set: if it differs from its default, if it has a value, or always. */
export type Presence = "implicit" | "explicit" | "required";

export function presenceOf(field: DescField): Presence {
  switch (field.presence) {
    case implicit:
      return "implicit";
    case legacyRequired:
      return "required";
    default:
      return "explicit";
  }
}

/** Whether protobuf-es keeps default values of a message in a prototype. */
export function hasPrototype({ file, fields }: DescMessage): boolean {
  if (file.edition === editionProto3 || file.edition === editionProto2) {
    return file.edition === editionProto2;
  }
  return fields.some(
    (field) => field.presence !== implicit && field.fieldKind !== "message" && field.oneof === undefined,
  );
}

const wireTypes: Partial<Record<ScalarType, number>> = {
  [ScalarType.DOUBLE]: 1,
  [ScalarType.FIXED64]: 1,
  [ScalarType.SFIXED64]: 1,
  [ScalarType.STRING]: 2,
  [ScalarType.BYTES]: 2,
  [ScalarType.FLOAT]: 5,
  [ScalarType.FIXED32]: 5,
  [ScalarType.SFIXED32]: 5,
};

/** Returns the wire type of a value. */
export function wireTypeOf(value: Value): number {
  switch (value.kind) {
    case "scalar":
      return wireTypes[value.scalar] ?? 0;
    case "enum":
      return 0;
    case "message":
      return value.isGroup ? 3 : 2;
  }
}

export function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

/** Returns the name of the methods that read and write a scalar: `int32`, `byteString`. */
export function methodOf(scalar: ScalarType): string {
  return scalar === ScalarType.BYTES ? "byteString" : ScalarType[scalar].toLowerCase();
}

/** Returns the default of a scalar as an expression. */
export function zeroOf(scalar: ScalarType, isText: boolean): string {
  switch (scalar) {
    case ScalarType.STRING:
      return '""';
    case ScalarType.BOOL:
      return "false";
    case ScalarType.BYTES:
      return "new Uint8Array(0)";
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return isText ? '"0"' : "0n";
    default:
      return "0";
  }
}

/** Returns the limit of a list or map: `max_items` or `max_pairs` of buf.validate. */
export function maxItemsOf(field: DescField): number | undefined {
  const { type } = hasOption(field, fieldOption) ? getOption(field, fieldOption) : {};
  const most =
    type?.case === "repeated" ? type.value.maxItems : type?.case === "map" ? type.value.maxPairs : 0n;
  return most === 0n ? undefined : Number(most);
}

/** Returns the fields in the order in which they are written. */
export function sortedFields(desc: DescMessage): DescField[] {
  return desc.fields.toSorted((a, b) => a.number - b.number);
}
