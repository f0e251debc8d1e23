import { describe, expect, it } from "vitest";
import { parseAsn, parseTime } from "../../../src/cli/options/parse-options.ts";

describe("parseAsn", () => {
  it.each(["65001", "AS65001", "as65001", "operators/65001"])("parses %s", (text) => {
    expect(parseAsn(text)).toBe(65001);
  });

  it.each([
    ...["", "AS", "operators/", "AS065001", "ASAS65001", "AS65001 ", "operators/AS65001", "AS4294967296"],
    ...["operators/65001/planStatuses/a", "-1", "AS-1", "65.001", "0"],
  ])("rejects %j and says what is expected", (text) => {
    expect(() => parseAsn(text)).toThrow(
      "must be an ASN from 1 to 4294967295, without leading zeros, such as 65001, AS65001 or operators/65001",
    );
  });
});

describe("parseTime", () => {
  it.each([
    ["1970-01-01T00:00:00Z", 0],
    ["2027-01-15T12:00:00+02:00", Date.UTC(2027, 0, 15, 10)],
    ["2027-01-15T12:00:00.123456Z", Date.UTC(2027, 0, 15, 12, 0, 0, 123)],
    ["9999-12-31T23:59:59Z", Date.UTC(9999, 11, 31, 23, 59, 59)],
  ])("parses %s", (text, time) => {
    expect(parseTime(text).getTime()).toBe(time);
  });

  it.each([
    "",
    "now",
    "tomorrow",
    "2027-01-15",
    "2027-02-30T00:00:00Z",
    "2027-01-15T12:00:00",
    "2027-01-15t12:00:00z",
    "1969-12-31T23:59:59.999Z",
    "10000-01-01T00:00:00Z",
    "1800000000",
  ])("rejects %j and says what is expected", (text) => {
    expect(() => parseTime(text)).toThrow(/must be a time in RFC 3339 from 1970 to 9999/);
  });
});
