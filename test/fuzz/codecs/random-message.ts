import { create, type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import type { Random } from "../random.ts";

/** A message whose members are accessed by name. */
export type OpenMessage = Message & Record<string, unknown>;

const texts: readonly string[] = [
  "",
  "a",
  "operators/65001",
  "a".repeat(10),
  "a".repeat(11),
  "a".repeat(127),
  "a".repeat(128),
  "a".repeat(6000),
  "é",
  "nine plusé",
  "é".repeat(64),
  "数据套餐",
  "😀",
  '"\\/\b\f\n\r\t',
  "\u0000\u001f\u007f\u0080\u2028\u2029",
  "\ufeffbyte order mark",
  "replaced \ufffd",
  "\ufffd",
  "__proto__",
  "constructor",
  "null",
];

const longs: readonly bigint[] = [
  0n,
  1n,
  127n,
  128n,
  16_383n,
  16_384n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 35n,
  2n ** 42n,
  2n ** 49n - 1n,
  2n ** 49n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 56n,
  2n ** 63n - 1n,
  1_700_000_000n,
];

const doubles: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.1,
  1.5,
  1e21,
  1e-7,
  5e-324,
  123456789.125,
  2 ** 53,
  -(2 ** 63),
  3.4028234663852886e38,
  1.7976931348623157e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

function randomLong(random: Random): bigint {
  const bits = BigInt(random.below(2 ** 32)) * BigInt(random.below(2 ** 31)) + BigInt(random.below(1000));
  return random.below(3) === 0 ? bits >> BigInt(random.below(63)) : random.pick(longs);
}

/** Returns a value of a scalar type. */
function randomScalar(scalar: ScalarType, random: Random): unknown {
  switch (scalar) {
    case ScalarType.STRING:
      return random.below(4) === 0 ? randomText(random) : random.pick(texts);
    case ScalarType.BOOL:
      return random.below(2) === 1;
    case ScalarType.BYTES:
      return Uint8Array.from({ length: random.pick([0, 1, 2, 3, 5, 200]) }, () => random.below(256));
    case ScalarType.DOUBLE:
      return random.below(3) === 0 ? (random.below(2 ** 32) - 2 ** 31) / 1000 : random.pick(doubles);
    case ScalarType.FLOAT: {
      const value = random.pick(doubles);
      // Not each double is a float: protobuf-es rounds on writing.
      return Math.abs(value) > 3.5e38 && Number.isFinite(value) ? 0.1 : value;
    }
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return Number(BigInt.asUintN(32, randomLong(random)));
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return (Number(BigInt.asIntN(32, randomLong(random))) * (random.below(4) === 0 ? -1 : 1)) | 0;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return random.below(8) === 0 ? 2n ** 64n - 1n - randomLong(random) : randomLong(random);
    default:
      return random.below(4) === 0 ? -randomLong(random) - 1n : randomLong(random);
  }
}

function randomText(random: Random): string {
  const units = ["a", "Z", "9", " ", "/", "é", "€", "😀", "\u0001", '"', "\\"];
  return Array.from({ length: random.below(24) }, () => random.pick(units)).join("");
}

/** Returns JSON as a google.protobuf.Struct may have it. */
function randomJson(random: Random, depth: number): unknown {
  switch (random.below(depth > 0 ? 7 : 4)) {
    case 0:
      return null;
    case 1:
      return random.below(2) === 1;
    case 2:
      return random.pick([0, 1, -1.5, 1e21]);
    case 3:
      return random.pick(texts.filter((text) => text.length < 100));
    case 4:
      return Array.from({ length: random.below(3) }, () => randomJson(random, depth - 1));
    default:
      return randomStruct(random, depth - 1);
  }
}

function randomStruct(random: Random, depth: number): Record<string, unknown> {
  const keys = Array.from({ length: random.below(4) }, () => random.pick(["a", "b", "1", "é", "x y"]));
  return Object.fromEntries(keys.map((key) => [key, randomJson(random, depth)]));
}

function randomValue(field: DescField, random: Random, depth: number): unknown {
  const { message, parent, fieldKind, oneof } = field;
  if (message !== undefined) {
    if (message.typeName === "google.protobuf.Struct" && parent.typeName !== "google.protobuf.Value") {
      return randomStruct(random, depth);
    }
    const value = randomMessage(message, random, depth - 1);
    return isWrapperDesc(message) && fieldKind === "message" && oneof === undefined ? value.value : value;
  }
  if (field.enum !== undefined) {
    const known = random.pick(field.enum.values).number;
    return field.enum.open && random.below(8) === 0 ? random.pick([99, -1, 2 ** 31 - 1]) : known;
  }
  const isText = "longAsString" in field && field.longAsString === true;
  const value = randomScalar(field.scalar as ScalarType, random);
  return isText ? String(value) : value;
}

function randomKey(scalar: ScalarType, random: Random): string {
  const key = String(randomScalar(scalar, random));
  return key.length > 200 ? "long" : key;
}

const isRequired = (field: DescField) => field.presence === 3;

/** Returns a valid message with some of its fields. Nests at most `depth` messages, except for required fields. */
export function randomMessage(desc: DescMessage, random: Random, depth: number): OpenMessage {
  const message = create(desc) as OpenMessage;
  // Messages with many fields have fewer of them, so that they stay small.
  const oneIn = desc.fields.length > 30 ? 8 : 2;
  for (const field of desc.fields) {
    const isDeep = field.message !== undefined && depth <= 0;
    if (!isRequired(field) && (isDeep || random.below(oneIn) !== 0)) {
      continue;
    }
    setField(message, field, random, depth);
  }
  if (desc.typeName === "google.protobuf.Value" && (message.kind as { case?: string }).case === undefined) {
    message.kind = { case: "boolValue", value: true };
  }
  return desc.typeName === "google.protobuf.Timestamp" || desc.typeName === "google.protobuf.Duration"
    ? randomTime(message, random)
    : message;
}

function randomTime(message: OpenMessage, random: Random): OpenMessage {
  const isTime = message.$typeName === "google.protobuf.Timestamp";
  const most = isTime ? [253_402_300_799n, -62_135_596_800n] : [315_576_000_000n, -315_576_000_000n];
  message.seconds = random.pick([0n, 1n, -1n, 1_700_000_000n + BigInt(random.below(1e9)), ...most]);
  message.nanos = random.pick([0, 1, 500_000_000, 120_000, 999_999_999]);
  if (!isTime && (message.seconds as bigint) < 0n) {
    message.nanos = 0 - (message.nanos as number);
  }
  return message;
}

function setField(message: OpenMessage, field: DescField, random: Random, depth: number): void {
  const { localName, oneof } = field;
  switch (field.fieldKind) {
    case "list":
      message[localName] = Array.from({ length: random.below(4) }, () => randomValue(field, random, depth));
      break;
    case "map":
      message[localName] = Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [
          randomKey(field.mapKey, random),
          randomValue(field, random, depth),
        ]),
      );
      break;
    default:
      if (oneof === undefined) {
        message[localName] = randomValue(field, random, depth);
      } else {
        message[oneof.localName] = { case: localName, value: randomValue(field, random, depth) };
      }
  }
}
