import { describe, expect, it } from "vitest";
import { Expected } from "../../../../src/push/input/csv/cell-reader.ts";
import { amountReader, integerReader } from "../../../../src/push/input/csv/numbers.ts";
import { timeReader } from "../../../../src/push/input/csv/times.ts";
import { userKeyReader } from "../../../../src/push/input/csv/user-key.ts";
import { zoneOf } from "../../../../src/push/input/csv/zones.ts";

const shown = (value: string | Expected) => (value instanceof Expected ? "invalid" : value);

function reader<Options>(create: (options: Options) => unknown, options: Options) {
  const read = create(options);
  if (typeof read !== "function") {
    throw new Error((read as Expected).what);
  }
  return (text: string) => shown(read(text));
}

describe("the reader of whole numbers", () => {
  const read = reader(integerReader, { field: "quota_bytes", isText: true });

  it.each([
    ["0", '"0"'],
    ["0042", '"42"'],
    [" 7 ", '"7"'],
    ["-5", '"-5"'],
    ["9223372036854775807", '"9223372036854775807"'],
    ["1024.0", '"1024"'],
    ["1024.00", "invalid"],
    ["1.024", "invalid"],
    ["1,024", "invalid"],
    ["1e3", "invalid"],
    ["x", "invalid"],
  ])("reads %s as %s", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ["quota_bytes", "MB", "2048", '"2048000000"'],
    ["quota_bytes", "MiB", "2048", '"2147483648"'],
    ["quota_bytes", "GB", "1.5", '"1500000000"'],
    ["quota_bytes", "GB", "1,5", '"1500000000"'],
    ["quota_bytes", "GiB", "0.1", '"107374182"'],
    ["quota_bytes", "TB", "9223372.036854775807", '"9223372036854775807"'],
    ["used_bytes", "kB", "-0.0001", '"0"'],
    ["remaining_minutes", "h", "1.5", '"90"'],
    ["max_rate_kbps", "Mbit/s", "7.2", '"7200"'],
  ])("reads %s in %s: %s as %s", (field, unit, text, expected) => {
    expect(reader(integerReader, { field, unit, isText: true })(text)).toBe(expected);
  });

  it.each([
    ["quota_bytes", "mb", /^one of B, kB/],
    ["quota_bytes", "constructor", /^one of B/],
    ["something", "MB", /^left out/],
  ])("does not accept %s in %s", (field, unit, expected) => {
    expect(() => reader(integerReader, { field, unit, isText: true })).toThrow(expected);
  });
});

describe("the reader of amounts", () => {
  it.each<[string, "." | "," | undefined, string]>([
    ["12.50", undefined, '"units":"12","nanos":500000000'],
    ["12,50", undefined, '"units":"12","nanos":500000000'],
    ["-0,05", undefined, '"units":"0","nanos":-50000000'],
    ["-1.75", undefined, '"units":"-1","nanos":-750000000'],
    ["0", undefined, '"units":"0"'],
    ["-0", undefined, '"units":"0"'],
    [".5", undefined, '"units":"0","nanos":500000000'],
    ["5.", undefined, '"units":"5"'],
    ["+7", undefined, '"units":"7"'],
    ["1.234,56", undefined, '"units":"1234","nanos":560000000'],
    ["1,234.56", undefined, '"units":"1234","nanos":560000000'],
    ["1'234.56", undefined, '"units":"1234","nanos":560000000'],
    ["1 234,56", undefined, '"units":"1234","nanos":560000000'],
    ["1.234.567", undefined, '"units":"1234567"'],
    ["0.234", undefined, '"units":"0","nanos":234000000'],
    ["1234.567", undefined, '"units":"1234","nanos":567000000'],
    ["1.234", undefined, "invalid"],
    ["1,234", undefined, "invalid"],
    ["1.234", ",", '"units":"1234"'],
    ["1.234", ".", '"units":"1","nanos":234000000'],
    ["12.50", ",", "invalid"],
    ["12.34.56", undefined, "invalid"],
    ["1,2,3", undefined, "invalid"],
    ["0.1234567890", undefined, '"units":"0","nanos":123456789'],
    ["0.1234567891", undefined, "invalid"],
    ["12345678901234567890.99", undefined, '"units":"12345678901234567890","nanos":990000000'],
    ["12.50 EUR", undefined, "invalid"],
    ["€5", undefined, "invalid"],
    [".", undefined, "invalid"],
    ["1e2", undefined, "invalid"],
  ])("reads %s with decimal %s as %s", (text, decimal, expected) => {
    expect(shown(amountReader(decimal)(text))).toBe(expected);
  });
});

