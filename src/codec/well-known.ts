import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { BinaryInput } from "./binary-input.ts";
import type { BinaryOutput } from "./binary-output.ts";
import { parseDuration } from "./duration.ts";
import { fallBack } from "./fall-back.ts";
import type { JsonInput } from "./json-input.ts";
import { parseTimestamp } from "./timestamp.ts";

// google.protobuf.Timestamp and google.protobuf.Duration, which nearly all contracts have.

export function readTimestamp(_: JsonInput, json: unknown): Timestamp {
  return (typeof json === "string" ? parseTimestamp(json) : undefined) ?? fallBack();
}

export function readDuration(_: JsonInput, json: unknown): Duration {
  return (typeof json === "string" ? parseDuration(json) : undefined) ?? fallBack();
}

const firstSecond = -62_135_596_800n;
const lastSecond = 253_402_300_799n;
const secondsOfDay = 86_400;

const twoDigits = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));

/** Texts of days, each at the remainder of its number: a message has times of a few days, and its successors of the same. */
const dayTexts: { day: number; text: string }[] = Array.from({ length: 64 }, () => ({
  day: Number.NaN,
  text: "",
}));

/** Returns the date and the T of a time, by the number of its day since 1970. */
function dayText(day: number): string {
  const kept = dayTexts[((day % 64) + 64) % 64] as (typeof dayTexts)[number];
  if (kept.day !== day) {
    kept.day = day;
    kept.text = new Date(day * secondsOfDay * 1000).toISOString().slice(0, 11);
  }
  return kept.text;
}

export function writeTimestamp({ $typeName, seconds, nanos }: Timestamp): string {
  const isValid =
    $typeName === "google.protobuf.Timestamp" &&
    typeof seconds === "bigint" &&
    seconds >= firstSecond &&
    seconds <= lastSecond &&
    Number.isInteger(nanos) &&
    nanos >= 0 &&
    nanos <= 999_999_999;
  if (!isValid) {
    fallBack();
  }
  const time = Number(seconds);
  const day = Math.floor(time / secondsOfDay);
  const second = time - day * secondsOfDay;
  const [hours, minutes] = [Math.floor(second / 3600), Math.floor(second / 60) % 60];
  return `"${dayText(day)}${twoDigits[hours]}:${twoDigits[minutes]}:${twoDigits[second % 60]}${fractionOf(nanos)}Z"`;
}

/** Returns a fraction with three, six or nine digits, or nothing. */
function fractionOf(nanos: number): string {
  if (nanos === 0) {
    return "";
  }
  const digits = String(nanos).padStart(9, "0");
  return `.${digits.slice(0, nanos % 1_000_000 === 0 ? 3 : nanos % 1000 === 0 ? 6 : 9)}`;
}

const mostSeconds = 315_576_000_000n;

export function writeDuration({ $typeName, seconds, nanos }: Duration): string {
  const isValid =
    $typeName === "google.protobuf.Duration" &&
    typeof seconds === "bigint" &&
    seconds >= -mostSeconds &&
    seconds <= mostSeconds &&
    Number.isInteger(nanos) &&
    Math.abs(nanos) <= 999_999_999 &&
    !(seconds > 0n && nanos < 0) &&
    !(seconds < 0n && nanos > 0);
  if (!isValid) {
    fallBack();
  }
  const sign = seconds === 0n && nanos < 0 ? "-" : "";
  return `"${sign}${seconds}${fractionOf(Math.abs(nanos))}s"`;
}

/** Fields that a Timestamp and a Duration have. */
type Seconds = { seconds: bigint; nanos: number };

function decodeSeconds<T extends Timestamp | Duration>(r: BinaryInput, end: number, m: T): T {
  let seen = 0;
  r.enter();
  while (r.pos < end) {
    const tag = r.tag();
    if (tag === 8 && (seen & 1) === 0) {
      seen |= 1;
      m.seconds = r.int64();
    } else if (tag === 16 && (seen & 2) === 0) {
      seen |= 2;
      m.nanos = r.int32();
    } else if (tag >>> 3 === 1 || tag >>> 3 === 2) {
      fallBack();
    } else {
      r.unknown(m, tag);
    }
  }
  r.leave(end);
  return m;
}

function encodeSeconds(w: BinaryOutput, { seconds, nanos }: Seconds): void {
  if (seconds !== 0n) {
    w.tag(8);
    w.int64(seconds);
  }
  if (nanos !== 0) {
    w.tag(16);
    w.int32(nanos);
  }
}

export function decodeTimestamp(r: BinaryInput, end: number): Timestamp {
  return decodeSeconds(r, end, { $typeName: "google.protobuf.Timestamp", seconds: 0n, nanos: 0 });
}

export function encodeTimestamp(w: BinaryOutput, m: Timestamp): void {
  if (m.$typeName !== "google.protobuf.Timestamp") {
    fallBack();
  }
  encodeSeconds(w, m);
  if (m.$unknown !== undefined) {
    w.unknown(m.$unknown);
  }
}

export function decodeDuration(r: BinaryInput, end: number): Duration {
  return decodeSeconds(r, end, { $typeName: "google.protobuf.Duration", seconds: 0n, nanos: 0 });
}

export function encodeDuration(w: BinaryOutput, m: Duration): void {
  if (m.$typeName !== "google.protobuf.Duration") {
    fallBack();
  }
  encodeSeconds(w, m);
  if (m.$unknown !== undefined) {
    w.unknown(m.$unknown);
  }
}
