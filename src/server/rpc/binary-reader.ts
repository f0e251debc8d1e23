import {
  type BinaryReadOptions,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { BinaryReader as WireReader, WireType } from "@bufbuild/protobuf/wire";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import {
  type FieldViolation,
  type ListLimit,
  type ListLimits,
  maxViolations,
} from "../../contract/field-violation.ts";
import { tooDeep } from "../../plans/struct-rules.ts";
import { codecWithin, type ReadingOptions, type Rejection } from "../../transcoding/index.ts";

/**
 * Largest number of fields that no encoder writes for this contract: unknown ones, and singular ones that occur again,
 * which decoding merges or overwrites. Each takes two bytes, but far more time or memory to decode.
 */
export const maxSuperfluousFields = 1_000;

/** Deepest nesting that protobuf-es decodes. */
const maxDepth = 100;

/** Reads a binary message, or returns why it is rejected. */
type BinaryReader = (bytes: Uint8Array) => { readonly message: Message } | Rejection;

type BinaryReaderOptions = Pick<ReadingOptions, "codecs"> & {
  readonly listLimits: ListLimits;
  /** Called for each unknown field, at most a hundred times for one message. They are kept in the message. */
  readonly onUnknownField?: ((unknown: FieldViolation) => void) | undefined;
};

/**
 * Creates the reader of a message type. A generated codec decodes common messages. For all others, the reader counts list
 * items and superfluous fields before anything is decoded, because decoding creates an object of a hundred bytes or more for
 * each, which may take two bytes of the message.
 */
export function createBinaryReader(
  desc: DescMessage,
  { listLimits, onUnknownField, codecs }: BinaryReaderOptions,
  options?: Partial<BinaryReadOptions>,
): BinaryReader {
  const layout = compile(desc, listLimits, new Map());
  const codec = options === undefined ? codecWithin(desc, { codecs, listLimits }) : undefined;
  return function readBinary(bytes) {
    const decoded = codec?.decodeStrictly(bytes);
    if (decoded !== undefined) {
      return { message: decoded };
    }
    const found = scan(layout, bytes, onUnknownField);
    if (found !== undefined) {
      return found;
    }
    try {
      return { message: fromBinary(desc, bytes, options) };
    } catch {
      return malformed(`must be the binary form of ${desc.typeName}`);
    }
  };
}

function malformed(description: string): Rejection {
  return { violations: [{ field: "body", description }] };
}

/** How to pass over the fields of a message, by number. */
type Layout = ReadonlyMap<number, FieldLayout>;

type FieldLayout = {
  readonly jsonName: string;
  /** Kind of a single value. A map entry is a message with a key and a value, which protobuf-es does not count as nesting. */
  readonly value: "varint" | "fixed32" | "fixed64" | "bytes" | "message" | "group" | "entry";
  readonly isRepeated: boolean;
  /** The violation of a list with more than `most` items. */
  readonly limit: ListLimit | undefined;
  /** The limit of a Struct, which counts the values at all depths together; undefined for other fields. */
  readonly structLimit: ListLimit | undefined;
  /** Fields of a message. */
  readonly inner: Layout | undefined;
  /** Numbers of the other members of the oneof; setting this field clears them. */
  readonly others: readonly number[];
  readonly number: number;
};

function compile(desc: DescMessage, listLimits: ListLimits, known: Map<DescMessage, Layout>): Layout {
  const earlier = known.get(desc);
  if (earlier !== undefined) {
    return earlier;
  }
  const layout = new Map<number, FieldLayout>();
  known.set(desc, layout);
  for (const field of desc.fields) {
    const isRepeated = field.fieldKind === "list" || field.fieldKind === "map";
    layout.set(field.number, {
      number: field.number,
      jsonName: field.jsonName,
      value: field.fieldKind === "map" ? "entry" : valueKind(field),
      isRepeated,
      limit: isRepeated ? listLimits(field) : undefined,
      structLimit: isStruct(field.message) ? listLimits(StructSchema.field.fields) : undefined,
      inner: innerOf(field, listLimits, known),
      others: field.oneof?.fields.map(({ number }) => number).filter((each) => each !== field.number) ?? [],
    });
  }
  return layout;
}

function isStruct(desc: DescMessage | undefined): boolean {
  return desc?.typeName === StructSchema.typeName;
}

/** Returns the fields of a message or of a map entry. */
function innerOf(
  field: DescField,
  listLimits: ListLimits,
  known: Map<DescMessage, Layout>,
): Layout | undefined {
  const inner = field.message && compile(field.message, listLimits, known);
  if (field.fieldKind !== "map") {
    return inner;
  }
  const common = { isRepeated: false, limit: undefined, structLimit: undefined, others: [] };
  return new Map<number, FieldLayout>([
    [1, { ...common, number: 1, jsonName: "key", value: scalarKind(field.mapKey), inner: undefined }],
    [2, { ...common, number: 2, jsonName: "value", value: valueKind(field), inner }],
  ]);
}

function valueKind(field: DescField): FieldLayout["value"] {
  if (field.message !== undefined) {
    return "delimitedEncoding" in field && field.delimitedEncoding ? "group" : "message";
  }
  return scalarKind(field.scalar);
}

function scalarKind(scalar: ScalarType | undefined): FieldLayout["value"] {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "bytes";
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "fixed64";
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return "fixed32";
    default:
      return "varint";
  }
}

