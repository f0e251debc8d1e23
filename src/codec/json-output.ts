import { base64Encode } from "@bufbuild/protobuf/wire";
import { NodeBuffer } from "./node-buffer.ts";
import { refuse } from "./refusal.ts";
import { utf8Of, writeText } from "./utf8.ts";

/** Memory that is kept for the next message. */
const keptBytes = 256 * 1024;
/** Most bytes of a time or of an integer that a double holds, with quotes and a comma. */
const valueBytes = 64;

/** From this length on, JSON.stringify and a copy of its text are faster than a loop. */
const longText = 100;

const comma = 0x2c;
const quote = 0x22;
const backslash = 0x5c;
const zero = 0x30;

/**
 * A piece of JSON that is written again and again, such as the name of a field with its colon: the number of its bytes, and
 * its bytes in UTF-8, four in each number. Copying them takes less than half of the time that bytes take.
 */
export type JsonPiece = Int32Array;

/** Returns the piece for a text. */
export function jsonPiece(text: string): JsonPiece {
  const utf8 = new TextEncoder().encode(text);
  const view = new DataView(new ArrayBuffer(4 * Math.ceil(utf8.length / 4)));
  utf8.forEach((byte, at) => {
    view.setUint8(at, byte);
  });
  const words = Array.from({ length: view.byteLength / 4 }, (_, at) => view.getInt32(4 * at, true));
  return Int32Array.of(utf8.length, ...words);
}

/** Returns what `piece` writes for the name of a field. */
export function jsonKey(name: string): JsonPiece {
  return jsonPiece(`${JSON.stringify(name)}:`);
}

/**
 * The JSON text of a message so far, in UTF-8, because bytes are faster to put together than strings. Each value is followed
 * by a comma, which the end of its object or array replaces. Whatever is not a value of its type is left to protobuf-es.
 */
export class JsonOutput {
  private bytes = allocate(4096);
  private view = viewOf(this.bytes);
  private pos = 0;

  /** Returns the text, and starts again. */
  finish(): string {
    // Without the last comma.
    return utf8Of(this.bytes, 0, this.pos - 1);
  }

  /** Starts again. */
  reset(): void {
    this.pos = 0;
    if (this.bytes.length > keptBytes) {
      this.bytes = allocate(4096);
      this.view = viewOf(this.bytes);
    }
  }

  /** Makes room for some bytes, and for a value or a bracket behind them. */
  private reserve(size: number): void {
    if (this.pos + size + valueBytes > this.bytes.length) {
      this.grow(size + valueBytes);
    }
  }

  private grow(size: number): void {
    const larger = allocate(Math.max(this.pos + size, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.pos));
    this.bytes = larger;
    this.view = viewOf(larger);
  }

  beginObject(): void {
    this.begin(0x7b);
  }

  endObject(): void {
    this.end(0x7d);
  }

  beginList(): void {
    this.begin(0x5b);
  }

  endList(): void {
    this.end(0x5d);
  }

  private begin(bracket: number): void {
    this.reserve(0);
    this.bytes[this.pos++] = bracket;
  }

  private end(bracket: number): void {
    this.reserve(0);
    if (this.bytes[this.pos - 1] === comma) {
      this.pos -= 1;
    }
    this.bytes[this.pos++] = bracket;
    this.bytes[this.pos++] = comma;
  }

  /** Writes the name of a field, or a value that is known beforehand. */
  piece(piece: JsonPiece): void {
    const length = piece[0] as number;
    this.reserve(length);
    const { view } = this;
    let at = this.pos;
    for (let index = 1; index < piece.length; index++) {
      // May write behind the end of the piece.
      view.setInt32(at, piece[index] as number, true);
      at += 4;
    }
    this.pos += length;
  }

  string(value: string): void {
    if (typeof value !== "string") {
      refuse();
    }
    const { length } = value;
    if (length > longText) {
      this.text(JSON.stringify(value));
      return;
    }
    this.reserve(length);
    const { bytes } = this;
    let { pos } = this;
    bytes[pos++] = quote;
    for (let at = 0; at < length; at++) {
      const unit = value.charCodeAt(at);
      if (unit < 0x20 || unit > 0x7e || unit === quote || unit === backslash) {
        this.text(JSON.stringify(value));
        return;
      }
      bytes[pos++] = unit;
    }
    bytes[pos++] = quote;
    bytes[pos++] = comma;
    this.pos = pos;
  }

  /** Writes the name of an entry of a map. */
  name(name: string): void {
    this.string(name);
    this.bytes[this.pos - 1] = 0x3a;
  }

