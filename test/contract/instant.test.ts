import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ceilToMs, floorToMs, formatInstant, instantOf } from "../../src/contract/instant.ts";

const timestamp = (seconds: bigint, nanos: number) => create(TimestampSchema, { seconds, nanos });

describe("floorToMs and ceilToMs", () => {
  it.each([
    [0, 0, 0, 0],
    [0, 1, 0, 1],
    [0, 1_000_000, 1, 1],
    [0, 1_000_001, 1, 2],
    [0, 999_999_999, 999, 1_000],
    [-1, 999_999_999, -1, 0],
    [-1, 0, -1_000, -1_000],
    [253_402_300_799, 999_999_999, 253_402_300_799_999, 253_402_300_800_000],
  ])("round %i s and %i ns to %i ms and %i ms", (seconds, nanos, floor, ceil) => {
    expect(floorToMs({ seconds, nanos })).toBe(floor);
    expect(ceilToMs({ seconds, nanos })).toBe(ceil);
  });
});

describe("formatInstant", () => {
  it.each([
    [0n, 0, "1970-01-01T00:00:00Z"],
    [1_772_366_400n, 0, "2026-03-01T12:00:00Z"],
    [1_772_366_400n, 500_000_000, "2026-03-01T12:00:00.500Z"],
    [1_772_366_400n, 1_000_000, "2026-03-01T12:00:00.001Z"],
    [1_772_366_400n, 1_000, "2026-03-01T12:00:00.000001Z"],
    [1_772_366_400n, 1, "2026-03-01T12:00:00.000000001Z"],
    [1_772_366_400n, 120_000_000, "2026-03-01T12:00:00.120Z"],
    [-1n, 999_000_000, "1969-12-31T23:59:59.999Z"],
    [-62_135_596_800n, 0, "0001-01-01T00:00:00Z"],
    [253_402_300_799n, 999_999_999, "9999-12-31T23:59:59.999999999Z"],
  ])("formats %i s and %i ns as %s", (seconds, nanos, expected) => {
    expect(formatInstant(instantOf(timestamp(seconds, nanos)))).toBe(expected);
  });
});
