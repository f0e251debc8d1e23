import type { Timestamp } from "@bufbuild/protobuf/wkt";

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/**
 * Parses a time in proto3 JSON: RFC 3339 with upper-case `T` and `Z`, from year 1 to 9999, without leap seconds. Returns
 * undefined for any other text and for days that do not exist (`Date.parse` reads 30 February as a day in March). Avoids regular expressions, because each match would allocate.
 */
export function parseTimestamp(text: string): Timestamp | undefined {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const separated =
    text[4] === "-" && text[7] === "-" && text[10] === "T" && text[13] === ":" && text[16] === ":";
  // A part that is not digits is NaN, which is in no range.
  if (!separated || !(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) {
    return undefined;
  }
  if (!(hour <= 23 && minute <= 59 && second <= 59)) {
    return undefined;
  }
  const zone = endOfFraction(text);
  const nanos = zone === 19 ? 0 : digits(text, 20, zone - 20) * 10 ** (29 - zone);
  const offset = offsetSeconds(text, zone);
  const seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
  if (!(seconds >= firstSecond && seconds <= lastSecond && nanos >= 0)) {
    return undefined;
  }
  return { $typeName: "google.protobuf.Timestamp", seconds: BigInt(seconds), nanos };
}

/** Returns the number that some digits spell, or NaN if one of them is not a digit. */
function digits(text: string, start: number, length: number): number {
  let value = 0;
  for (let index = start; index < start + length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) {
      return Number.NaN;
    }
    value = value * 10 + digit;
  }
  return value;
}

/** Returns the index of the zone: after the seconds, or after a point and one to nine digits. */
function endOfFraction(text: string): number {
  if (text[19] !== ".") {
    return 19;
  }
  let end = 20;
  while (end < 29 && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) {
    end += 1;
  }
  // A point without digits: the text has no valid zone.
  return end === 20 ? text.length : end;
}

/** Returns the offset from UTC that the rest of the text specifies, in seconds; NaN if it is invalid. */
function offsetSeconds(text: string, zone: number): number {
  const sign = text[zone];
  if (sign === "Z") {
    return text.length === zone + 1 ? 0 : Number.NaN;
  }
  const hours = digits(text, zone + 1, 2);
  const minutes = digits(text, zone + 4, 2);
  const isOffset = (sign === "+" || sign === "-") && text[zone + 3] === ":" && text.length === zone + 6;
  if (!isOffset || !(hours <= 23 && minutes <= 59)) {
    return Number.NaN;
  }
  return (sign === "-" ? -1 : 1) * (hours * 3600 + minutes * 60);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysIn(year: number, month: number): number {
  const days = (daysBefore[month] ?? 0) - (daysBefore[month - 1] ?? 0);
  return month === 2 && isLeap(year) ? days + 1 : days;
}

function daysSince1970(year: number, month: number, day: number): number {
  const before = year - 1;
  const leaps = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const thisYear = (daysBefore[month - 1] ?? 0) + (month > 2 && isLeap(year) ? 1 : 0);
  return before * 365 + leaps + thisYear + day - 1 - 719_162;
}