  /** Writes the JSON text of a value. `most`: the largest number of bytes that it may have in UTF-8. */
  text(json: string, most = 3 * json.length): void {
    this.reserve(most);
    this.pos += writeText(this.bytes, json, this.pos);
    this.bytes[this.pos++] = comma;
  }

  /** Writes a value of google.protobuf.NullValue. */
  nullValue(value: number): void {
    if (typeof value !== "number") {
      refuse();
    }
    this.text("null");
  }

  bool(value: boolean): void {
    if (typeof value !== "boolean") {
      refuse();
    }
    this.text(value ? "true" : "false");
  }

  integer(value: number): void {
    if (!Number.isInteger(value)) {
      refuse();
    }
    this.ascii(`${value}`);
  }

  /** Writes the decimal digits of an integer from 0 to 2^53 - 1. */
  private digits(value: number): void {
    let count = 1;
    for (let least = 10; least <= value; least *= 10) {
      count += 1;
    }
    const { bytes } = this;
    let at = this.pos + count;
    this.pos = at;
    let rest = value;
    while (rest > 0x7fff_ffff) {
      const next = Math.floor(rest / 10);
      bytes[--at] = zero + (rest - next * 10);
      rest = next;
    }
    let small = rest | 0;
    do {
      const next = (small / 10) | 0;
      bytes[--at] = zero + (small - next * 10);
      small = next;
    } while (small > 0);
  }

  /** Writes the JSON text of a number. */
  private ascii(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    let { pos } = this;
    for (let at = 0; at < text.length; at++) {
      bytes[pos++] = text.charCodeAt(at);
    }
    bytes[pos++] = comma;
    this.pos = pos;
  }

  long(value: bigint): void {
    if (typeof value !== "bigint") {
      refuse();
    }
    const double = Number(value);
    if (double >= 0 && double <= Number.MAX_SAFE_INTEGER) {
      this.reserve(0);
      this.bytes[this.pos++] = quote;
      this.digits(double);
      this.bytes[this.pos++] = quote;
      this.bytes[this.pos++] = comma;
    } else {
      this.ascii(`"${value}"`);
    }
  }

  number(value: number): void {
    if (typeof value !== "number") {
      refuse();
    }
    this.ascii(Number.isFinite(value) ? `${value}` : `"${value}"`);
  }

  byteString(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) {
      refuse();
    }
    const text = `"${base64Encode(value)}"`;
    this.text(text, text.length);
  }

  /** Writes a time from year 1 to 9999: seconds since 1970, and nanoseconds. */
  time(seconds: number, nanos: number): void {
    this.reserve(0);
    const day = Math.floor(seconds / 86_400);
    const second = seconds - day * 86_400;
    // Days since 1 March of year 0, in eras of 400 years: https://howardhinnant.github.io/date_algorithms.html
    const shifted = day + 719_468;
    const era = Math.floor(shifted / 146_097);
    const dayOfEra = shifted - era * 146_097;
    const yearOfEra =
      ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) |
      0;
    const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0));
    const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0;
    const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
    const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    const { bytes } = this;
    bytes[this.pos++] = quote;
    this.twoDigits((year / 100) | 0);
    this.twoDigits(year % 100);
    bytes[this.pos++] = 0x2d;
    this.twoDigits(month);
    bytes[this.pos++] = 0x2d;
    this.twoDigits(dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0) + 1);
    bytes[this.pos++] = 0x54;
    this.twoDigits((second / 3600) | 0);
    bytes[this.pos++] = 0x3a;
    this.twoDigits(((second / 60) | 0) % 60);
    bytes[this.pos++] = 0x3a;
    this.twoDigits(second % 60);
    if (nanos !== 0) {
      const text = String(1_000_000_000 + nanos);
      bytes[this.pos++] = 0x2e;
      const end = nanos % 1_000_000 === 0 ? 4 : nanos % 1000 === 0 ? 7 : 10;
      for (let at = 1; at < end; at++) {
        bytes[this.pos++] = text.charCodeAt(at);
      }
    }
    bytes[this.pos++] = 0x5a;
    bytes[this.pos++] = quote;
    bytes[this.pos++] = comma;
  }

  private twoDigits(value: number): void {
    const tens = (value / 10) | 0;
    this.bytes[this.pos++] = zero + tens;
    this.bytes[this.pos++] = zero + (value - tens * 10);
  }
}

function allocate(size: number): Uint8Array {
  return NodeBuffer?.allocUnsafeSlow(size) ?? new Uint8Array(size);
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
