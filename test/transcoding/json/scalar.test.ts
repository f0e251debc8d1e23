import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LongNumber } from "../../../src/transcoding/json/long-number.ts";
import { enumReader, type Read, scalarReader } from "../../../src/transcoding/json/scalar.ts";
import { fieldOf, found } from "../fixtures/library.ts";

function read(name: string, json: unknown): Read {
  const field = fieldOf(name);
  return field.enum === undefined
    ? scalarReader(field, found(field.scalar, "scalar"))(json)
    : enumReader(field.enum)(json);
}

const ranges = {
  int32: "must be an integer from -2147483648 to 2147483647",
  uint32: "must be an integer from 0 to 4294967295",
  int64: "must be an integer from -9223372036854775808 to 9223372036854775807",
  uint64: "must be an integer from 0 to 18446744073709551615",
};
const inexact = "must be written as a string: beyond 2^53 a JSON number loses digits";

describe("scalarReader", () => {
  it.each([
    ["double_value", 1.5, 1.5],
    ["double_value", "1.5e3", 1500],
    ["double_value", -0, -0],
    ["double_value", "NaN", Number.NaN],
    ["double_value", "Infinity", Number.POSITIVE_INFINITY],
    ["double_value", "-Infinity", Number.NEGATIVE_INFINITY],
    ["double_value", Number.MAX_VALUE, Number.MAX_VALUE],
    ["float_value", 3.4028234663852886e38, 3.4028234663852886e38],
    ["float_value", "-Infinity", Number.NEGATIVE_INFINITY],
    ["int32_value", -2147483648, -2147483648],
    ["sint32_value", "2147483647", 2147483647],
    ["sfixed32_value", 1.0, 1],
    ["int32_value", "1e3", 1000],
    ["uint32_value", 4294967295, 4294967295],
    ["fixed32_value", "0", 0],
    ["int64_value", 9007199254740991, 9007199254740991n],
    ["int64_value", "9007199254740993", 9007199254740993n],
    ["sint64_value", "-9223372036854775808", -(2n ** 63n)],
    ["sfixed64_value", "9223372036854775807", 2n ** 63n - 1n],
    ["uint64_value", "18446744073709551615", 2n ** 64n - 1n],
    ["fixed64_value", "1.8446744073709551615e19", 2n ** 64n - 1n],
    ["int64_value", "1e0018", 10n ** 18n],
    ["int64_value", `${"1".padEnd(70, "0")}e-69`, 1n],
    ["int64_value", `1.${"0".repeat(70)}`, 1n],
    ["int64_value", `0.${"0".repeat(70)}1e71`, 1n],
    ["int64_value", "0e999999", 0n],
    ["int32_value", `0.${"0".repeat(70)}1e71`, 1],
    ["int32_value", -0, 0],
    ["int32_value", "-0", 0],
    ["int64_value", "1.0", 1n],
    ["int64_value", "100e-2", 1n],
    ["int64_value", "0e-5", 0n],
    ["int64_value", "-0", 0n],
    ["int64_value", -5e3, -5000n],
    ["long_text", 5, "5"],
    ["long_text", "-9223372036854775808", "-9223372036854775808"],
    ["ulong_text", "1e2", "100"],
    ["bool_value", false, false],
    ["string_value", "", ""],
    ["string_value", "😀\u0000", "😀\u0000"],
    ["bytes_value", "", new Uint8Array()],
    ["bytes_value", "+/8=", new Uint8Array([0xfb, 0xff])],
    ["bytes_value", "-_8", new Uint8Array([0xfb, 0xff])],
    ["bytes_value", "AAEC", new Uint8Array([0, 1, 2])],
  ])("scalarReader accepts for %s the value %j", (name, json, value) => {
    expect(read(name, json)).toEqual({ value });
  });

  it.each([
    ["double_value", true, "must be a number, not a boolean"],
    ["double_value", null, "must be a number, not null"],
    ["double_value", "", "must be a number, not a string"],
    ["double_value", " 1", "must be a number, not a string"],
    ["double_value", "0x10", "must be a number, not a string"],
    ["double_value", "+1", "must be a number, not a string"],
    ["double_value", "1.", "must be a number, not a string"],
    ["double_value", "infinity", "must be a number, not a string"],
    ["double_value", "1e400", "must be within the range of a double"],
    ["double_value", JSON.parse("-1e400"), "must be within the range of a double"],
    ["float_value", 3.5e38, "must be within the range of a float"],
    ["float_value", "-1e39", "must be within the range of a float"],
    ["int32_value", 2147483648, ranges.int32],
    ["int32_value", -2147483649, ranges.int32],
    ["int32_value", 0.5, ranges.int32],
    ["int32_value", "1.5", ranges.int32],
    ["int32_value", "1.00000000000000001", ranges.int32],
    ["int32_value", "1e-400", ranges.int32],
    ["int32_value", "", ranges.int32],
    ["int32_value", "01", ranges.int32],
    ["int32_value", " 1", ranges.int32],
    ["int32_value", "0x10", ranges.int32],
    ["int32_value", "NaN", ranges.int32],
    ["int32_value", true, ranges.int32],
    ["int32_value", [1], ranges.int32],
    ["uint32_value", -1, ranges.uint32],
    ["fixed32_value", 4294967296, ranges.uint32],
    ["int64_value", "9223372036854775808", ranges.int64],
    ["int64_value", "-9223372036854775809", ranges.int64],
    ["int64_value", "9".repeat(10_000), ranges.int64],
    ["int64_value", "1e99", ranges.int64],
    ["int64_value", "1e999999999", ranges.int64],
    ["int64_value", "1.5", ranges.int64],
    ["int64_value", "5e-1", ranges.int64],
    ["int64_value", 0.5, ranges.int64],
    ["int64_value", "0x10", ranges.int64],
    ["int64_value", "", ranges.int64],
    ["int64_value", "007", ranges.int64],
    ["int64_value", false, ranges.int64],
    ["uint64_value", "-1", ranges.uint64],
    ["uint64_value", "18446744073709551616", ranges.uint64],
    ["long_text", "9223372036854775808", ranges.int64],
    ["ulong_text", {}, ranges.uint64],
    ["bool_value", "true", "must be true or false, not a string"],
    ["bool_value", 1, "must be true or false, not a number"],
    ["string_value", 1, "must be a string, not a number"],
    ["string_value", ["a"], "must be a string, not an array"],
    ["bytes_value", "a", "must be base64"],
    ["bytes_value", "AA AA", "must be base64"],
    ["bytes_value", "AA=A", "must be base64"],
    ["bytes_value", "A===", "must be base64"],
    ["bytes_value", "=", "must be base64"],
    ["bytes_value", "€", "must be base64"],
    ["bytes_value", 1, "must be a base64 string, not a number"],
  ])("scalarReader rejects for %s the value %j", (name, json, expected) => {
    expect(read(name, json)).toEqual({ expected });
  });

  it.each([
    ["int64_value", "9223372036854774784", 9223372036854774784n],
    ["int64_value", "9223372036854775807", 2n ** 63n - 1n],
    ["int64_value", "-9223372036854775808", -(2n ** 63n)],
    ["sint64_value", "9007199254740993.0", 9007199254740993n],
    ["sfixed64_value", "1e18", 10n ** 18n],
    ["uint64_value", "18446744073709549568", 18446744073709549568n],
    ["fixed64_value", "18446744073709551615", 2n ** 64n - 1n],
    ["long_text", "9007199254740993", "9007199254740993"],
    ["double_value", "9007199254740993", 9007199254740992],
    ["double_value", "1.00000000000000001", 1],
    ["float_value", "9007199254740993", 9007199254740992],
  ])("scalarReader reads for %s the long JSON number %s exactly", (name, text, value) => {
    expect(read(name, new LongNumber(text))).toEqual({ value });
  });

  it.each([
    ["int64_value", "9223372036854775808", ranges.int64],
    ["int64_value", "-9223372036854775809", ranges.int64],
    ["int64_value", "9007199254740993.5", ranges.int64],
    ["int64_value", "1.00000000000000001", ranges.int64],
    ["int64_value", "1e-400", ranges.int64],
    ["int64_value", "1e19", ranges.int64],
    ["uint64_value", "18446744073709551616", ranges.uint64],
    ["uint64_value", "-9007199254740993", ranges.uint64],
    ["int32_value", "0.99999999999999999999", ranges.int32],
    ["uint32_value", "1e18", ranges.uint32],
    ["float_value", "1e300", "must be within the range of a float"],
    ["string_value", "1e18", "must be a string, not a number"],
    ["bool_value", "1e18", "must be true or false, not a number"],
    ["bytes_value", "1e18", "must be a base64 string, not a number"],
    ["kind", "1e18", "must be one of KIND_UNSPECIFIED, NOVEL, ATLAS"],
    ["kind", "1.00000000000000001", "must be one of KIND_UNSPECIFIED, NOVEL, ATLAS"],
  ])("scalarReader rejects for %s the long JSON number %s", (name, text, expected) => {
    expect(read(name, new LongNumber(text))).toEqual({ expected });
  });

  it.each([
    ["1.1", Math.fround(1.1)],
    [1.1, Math.fround(1.1)],
    [0.1 + 0.2, Math.fround(0.3)],
    [16777217, 16777216],
    [1e-46, 0],
    [-0, -0],
    [3.4028235e38, 3.4028234663852886e38],
    ["NaN", Number.NaN],
  ])("scalarReader rounds a float to the precision of a float: %j", (json, value) => {
    expect(read("float_value", json)).toEqual({ value });
  });

  it.each([
    ["int64_value", "9007199254740992"],
    ["int64_value", "9007199254740993"],
    ["int64_value", "-9007199254740993"],
    ["uint64_value", "18446744073709551615"],
    ["long_text", "9007199254740993"],
  ])("scalarReader rejects for %s the number %s that JSON.parse alone has rounded", (name, text) => {
    expect(read(name, JSON.parse(text))).toEqual({ expected: inexact });
    expect(read(name, text)).toHaveProperty("value");
  });

  it.each(["\ud800", "a\udc00b", "\udc00\ud800"])(
    "scalarReader rejects an unpaired surrogate: %j",
    (json) => {
      expect(read("string_value", json)).toEqual({
        expected: "must be valid Unicode: it has an unpaired surrogate",
      });
    },
  );
});