/**
 * What is known of one message: its singular fields, the numbers of its items, and its singular messages, which merge if
 * they occur again. Maps are created when they are needed, because most messages are small.
 */
type Occurrence = {
  /** Bit of each singular field that occurred. Numbers from 32 on share bits, which counts too many at worst. */
  present: number;
  counts?: Map<number, number>;
  children?: Map<number, Occurrence>;
};

const newOccurrence = (): Occurrence => ({ present: 0 });

/** The Struct that is passed over: its path, and its values so far, at all depths. */
type StructScan = { readonly limit: ListLimit; readonly path: string; values: number };

function countInStruct(struct: StructScan): void {
  struct.values += 1;
  if (struct.values > struct.limit.most) {
    throw invalid(struct.path, struct.limit.description);
  }
}

function invalid(field: string, description: string): ScanEnd {
  const violation: FieldViolation = { field, description };
  return new ScanEnd({ reason: "FIELD_INVALID", violations: [violation] });
}

class ScanEnd extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super();
    this.rejection = rejection;
  }
}

/** Returns the rejection of the first list that is too long, or of too many superfluous fields. */
function scan(
  layout: Layout,
  bytes: Uint8Array,
  onUnknownField: BinaryReaderOptions["onUnknownField"],
): Rejection | undefined {
  const reader = new WireReader(bytes);
  const path: (string | number)[] = [];
  let superfluous = 0;
  let unknown = 0;
  let struct: StructScan | undefined;
  try {
    scanFields(layout, newOccurrence(), bytes.length, 1, undefined);
    return undefined;
  } catch (error) {
    // Any other error is one of the bytes: decoding will find it at the same place.
    return error instanceof ScanEnd ? error.rejection : undefined;
  }

  /** Passes over the fields up to a position or, in a group, up to its end, in the steps of protobuf-es. */
  function scanFields(
    fields: Layout,
    seen: Occurrence,
    end: number,
    depth: number,
    group: number | undefined,
  ): void {
    if (depth > maxDepth) {
      throw struct === undefined ? new Error("too deep") : invalid(struct.path, tooDeep);
    }
    while (reader.pos < end) {
      const tag = readTag();
      const number = tag >>> 3;
      const wireType = tag & 7;
      if (wireType === WireType.EndGroup && group !== undefined) {
        return;
      }
      const field = fields.get(number);
      if (field === undefined) {
        reportUnknown(number);
        skipUnknown(wireType, depth);
      } else if (field.isRepeated) {
        scanItems(field, seen, wireType, depth);
      } else {
        const bit = 1 << (number & 31);
        if ((seen.present & bit) !== 0) {
          countSuperfluous();
        }
        seen.present |= bit;
        for (const other of field.others) {
          seen.children?.delete(other);
        }
        scanValue(field, seen, depth);
      }
    }
  }

  /** Returns the next tag, of a number and a wire type that exist. Nearly all have one byte. */
  function readTag(): number {
    const tag = bytes[reader.pos] ?? 0;
    if (tag < 8 || tag >= 0x80 || (tag & 7) > WireType.Bit32) {
      const [number, wireType] = reader.tag();
      return (number << 3) | wireType;
    }
    reader.pos += 1;
    return tag;
  }

  /** Returns the next length. Most have one byte. */
  function readLength(): number {
    const length = bytes[reader.pos] ?? 0x80;
    if (length >= 0x80) {
      return reader.uint32();
    }
    reader.pos += 1;
    return length;
  }

  function scanItems(field: FieldLayout, seen: Occurrence, wireType: WireType, depth: number): void {
    seen.counts ??= new Map();
    let count = seen.counts.get(field.number) ?? 0;
    const isPacked =
      wireType === WireType.LengthDelimited && field.inner === undefined && field.value !== "bytes";
    const length = isPacked ? readLength() : 1;
    const end = isPacked ? reader.pos + length : reader.pos + 1;
    path.push(field.jsonName);
    while (reader.pos < end) {
      count += 1;
      if (struct !== undefined) {
        countInStruct(struct);
      } else if (field.limit !== undefined && count > field.limit.most) {
        throw invalid(shown(path), field.limit.description);
      }
      if (field.inner === undefined) {
        scanValue(field, undefined, depth);
        continue;
      }
      path.push(count - 1);
      scanValue(field, undefined, depth);
      path.pop();
    }
    path.pop();
    seen.counts.set(field.number, count);
  }

  /** Passes over a value. `owner` is the message of a singular field, whose messages merge if they occur again. */
  function scanValue(field: FieldLayout, owner: Occurrence | undefined, depth: number): void {
    switch (field.value) {
      case "varint":
        reader.uint32();
        break;
      case "fixed32":
        skipBytes(4);
        break;
      case "fixed64":
        skipBytes(8);
        break;
      case "bytes":
        skipBytes(readLength());
        break;
      default: {
        const inner = field.inner as Layout;
        const child = owner === undefined ? newOccurrence() : childOf(owner, field.number);
        if (!field.isRepeated) {
          path.push(field.jsonName);
        }
        const outer = struct;
        if (field.structLimit !== undefined) {
          struct ??= { limit: field.structLimit, path: shown(path), values: 0 };
        }
        if (field.value === "group") {
          scanFields(inner, child, bytes.length, depth + 1, field.number);
        } else {
          const length = readLength();
          const level = field.value === "entry" ? depth : depth + 1;
          scanFields(inner, child, reader.pos + length, level, undefined);
        }
        struct = outer;
        if (!field.isRepeated) {
          path.pop();
        }
      }
    }
    if (reader.pos > bytes.length) {
      throw new RangeError("premature end");
    }
  }

  function countSuperfluous(): void {
    superfluous += 1;
    if (superfluous > maxSuperfluousFields) {
      const description = `must have at most ${maxSuperfluousFields} fields that are unknown or occur again`;
      throw new ScanEnd(malformed(description));
    }
  }

  function reportUnknown(number: number): void {
    if (onUnknownField !== undefined && unknown < maxViolations) {
      unknown += 1;
      onUnknownField({ field: shown([...path, String(number)]), description: "is an unknown field number" });
    }
  }

  function skipBytes(length: number): void {
    reader.pos += length;
  }

  function skipUnknown(wireType: WireType, depth: number): void {
    countSuperfluous();
    if (wireType !== WireType.StartGroup) {
      reader.skip(wireType);
      return;
    }
    if (depth >= maxDepth) {
      throw new Error("too deep");
    }
    for (;;) {
      const [, inner] = reader.tag();
      if (inner === WireType.EndGroup) {
        return;
      }
      skipUnknown(inner, depth + 1);
    }
  }
}

function childOf(seen: Occurrence, number: number): Occurrence {
  seen.children ??= new Map();
  const child = seen.children.get(number) ?? newOccurrence();
  seen.children.set(number, child);
  return child;
}

function shown(path: readonly (string | number)[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .slice(1);
}
