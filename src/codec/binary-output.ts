import type { UnknownField } from "@bufbuild/protobuf";
import { fallBack } from "./fall-back.ts";
import { NodeBuffer } from "./node-buffer.ts";
import { shortText, writeText } from "./utf8.ts";

/** Memory that is kept for the next message. */
const keptBytes = 64 * 1024;

const scratch = new DataView(new ArrayBuffer(8));

/**
 * The bytes of a message so far. Generated code writes values to it, each with its tag. Whatever is not a valid value of its
 * type is left to protobuf-es.
 */
export class BinaryOutput {
  #bytes = allocate(1024);
  #pos = 0;

  /** Returns a copy of the bytes. */
  bytes(): Uint8Array {
    // Not `slice`, which for a Buffer returns a view of memory that is used again.
    return new Uint8Array(this.#bytes.subarray(0, this.#pos));
  }

  /** Starts again. */
  reset(): void {
    this.#pos = 0;
    if (this.#bytes.length > keptBytes) {
      this.#bytes = allocate(1024);
    }
  }

  /** Makes room for some bytes. */
  #reserve(size: number): void {
    const needed = this.#pos + size;
    if (needed > this.#bytes.length) {
      const larger = allocate(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#pos));
      this.#bytes = larger;
    }
  }

  /** Writes a number whose range was checked. There is room for five bytes. */
  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#pos++] = rest;
  }

  /** Writes a tag. */
  tag(tag: number): void {
    this.#reserve(20);
    this.#varint(tag);
  }

  /** Begins something with a length. Returns what `close` needs. */
  open(tag: number): number {
    this.#reserve(20);
    this.#varint(tag);
    // Most lengths have one byte.
    this.#pos += 1;
    return this.#pos;
  }

  /** Ends what began at a position. */
  close(start: number): void {
    const length = this.#pos - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = length < 0x4000 ? 1 : length < 0x200000 ? 2 : length < 0x10000000 ? 3 : 4;
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.#pos);
    this.#pos = start - 1;
    this.#varint(length);
    this.#pos += length;
  }

  // The values, each without its tag. `tag` and `open` have made room for numbers; `item` makes it for those without a tag.

  item(): void {
    this.#reserve(10);
  }

  uint32(value: number): void {
    if (value !== value >>> 0) {
      fallBack();
    }
    this.#varint(value);
  }

  int32(value: number): void {
    if (value !== (value | 0)) {
      fallBack();
    }
    if (value >= 0) {
      this.#varint(value);
    } else {
      this.#long(BigInt.asUintN(64, BigInt(value)));
    }
  }

  sint32(value: number): void {
    if (value !== (value | 0)) {
      fallBack();
    }
    this.#varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  bool(value: boolean): void {
    if (typeof value !== "boolean") {
      fallBack();
    }
    this.#bytes[this.#pos++] = value ? 1 : 0;
  }

  uint64(value: bigint): void {
    if (typeof value !== "bigint" || value !== BigInt.asUintN(64, value)) {
      fallBack();
    }
    this.#long(value);
  }

  int64(value: bigint): void {
    if (typeof value !== "bigint") {
      fallBack();
    }
    if (value >= 0n && value <= 0x1f_ffff_ffff_ffffn) {
      this.#safe(Number(value));
    } else if (value === BigInt.asIntN(64, value)) {
      this.#long(BigInt.asUintN(64, value));
    } else {
      fallBack();
    }
  }

  sint64(value: bigint): void {
    if (typeof value !== "bigint" || value !== BigInt.asIntN(64, value)) {
      fallBack();
    }
    this.#long(BigInt.asUintN(64, value < 0n ? (-value << 1n) - 1n : value << 1n));
  }

  /** Writes an integer that a double holds. */
  #safe(value: number): void {
    let rest = value;
    while (rest > 0xffff_ffff) {
      this.#bytes[this.#pos++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#varint(rest);
  }

  #long(value: bigint): void {
    let low = Number(value & 0xffff_ffffn);
    let high = Number(value >> 32n);
    while (high > 0) {
      this.#bytes[this.#pos++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#varint(low);
  }

  fixed32(value: number): void {
    if (value !== value >>> 0) {
      fallBack();
    }
    scratch.setUint32(0, value, true);
    this.#copy(4);
  }

  sfixed32(value: number): void {
    if (value !== (value | 0)) {
      fallBack();
    }
    scratch.setInt32(0, value, true);
    this.#copy(4);
  }

  float(value: number): void {
    if (typeof value !== "number" || (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))) {
      fallBack();
    }
    scratch.setFloat32(0, value, true);
    this.#copy(4);
  }

  double(value: number): void {
    if (typeof value !== "number") {
      fallBack();
    }
    scratch.setFloat64(0, value, true);
    this.#copy(8);
  }

  fixed64(value: bigint): void {
    if (typeof value !== "bigint" || value !== BigInt.asUintN(64, value)) {
      fallBack();
    }
    scratch.setBigUint64(0, value, true);
    this.#copy(8);
  }

  sfixed64(value: bigint): void {
    if (typeof value !== "bigint" || value !== BigInt.asIntN(64, value)) {
      fallBack();
    }
    scratch.setBigInt64(0, value, true);
    this.#copy(8);
  }

  #copy(size: number): void {
    for (let index = 0; index < size; index++) {
      this.#bytes[this.#pos++] = scratch.getUint8(index);
    }
  }

  string(value: string): void {
    if (typeof value !== "string") {
      fallBack();
    }
    const { length } = value;
    this.#reserve(5 + 3 * length);
    const start = this.#pos + 1;
    if (length <= shortText) {
      let pos = start;
      for (let at = 0; at < length; at++) {
        const unit = value.charCodeAt(at);
        if (unit > 0x7f) {
          pos = -1;
          break;
        }
        this.#bytes[pos++] = unit;
      }
      if (pos !== -1) {
        this.#bytes[start - 1] = length;
        this.#pos = pos;
        return;
      }
    }
    this.#pos = start + writeText(this.#bytes, value, start);
    this.close(start);
  }

  byteString(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) {
      fallBack();
    }
    this.#reserve(5 + value.length);
    this.#varint(value.length);
    this.#bytes.set(value, this.#pos);
    this.#pos += value.length;
  }

  /** Writes the unknown fields of a message. */
  unknown(fields: readonly UnknownField[]): void {
    if (!Array.isArray(fields)) {
      fallBack();
    }
    for (const { no, wireType, data } of fields as readonly UnknownField[]) {
      if (!(data instanceof Uint8Array)) {
        fallBack();
      }
      this.tag(((no << 3) | wireType) >>> 0);
      this.#reserve(data.length);
      this.#bytes.set(data, this.#pos);
      this.#pos += data.length;
    }
  }
}

function allocate(size: number): Uint8Array {
  return NodeBuffer?.allocUnsafeSlow(size) ?? new Uint8Array(size);
}
