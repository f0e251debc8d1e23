import { create } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/**
 * Reads an RFC 3339 time, as proto3 JSON has it. Returns undefined for everything else, and for days that do not
 * exist: `Date.parse` would take 30 February for a day in March.
 */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = rfc3339.exec(text);
  if (match === null) {
    return undefined;
  }
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6]);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) {
    return undefined;
  }
  if (hour > 23 || minute > 59 || second > 59) {
    return undefined;
  }
  const offset = offsetSeconds(match[8], Number(match[9]), Number(match[10]));
  if (offset === undefined) {
    return undefined;
  }
  const seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
  if (seconds < firstSecond || seconds > lastSecond) {
    return undefined;
  }
  const timestamp = create(TimestampSchema);
  timestamp.seconds = BigInt(seconds);
  timestamp.nanos = match[7] === undefined ? 0 : Number(match[7].padEnd(9, "0"));
  return timestamp;
}

function offsetSeconds(sign: string | undefined, hours: number, minutes: number): number | undefined {
  if (sign === undefined) {
    return 0;
  }
  if (hours > 23 || minutes > 59) {
    return undefined;
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
