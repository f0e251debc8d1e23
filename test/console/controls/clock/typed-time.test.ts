import { afterEach, describe, expect, it, vi } from "vitest";
import {
  localText,
  localZoneName,
  parseTime,
  pickerText,
} from "../../../../src/console/controls/clock/typed-time.ts";
import { utcText } from "../../../../src/console/ui/time-text.ts";

afterEach(() => vi.unstubAllEnvs());

/** Returns a parsed time as ISO text. */
function parsed(text: string, zone: "UTC" | "local" = "UTC"): string | undefined {
  const ms = parseTime(text, zone);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

describe("a typed time", () => {
  it.each([
    ["2026-12-24T18:00:00Z", "2026-12-24T18:00:00.000Z"],
    [" 2026-12-24t18:00:00z ", "2026-12-24T18:00:00.000Z"],
    ["2026-12-24 18:00:00 UTC", "2026-12-24T18:00:00.000Z"],
    ["2026-12-24T18:00:00.123456789Z", "2026-12-24T18:00:00.123Z"],
    ["2026-12-24T18:00:00.5Z", "2026-12-24T18:00:00.500Z"],
    ["2026-12-24T18:00+01:00", "2026-12-24T17:00:00.000Z"],
    ["2026-12-24T18:00-0530", "2026-12-24T23:30:00.000Z"],
    ["2026-12-24 18:00", "2026-12-24T18:00:00.000Z"],
    ["2026-12-24", "2026-12-24T00:00:00.000Z"],
    ["2028-02-29", "2028-02-29T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
    ["1960-01-01", "1960-01-01T00:00:00.000Z"],
  ])("%j is %s", (text, iso) => {
    expect(parsed(text)).toBe(iso);
  });

  it.each([
    "",
    "now",
    "2026-02-29",
    "2026-13-01",
    "2026-12-24T24:00:00Z",
    "2026-12-24T18:60:00Z",
    "2026-12-24T18:00:00+99:00",
    "2026-12-24T18",
    "24.12.2026",
    "2026-12-24T18:00:00Zulu",
    "12026-12-24",
  ])("%j is none", (text) => {
    expect(parsed(text)).toBeUndefined();
  });

  it("without a zone is read in the chosen one, and with one in its own", () => {
    vi.stubEnv("TZ", "Asia/Kathmandu");
    expect(localZoneName()).toMatch(/^Asia\/Kat[h]?mandu$/);
    expect(parsed("2026-12-24 18:00", "local")).toBe("2026-12-24T12:15:00.000Z");
    expect(parsed("2026-12-24 18:00", "UTC")).toBe("2026-12-24T18:00:00.000Z");
    expect(parsed("2026-12-24 18:00Z", "local")).toBe("2026-12-24T18:00:00.000Z");
    const ms = Date.parse("2026-12-24T12:15:00Z");
    expect(pickerText(ms, "local")).toBe("2026-12-24T18:00");
    expect(localText(ms)).toBe("2026-12-24 18:00:00 GMT+5:45");
  });

  it("follows summer time in the zone of the browser", () => {
    vi.stubEnv("TZ", "Europe/Berlin");
    expect(parsed("2026-07-01", "local")).toBe("2026-06-30T22:00:00.000Z");
    expect(parsed("2026-12-01", "local")).toBe("2026-11-30T23:00:00.000Z");
    expect(pickerText(Date.parse("2026-06-30T22:00:00Z"), "local")).toBe("2026-07-01T00:00");
  });

  it("is shown in UTC, and picked back", () => {
    const ms = Date.parse("2026-12-24T18:00:05Z");
    expect(utcText(ms)).toBe("2026-12-24 18:00:05 UTC");
    expect(parseTime(pickerText(ms, "UTC"), "UTC")).toBe(ms);
  });
});
