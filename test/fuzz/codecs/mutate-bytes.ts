import type { DescMessage } from "@bufbuild/protobuf";
import type { Random } from "../random.ts";

/** A field as it is on the wire. */
type WireField = { number: number; wireType: number; content: Content };

/** What is behind a tag. Bytes that may be a message are parsed as one. */
type Content = { bytes: Buffer } | { fields: WireField[]; end?: number };

const fixed: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** Parses bytes as far as they are fields. */
function parse(bytes: Buffer, desc: DescMessage | undefined): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [tag, afterTag] = readVarint(bytes, at);
    const [number, wireType] = [tag >>> 3, tag & 7];
    const field = desc?.fields.find((each) => each.number === number);
    if (wireType === 2) {
      const [length, start] = readVarint(bytes, afterTag);
      at = start + length;
      const inner = bytes.subarray(start, at);
      const isMessage = field?.message !== undefined || field?.fieldKind === "map";
      const innerDesc = field?.fieldKind === "map" ? undefined : field?.message;
      fields.push({
        number,
        wireType,
        content: isMessage ? { fields: parse(inner, innerDesc) } : { bytes: inner },
      });
    } else {
      const end = wireType === 0 ? readVarint(bytes, afterTag)[1] : afterTag + (fixed[wireType] ?? 0);
      fields.push({ number, wireType, content: { bytes: bytes.subarray(afterTag, end) } });
      at = end;
    }
  }
  return fields;
}

function readVarint(bytes: Buffer, start: number): [value: number, end: number] {
  let value = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value |= shift < 32 ? (byte & 0x7f) << shift : 0;
    if (byte < 0x80) {
      return [value >>> 0, at];
    }
  }
}

/** Returns a varint with up to some more bytes than it needs. */
function varint(value: number, more = 0): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  for (let count = 0; count < more; count++) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80;
    bytes.push(0);
  }
  return Buffer.from(bytes);
}

function write(fields: readonly WireField[], random: Random): Buffer {
  // Rarely longer than needed, which is valid.
  const more = () => (random.below(60) === 0 ? 1 + random.below(5) : 0);
  return Buffer.concat(
    fields.flatMap(({ number, wireType, content }) => {
      const tag = varint(((number << 3) | wireType) >>> 0, random.below(100) === 0 ? random.below(6) : 0);
      const bytes = "bytes" in content ? content.bytes : write(content.fields, random);
      return wireType === 2 ? [tag, varint(bytes.length, more()), bytes] : [tag, bytes];
    }),
  );
}

const odd: readonly Buffer[] = [
  "",
  "00",
  "01",
  "02",
  "7f",
  "8000",
  "808000",
  "80808080808080808000",
  "8080808080808080808000",
  "ffffffff0f",
  "ffffffff7f",
  "ffffffffffffffffff01",
  "ffffffffffffffffff7f",
  "ffffffffffffffffffff01",
  "80808080808080808001",
  "8080808080808001",
  "80",
  "0a00",
  "0a0141",
  "c328",
  "e282",
  "eda080",
  "f0288cbc",
  "efbfbd",
  "efbbbf41",
  "c080",
  "f09f9880",
  `${"41".repeat(11)}ff`,
  "08",
  "0801",
  "0b0c",
  "0bff",
  "0c",
  "1a",
  "ffffffff0f",
  "fe".repeat(12),
].map((hex) => Buffer.from(hex, "hex"));

function levelsOf(fields: WireField[]): WireField[][] {
  const levels = [fields];
  for (const { content } of fields) {
    if ("fields" in content) {
      levels.push(...levelsOf(content.fields));
    }
  }
  return levels;
}

/** Changes fields of a message: repeats, drops, moves or adds some, and gives some another type or content. */
export function mutateFields(desc: DescMessage, bytes: Uint8Array, random: Random): Buffer {
  const fields = parse(Buffer.from(bytes), desc);
  for (let rounds = 1 + random.below(2); rounds > 0; rounds--) {
    const level = random.pick(levelsOf(fields));
    const at = random.below(level.length + 1);
    const field = level[at];
    switch (random.below(8)) {
      case 0:
        level.splice(at, 1);
        break;
      case 1:
        if (field !== undefined) {
          level.splice(random.below(level.length + 1), 0, field);
        }
        break;
      case 2:
        level.reverse();
        break;
      case 3:
        if (field !== undefined) {
          level[at] = { ...field, wireType: random.below(8) };
        }
        break;
      case 4:
        if (field !== undefined) {
          level[at] = { ...field, content: { bytes: random.pick(odd) } };
        }
        break;
      case 5:
        if (field !== undefined) {
          level[at] = { ...field, number: random.pick([field.number + 1, 0, 1, 1000, 2 ** 29 - 1]) };
        }
        break;
      case 6: {
        const packed = Buffer.concat(Array.from({ length: random.below(6) }, () => random.pick(odd)));
        const number = field?.number ?? 1 + random.below(20);
        level.splice(at, 0, { number, wireType: 2, content: { bytes: packed } });
        break;
      }
      default:
        level.splice(at, 0, {
          number: random.pick([1, 2, 3, 7, 15, 16, 99, 1500, 2 ** 29 - 1]),
          wireType: random.below(6),
          content: { bytes: random.pick(odd) },
        });
    }
  }
  return write(fields, random);
}

/** Changes bytes wherever they are. */
export function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  let mutated = Buffer.from(bytes);
  for (let rounds = 1 + random.below(3); rounds > 0; rounds--) {
    const at = random.below(mutated.length + 1);
    const before = mutated.subarray(0, at);
    const length = random.below(4);
    switch (random.below(5)) {
      case 0:
        mutated = Buffer.from(before);
        break;
      case 1:
        mutated = Buffer.concat([before, Buffer.from([random.below(256)]), mutated.subarray(at + 1)]);
        break;
      case 2:
        mutated = Buffer.concat([before, random.pick(odd), mutated.subarray(at)]);
        break;
      case 3:
        mutated = Buffer.concat([before, mutated.subarray(at + length)]);
        break;
      default:
        mutated = Buffer.concat([mutated.subarray(0, at + length), mutated.subarray(at)]);
    }
  }
  return mutated;
}

/** Returns bytes within a field of the same message, as deep as decoders allow or nearly so; undefined if it has none. */
export function nestBytes(desc: DescMessage, bytes: Uint8Array, random: Random): Buffer | undefined {
  const inner = desc.fields.filter(
    (field) =>
      field.message === desc &&
      field.fieldKind !== "map" &&
      !("delimitedEncoding" in field && field.delimitedEncoding),
  );
  if (inner.length === 0) {
    return undefined;
  }
  let nested = Buffer.from(bytes);
  for (let levels = random.pick([1, 97, 98, 99, 100, 101, 500]); levels > 0; levels--) {
    const { number } = random.pick(inner);
    nested = Buffer.concat([varint(((number << 3) | 2) >>> 0), varint(nested.length), nested]);
  }
  return nested;
}
