import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  getOption,
  hasOption,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { StructSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import {
  type FieldRules,
  field as fieldRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { FieldBehavior, field_behavior } from "#deps/google/api/field_behavior_pb.js";

/** Long values of the fields whose rules are patterns. */
const fixedTexts: Readonly<Record<string, string>> = {
  language_code: `sr-Latn-RS${"-abcdefg1".repeat(6)}`,
  currency_code: "USD",
  cpid_state: "CPID_STATE_".padEnd(64, "X"),
};

/** Sizes of the lists and strings of a full message. The contract allows more than fits into a request. */
const listSize = 16;
const textBytes = 512;

/** Returns the `buf.validate` rules of a field. */
export function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
}

/** Returns whether a field is output-only. */
export function isOutputOnly(field: DescField): boolean {
  return getOption(field, field_behavior).includes(FieldBehavior.OUTPUT_ONLY);
}

/** Returns the maximum number of characters of a string field, if it has one. */
export function maxLengthOf(field: DescField): number | undefined {
  const type = rulesOf(field)?.type;
  return type?.case === "string" && type.value.maxLen > 0n ? Number(type.value.maxLen) : undefined;
}

/** Returns the maximum number of items of a repeated field, if it has one. */
export function maxItemsOf(field: DescField): number | undefined {
  const type = rulesOf(field)?.type;
  return type?.case === "repeated" && type.value.maxItems > 0n ? Number(type.value.maxItems) : undefined;
}

/**
 * Returns a valid message nearly as large as servers accept: every field is set, lists have 16 items, strings 512 bytes
 * of `character`, and numbers their maximum length.
 */
export function fullMessage<Desc extends DescMessage>(desc: Desc, character = "x"): MessageShape<Desc> {
  const message = create(desc);
  const open = reflect(desc, message);
  for (const field of desc.fields) {
    if (isOutputOnly(field)) {
      continue;
    }
    if (field.fieldKind === "list") {
      const list = open.get(field);
      for (let count = 0; count < listSize; count++) {
        list.add(field.listKind === "message" ? reflectOf(field.message, character) : longestName(field));
      }
    } else if (field.fieldKind === "message") {
      // The first member of a oneof stays set: bytes have more digits than minutes.
      if (field.oneof === undefined || open.oneofCase(field.oneof) === undefined) {
        open.set(field, reflectOf(field.message, character));
      }
    } else if (field.fieldKind === "enum") {
      open.set(field, longestName(field));
    } else if (field.fieldKind === "scalar") {
      open.set(field, longestScalar(field, character));
    }
  }
  return message;
}

function reflectOf(desc: DescMessage, character: string) {
  if (desc.typeName === TimestampSchema.typeName) {
    // 2100-01-01 with nanoseconds, the longest text of a time.
    return reflect(TimestampSchema, create(TimestampSchema, { seconds: 4_102_444_800n, nanos: 999_999_999 }));
  }
  if (desc.typeName === StructSchema.typeName) {
    return reflect(
      StructSchema,
      fromJson(StructSchema, { [character]: [{ a: 1.5, b: null, c: true }, character] }),
    );
  }
  return reflect(desc, fullMessage(desc, character));
}

function longestName(field: DescField & { fieldKind: "enum" | "list" }): number {
  const values = field.enum?.values.filter(({ number }) => number !== 0) ?? [];
  return values.toSorted((a, b) => b.name.length - a.name.length)[0]?.number ?? 0;
}

function longestScalar(field: DescField & { fieldKind: "scalar" }, character: string) {
  if (field.scalar === ScalarType.STRING) {
    return fixedTexts[field.name] ?? character.repeat(Math.floor(textBytes / Buffer.byteLength(character)));
  }
  if (field.scalar === ScalarType.INT64) {
    return 2n ** 63n - 1n;
  }
  return field.name === "nanos" ? 999_999_999 : 2 ** 31 - 1;
}
