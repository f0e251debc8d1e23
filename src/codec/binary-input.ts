import type { Message } from "@bufbuild/protobuf";
import { fallBack } from "./fall-back.ts";
import { maxDepth } from "./limits.ts";
import { shortText, shortTextOf, textBytesOf, textOf } from "./utf8.ts";

const scratch = new DataView(new ArrayBuffer(8));

/**
 * The bytes of a message and a position in them. Generated code reads values from it. Whatever is not the plain form of a
 * value is left to protobuf-es. A class, because methods of a class cost nothing per message.
 */
export class BinaryInput {
  readonly bytes: Uint8Array;
  /** Whether unknown fields are left to protobuf-es. */
  readonly isStrict: boolean;
  pos = 0;
  /** Number of values in all Structs, Values and ListValues of the message so far. */
  structValues = 0;
  #depth = 0;
  /** The bytes with what decodes texts. Created once, because that costs as much as decoding a text. */
  #textBytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array, isStrict: boolean) {
    this.bytes = bytes;
    this.isStrict = isStrict;
  }

  /** Begins a message. */
  enter(): void {
    this.#depth += 1;
    if (this.#depth > maxDepth) {
      fallBack();
    }
  }

  /** Ends a message that must end here. */
  leave(end: number): void {
    this.#depth -= 1;
    if (this.pos !== end) {
      fallBack();
    }
  }

  /** Reads a length and returns the position at which what follows ends. */
  end(): number {
    const length = this.uint32();
    const end = this.pos + length;
    return end <= this.bytes.length ? end : fallBack();
  }

  uint32(): number {
    const { bytes } = this;
    let byte = bytes[this.pos++] as number;
    if (byte < 0x80) {
      return byte;
    }
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = bytes[this.pos++] as number;
      // What is beyond 32 bits is dropped, as every parser does.
      value |= shift < 35 ? (byte & 0x7f) << shift : 0;
      if (byte < 0x80) {
        return value >>> 0;
      }
    }
    // Also at the end of the bytes, where a byte is undefined.
    return fallBack();
  }

  /** Reads a tag: the number of a field and its wire type. */
  tag(): number {
    const start = this.pos;
    const tag = this.uint32();
    const size = this.pos - start;
    // The fifth byte has the last four bits.
    return size < 5 || (size === 5 && (this.bytes[this.pos - 1] as number) < 0x10) ? tag : fallBack();
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  bool(): boolean {
    const value = this.bytes[this.pos++] as number;
    return value < 2 ? value === 1 : fallBack();
  }

  uint64(): bigint {
    const { bytes } = this;
    let value = 0;
    let unit = 1;
    // Seven bytes have 49 bits, which a double holds.
    for (let count = 0; count < 7; count++) {
      const byte = bytes[this.pos++] as number;
      if (byte < 0x80) {
        return BigInt(value + byte * unit);
      }
      value += (byte & 0x7f) * unit;
      unit *= 128;
    }
    let high = 0;
    for (let count = 0; count < 3; count++) {
      const byte = bytes[this.pos++] as number;
      high += (byte & 0x7f) * 128 ** count;
      if (byte < 0x80) {
        return BigInt.asUintN(64, BigInt(value) + (BigInt(high) << 49n));
      }
    }
    return fallBack();
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  sint64(): bigint {
    const value = this.uint64();
    return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
  }

  fixed32(): number {
    return this.#view(4).getUint32(0, true);
  }

  sfixed32(): number {
    return this.#view(4).getInt32(0, true);
  }

  float(): number {
    return this.#view(4).getFloat32(0, true);
  }

  double(): number {
    return this.#view(8).getFloat64(0, true);
  }

  fixed64(): bigint {
    return this.#view(8).getBigUint64(0, true);
  }

  sfixed64(): bigint {
    return this.#view(8).getBigInt64(0, true);
  }

  /** Copies the next bytes, because a DataView of every message would cost more than the few numbers that have a fixed size. */
  #view(size: number): DataView {
    for (let index = 0; index < size; index++) {
      scratch.setUint8(index, this.bytes[this.pos++] ?? fallBack());
    }
    return scratch;
  }

  string(): string {
    const end = this.end();
    const start = this.pos;
    this.pos = end;
    return (
      (end - start <= shortText ? shortTextOf(this.bytes, start, end) : undefined) ?? this.#text(start, end)
    );
  }

  #text(start: number, end: number): string {
    this.#textBytes ??= textBytesOf(this.bytes);
    return textOf(this.#textBytes, start, end);
  }

  /** Returns a view of the bytes, as protobuf-es does. */
  byteString(): Uint8Array {
    const end = this.end();
    const start = this.pos;
    this.pos = end;
    return this.bytes.subarray(start, end);
  }

  /** Keeps a field that the message does not know. */
  unknown(message: Message, tag: number): void {
    const [no, wireType] = [tag >>> 3, tag & 7];
    if (this.isStrict || no === 0) {
      fallBack();
    }
    const start = this.pos;
    switch (wireType) {
      case 0:
        this.uint64();
        break;
      case 1:
        this.pos += 8;
        break;
      case 2:
        this.pos = this.end();
        break;
      case 5:
        this.pos += 4;
        break;
      default:
        fallBack();
    }
    if (this.pos > this.bytes.length) {
      fallBack();
    }
    message.$unknown ??= [];
    message.$unknown.push({ no, wireType, data: this.bytes.subarray(start, this.pos) });
  }
}
