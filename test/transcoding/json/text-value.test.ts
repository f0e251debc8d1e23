import { create, type DescField, type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { assign, messageAssigner, type OpenMessage } from "../../../src/transcoding/json/assign.ts";
import { textReader } from "../../../src/transcoding/json/text-value.ts";
import { createViolationList } from "../../../src/transcoding/json/violations.ts";
import { everything, fieldOf, found } from "../fixtures/library.ts";

function read(name: string, text: string) {
  return found(textReader(fieldOf(name)), "text form")(text);
}

/** Returns the JSON of a message whose only field has the given value. */
function jsonOf(field: DescField, value: unknown): JsonValue | undefined {
  const message = create(everything) as OpenMessage;
  const violations = createViolationList();
  if (field.fieldKind === "message") {
    messageAssigner(field)(message, value as OpenMessage, "", violations);
  } else {
    assign(message, field, field.fieldKind === "list" ? [value] : value, "", violations);
  }
  return (toJson(everything, message) as Record<string, JsonValue>)[field.jsonName];
}

describe("textReader", () => {
  it.each([
    ["bool_value", "true", true],
    ["optional_bool", "false", false],
    ["bool_wrapper", "false", false],
    ["int32_value", "-2147483648", -2147483648],
    ["uint32_value", "4294967295", 4294967295],
    ["int64_value", "-9223372036854775808", "-9223372036854775808"],
    ["uint64_value", "18446744073709551615", "18446744073709551615"],
    ["long_text", "9007199254740993", "9007199254740993"],
    ["int64_wrapper", "9007199254740993", "9007199254740993"],
    ["optional_int32", "0", 0],
    ["double_value", "-1.5e3", -1500],
    ["float_value", "Infinity", "Infinity"],
    ["double_wrapper", "NaN", "NaN"],
    ["kind", "ATLAS", "ATLAS"],
    ["kind", "1", "NOVEL"],
    ["kind", "-7", -7],
    ["kinds", "2", ["ATLAS"]],
    ["bytes_value", "+/8=", "+/8="],
    ["bytes_value", "-_8", "+/8="],
    ["bytes_wrapper", "-_8=", "+/8="],
    ["time", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"],
    ["times", "2026-01-31T08:00:00Z", ["2026-01-31T08:00:00Z"]],
    ["duration", "1.5s", "1.500s"],
    ["mask", "stringValue,part.count", "stringValue,part.count"],
    ["string_wrapper", "", ""],
    ["int64_wrappers", "1", ["1"]],
    ["texts", "a,b", ["a,b"]],
  ])("textReader accepts for %s the text %j", (name, text, json) => {
    const value = read(name, text);
    expect("value" in value ? jsonOf(fieldOf(name), value.value) : value).toEqual(json);
  });

  it.each([
    ["bool_value", ["True", "TRUE", "1", "0", "", "yes", " true"]],
    ["bool_wrapper", ["True", "1", ""]],
    ["int32_value", ["", "1.0", "1e3", "0x10", " 1", "+1", "01", "2147483648", "NaN", "1,2"]],
    ["uint32_value", ["-1", "4294967296"]],
    ["int64_value", ["9223372036854775808", "1.5", "1e3", "", "--1"]],
    ["uint64_value", ["-1", "18446744073709551616"]],
    ["long_text", ["9223372036854775808", "1e3"]],
    ["int32_wrapper", ["", "1.0", "1e3", "0x10", "2147483648"]],
    ["double_value", ["", "1e400", "0x10", "inf", "1,5", "."]],
    ["kind", ["atlas", "", "1.0", "2147483648", "99999999999", "__proto__", "constructor"]],
    ["bytes_value", ["a", "A=A=", "AA AA", "*"]],
    ["time", ["2026-02-30T00:00:00Z", "2026-01-31", "", "1769846400"]],
    ["duration", ["1", "1s2", ""]],
    ["mask", ["string_value"]],
    ["string_value", ["\ud800"]],
  ])("textReader rejects for %s each of %j", (name, texts) => {
    expect(texts.map((text) => read(name, text))).toEqual(
      texts.map(() => ({ expected: expect.stringMatching(/^must be /) })),
    );
  });

  it.each([
    "part",
    "nested",
    "parts",
    "labels",
    "parts_by_name",
    "struct",
    "value",
    "list_value",
    "any",
    "structs",
  ])("textReader returns undefined for %s, which has no text form", (name) => {
    expect(textReader(fieldOf(name))).toBeUndefined();
  });

  it.each([
    ["mask", '"a,b"'],
    ["mask", '"a'],
    ["mask", 'a,b"'],
    ["mask", '"a","b"'],
    ["mask", "'a,b'"],
    ["time", '"2026-01-31T08:00:00Z"'],
    ["duration", '"1.5s"'],
    ["kind", '"ATLAS"'],
    ["kind", '"1"'],
    ["bool_value", '"true"'],
    ["bool_wrapper", '"true"'],
    ["int32_value", '"1"'],
    ["int64_value", '"1"'],
    ["int64_wrapper", '"1"'],
    ["double_value", '"1.5"'],
    ["double_wrapper", '"NaN"'],
    ["bytes_value", '"YQ=="'],
    ["bytes_wrapper", '"YQ=="'],
  ])("textReader rejects the JSON form with its quotes for %s: %s", (name, text) => {
    expect(read(name, text)).toMatchObject({ expected: expect.stringMatching(/^must be /) });
  });

  it.each([
    ["string_value", '"a"'],
    ["string_wrapper", '"a"'],
  ])("textReader reads quotes as part of the text for %s", (name, text) => {
    expect(jsonOf(fieldOf(name), (read(name, text) as { value: unknown }).value)).toBe(text);
  });
});