describe("enumReader", () => {
  it.each([
    ["ATLAS", 2],
    [1, 1],
    [7, 7],
    [-2147483648, -2147483648],
    [2147483647, 2147483647],
  ])("enumReader accepts %j", (json, value) => {
    expect(read("kind", json)).toEqual({ value });
  });

  it("enumReader suggests the name that is meant, but not the one of the unspecified value", () => {
    const expected = "must be one of KIND_UNSPECIFIED, NOVEL, ATLAS";
    expect(read("kind", "atlas")).toEqual({ expected: `${expected}; did you mean ATLAS?` });
    expect(read("kind", "NOVLE")).toEqual({ expected: `${expected}; did you mean NOVEL?` });
    expect(read("kind", "kind_unspecified")).toEqual({ expected });
  });

  it.each(["2", "", 1.5, 2147483648, -2147483649, null, true, ["ATLAS"], "__proto__", "constructor"])(
    "enumReader rejects %j",
    (json) => {
      expect(read("kind", json)).toEqual({ expected: "must be one of KIND_UNSPECIFIED, NOVEL, ATLAS" });
    },
  );

  const own = (values: { name: string; number: number; jsonName: string }[], open = true) =>
    enumReader({ values, open } as unknown as DescEnum);

  it("enumReader accepts the JSON name of a value", () => {
    const reader = own([{ name: "A", number: 1, jsonName: "a" }]);
    expect([reader("A"), reader("a")]).toEqual([{ value: 1 }, { value: 1 }]);
  });

  it("enumReader accepts for a closed enum only its own numbers", () => {
    const reader = own([{ name: "A", number: 1, jsonName: "A" }], false);
    expect([reader(1), reader(2)]).toEqual([{ value: 1 }, { expected: "must be one of A" }]);
  });

  it("enumReader lists at most 20 names in a violation", () => {
    const values = Array.from({ length: 21 }, (_, number) => ({
      name: `K${number}`,
      number,
      jsonName: `K${number}`,
    }));
    expect(own(values)("x")).toEqual({ expected: expect.stringMatching(/^must be one of K0, .*K19, …$/) });
  });
});

it("scalarReader returns a reader for every scalar type", () => {
  const types = Object.values(ScalarType).filter((value) => typeof value === "number");
  expect(types.map((type) => typeof scalarReader(fieldOf("int32_value"), type))).toEqual(
    types.map(() => "function"),
  );
});