describe("the reader of times", () => {
  const berlin = zoneOf("Europe/Berlin");

  it.each([
    ["2026-12-01T12:00:00Z", "2026-12-01T12:00:00Z"],
    ["2026-12-01T12:00:00+01:00", "2026-12-01T11:00:00Z"],
    ["2026-12-01 12:00:00.123456789 -0530", "2026-12-01T17:30:00.123456789Z"],
    ["2026-12-01 12:00", "2026-12-01T11:00:00Z"],
    ["2026-07-01 12:00:00,5", "2026-07-01T10:00:00.5Z"],
    ["20261201120000", "2026-12-01T11:00:00Z"],
    ["20261201T120000Z", "2026-12-01T12:00:00Z"],
    ["2026-12-01", "2026-11-30T23:00:00Z"],
    ["20261201", "2026-11-30T23:00:00Z"],
    // Clocks skip 02:00 to 03:00.
    ["2026-03-29 02:30", "2026-03-29T01:30:00Z"],
    // Clocks show 02:00 to 03:00 twice.
    ["2026-10-25 02:30", "2026-10-25T00:30:00Z"],
    ["2026-10-25 03:00", "2026-10-25T02:00:00Z"],
    ["2026-02-29", "invalid"],
    ["2026-12-01 24:00", "invalid"],
    ["2026-13-01", "invalid"],
    ["01.12.2026", "invalid"],
    ["1764547200", "invalid"],
    ["46357", "invalid"],
    ["", "invalid"],
  ])("reads %s in Europe/Berlin as %s", (text, expected) => {
    const value = reader(timeReader, { zone: berlin, isEnd: false })(text);
    expect(value.replaceAll('"', "")).toBe(expected);
  });

  it("reads a date alone as the end of its day where a time says until when", () => {
    const read = reader(timeReader, { zone: berlin, isEnd: true });
    expect(read("2026-12-31")).toBe('"2026-12-31T23:00:00Z"');
    expect(read("2026-10-25")).toBe('"2026-10-25T23:00:00Z"');
    expect(read("2026-12-31 00:00")).toBe('"2026-12-30T23:00:00Z"');
  });

  it.each([
    ["UTC", true, "9999-12-31", "9999-12-31T23:59:59Z"],
    ["-05:00", false, "9999-12-31 23:59:59,5", "9999-12-31T23:59:59Z"],
    ["America/New_York", true, "9999-12-31", "9999-12-31T23:59:59Z"],
    ["UTC", false, "9999-12-31T23:59:59.5-01:00", "9999-12-31T23:59:59Z"],
    ["UTC", false, "9999-12-31 23:59:59.5", "9999-12-31T23:59:59.5Z"],
    ["Europe/Berlin", true, "9999-12-31", "9999-12-31T23:00:00Z"],
  ])("ends with the year 9999: in %s, at the end of a day %s, %s is %s", (zone, isEnd, text, expected) => {
    expect(reader(timeReader, { zone: zoneOf(zone), isEnd })(text)).toBe(`"${expected}"`);
  });

  it.each([
    [undefined, "0001-01-01", /^a time in the years 1000 to 9999$/],
    ["epoch-seconds", "1796083200000", /at most 253402300799, .* year 9999$/],
    ["epoch-milliseconds", "253402300800000", /at most 253402300799999, .* year 9999$/],
    ["epoch-milliseconds", "9223372036854775807", /at most 253402300799999, /],
  ])("says what is wrong with a time outside of its years: with format %s, %s", (format, text, expected) => {
    const read = timeReader({ zone: berlin, format, isEnd: false });
    expect((read as (text: string) => Expected)(text).what).toMatch(expected);
  });

  it("requires a time zone for a time without an offset", () => {
    const read = timeReader({ zone: undefined, isEnd: false });
    expect((read as (text: string) => Expected)("2026-12-01 12:00").advice).toMatch(/--time-zone/);
    expect(reader(timeReader, { zone: undefined, isEnd: false })("2026-12-01T12:00Z")).toBe(
      '"2026-12-01T12:00:00Z"',
    );
  });

  it.each([
    ["DD.MM.YYYY", "31.12.2026", '"2026-12-30T23:00:00Z"'],
    ["D.M.YYYY H:mm", "1.2.2026 9:05", '"2026-02-01T08:05:00Z"'],
    ["MM/DD/YYYY HH:mm:ss", "12/31/2026 23:59:59", '"2026-12-31T22:59:59Z"'],
    ["YYYY.MM.DD", "2026-12-31", "invalid"],
    ["epoch-seconds", "1796083200", '"2026-12-01T00:00:00Z"'],
    ["epoch-seconds", "1796083200.25", '"2026-12-01T00:00:00.25Z"'],
    ["epoch-seconds", "1796083200000", "invalid"],
    ["epoch-milliseconds", "1796083200007", '"2026-12-01T00:00:00.007Z"'],
    ["epoch-milliseconds", "1796083200000.0", '"2026-12-01T00:00:00Z"'],
    ["epoch-milliseconds", "1796083200000.5", "invalid"],
    ["epoch-milliseconds", "253402300799999", '"9999-12-31T23:59:59.999Z"'],
  ])("reads %s by format: %s as %s", (format, text, expected) => {
    expect(reader(timeReader, { zone: berlin, format, isEnd: false })(text)).toBe(expected);
  });

  it.each(["DD.MM", "iso", "YYYY-MM-DD hh:mm"])("does not accept the format %s", (format) => {
    expect(timeReader({ zone: berlin, format, isEnd: false })).toBeInstanceOf(Expected);
  });
});

describe("a zone", () => {
  it.each([
    ["Europe/Berlin", 3_600_000],
    ["Asia/Kathmandu", 20_700_000],
    ["UTC", 0],
    ["Z", 0],
    ["+05:30", 19_800_000],
    ["-0800", -28_800_000],
  ])("of the name %s has the offset %s in winter", (name, expected) => {
    expect(zoneOf(name)?.(Date.UTC(2026, 0, 15, 12))).toBe(expected);
  });

  it.each(["Europe/Berlim", "", "+25:00", "CET+1", "+1"])("does not exist for the name %s", (name) => {
    expect(zoneOf(name)).toBeUndefined();
  });
});

describe("the reader of user keys", () => {
  it.each([
    ["+491701234567", false, '"+491701234567"'],
    ["4.917E+11", true, "invalid"],
    ["4,917E+11", true, "invalid"],
    ["491700000001.0", false, "invalid"],
    ["491700000001.0", true, '"491700000001"'],
    ["0049170", false, '"0049170"'],
    ['a"b', false, '"a\\"b"'],
  ])("reads %s with coerce %s as %s", (text, coerce, expected) => {
    expect(shown(userKeyReader(coerce)(text))).toBe(expected);
  });
});
