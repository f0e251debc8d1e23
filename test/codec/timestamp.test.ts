import { describe, expect, it } from "vitest";
import { parseTimestamp } from "../../src/codec/timestamp.ts";

const pad = (value: number, length: number) => String(value).padStart(length, "0");

/** Days of a month by the table of the Gregorian calendar. */
function daysOf(year: number, month: number): number {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (isLeapYear ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

describe("parseTimestamp", () => {
  it.each([
    ["1970-01-01T00:00:00Z", 0n, 0],
    ["1969-12-31T23:59:59Z", -1n, 0],
    ["1969-12-31T23:59:59.5Z", -1n, 500_000_000],
    ["2026-01-31T08:00:00.000000001Z", 1_769_846_400n, 1],
    ["2026-01-31T08:00:00.1Z", 1_769_846_400n, 100_000_000],
    ["2026-01-31T08:00:00.123456789Z", 1_769_846_400n, 123_456_789],
    ["2024-02-29T00:00:00Z", 1_709_164_800n, 0],
    ["2000-02-29T00:00:00Z", 951_782_400n, 0],
    ["2000-03-01T00:00:00Z", 951_868_800n, 0],
    ["0001-01-01T00:00:00Z", -62_135_596_800n, 0],
    ["9999-12-31T23:59:59.999999999Z", 253_402_300_799n, 999_999_999],
    ["1970-01-01T01:30:00+01:30", 0n, 0],
    ["1969-12-31T18:30:00-05:30", 0n, 0],
    ["1970-01-01T00:00:00-00:00", 0n, 0],
    ["1970-01-01T23:59:00+23:59", 0n, 0],
    ["0000-12-31T23:00:00-01:00", -62_135_596_800n, 0],
  ])("parseTimestamp parses %s", (text, seconds, nanos) => {
    const timestamp = parseTimestamp(text);
    expect([timestamp?.seconds, timestamp?.nanos]).toEqual([seconds, nanos]);
  });

  it("parseTimestamp agrees with Date on each day from 1890 to 2110", () => {
    for (let ms = Date.UTC(1890, 0, 1); ms < Date.UTC(2110, 0, 1); ms += 86_400_000) {
      expect(parseTimestamp(new Date(ms).toISOString())?.seconds).toBe(BigInt(ms / 1000));
    }
  });

  it.each([2023, 2024, 1900, 2000, 2100, 1, 9999])(
    "parseTimestamp accepts only the days that each month of %i has",
    (year) => {
      for (let month = 1; month <= 12; month++) {
        const ofDay = (day: number) => `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T00:00:00Z`;
        const days = daysOf(year, month);
        const accepted = Array.from({ length: 100 }, (_, day) => day).filter(
          (day) => parseTimestamp(ofDay(day)) !== undefined,
        );
        expect([month, accepted]).toEqual([month, Array.from({ length: days }, (_, index) => index + 1)]);
      }
    },
  );

  it.each([
    ["day 32 of December", "2023-12-32T00:00:00Z"],
    ["30 February of a leap year", "2024-02-30T00:00:00Z"],
    ["30 February", "2026-02-30T00:00:00Z"],
    ["29 February of a common year", "2026-02-29T00:00:00Z"],
    ["29 February of 2100", "2100-02-29T00:00:00Z"],
    ["31 April", "2026-04-31T00:00:00Z"],
    ["day 0", "2026-01-00T00:00:00Z"],
    ["day 32", "2026-01-32T00:00:00Z"],
    ["month 0", "2026-00-01T00:00:00Z"],
    ["month 13", "2026-13-01T00:00:00Z"],
    ["a lower-case t", "1970-01-01t00:00:00Z"],
    ["a lower-case z", "1970-01-01T00:00:00z"],
    ["a lower-case z after a fraction", "1970-01-01T00:00:00.5z"],
    ["a lower-case t before an offset", "1970-01-01t00:00:00+01:00"],
    ["a leap second at an offset", "2017-01-01T00:59:60+01:00"],
    ["a day of a week", "2026-W05-6T00:00:00Z"],
    ["a day of a year", "2026-031T00:00:00Z"],
    ["hour 24", "2026-01-01T24:00:00Z"],
    ["minute 60", "2026-01-01T00:60:00Z"],
    ["a leap second", "2016-12-31T23:59:60Z"],
    ["an offset of 24 hours", "2026-01-01T00:00:00+24:00"],
    ["an offset of 60 minutes", "2026-01-01T00:00:00+01:60"],
    ["year 0", "0000-12-31T23:59:59Z"],
    ["before year 1 by its offset", "0001-01-01T00:00:00+00:01"],
    ["after year 9999 by its offset", "9999-12-31T23:59:59-00:01"],
    ["year 10000", "10000-01-01T00:00:00Z"],
    ["a signed year", "+2026-01-01T00:00:00Z"],
    ["a year of two digits", "26-01-01T00:00:00Z"],
    ["no zone", "2026-01-01T00:00:00"],
    ["no time", "2026-01-01"],
    ["no seconds", "2026-01-01T00:00Z"],
    ["a space instead of T", "2026-01-01 00:00:00Z"],
    ["a fraction without digits", "2026-01-01T00:00:00.Z"],
    ["ten digits of fraction", "2026-01-01T00:00:00.1234567890Z"],
    ["a comma before the fraction", "2026-01-01T00:00:00,5Z"],
    ["a fraction without a zone", "2026-01-01T00:00:00.5"],
    ["an offset without a colon", "2026-01-01T00:00:00+0100"],
    ["an offset of hours alone", "2026-01-01T00:00:00+01"],
    ["an offset with seconds", "2026-01-01T00:00:00+01:00:00"],
    ["Z and an offset", "2026-01-01T00:00:00Z+01:00"],
    ["a typographic minus sign", "2026-01-01T00:00:00−01:00"],
    ["other separators", "2026/01/01T00:00:00Z"],
    ["dots instead of colons", "2026-01-01T00.00.00Z"],
    ["a sign instead of a digit", "2026-01-01T00:00:+1Z"],
    ["a space instead of a digit", "2026- 1-01T00:00:00Z"],
    ["text before", " 2026-01-01T00:00:00Z"],
    ["text after", "2026-01-01T00:00:00Z "],
    ["a trailing line break", "2026-01-01T00:00:00Z\n"],
    ["digits of another script", "２０２６-01-01T00:00:00Z"],
    ["a number", "1769846400"],
    ["words", "yesterday"],
    ["an empty text", ""],
  ])("parseTimestamp rejects %s: %j", (_, text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});
