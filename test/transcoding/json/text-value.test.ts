import { create, type DescField, type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { assign, messageAssigner, type OpenMessage } from "../../../src/transcoding/json/assign.ts";
import { textReader } from "../../../src/transcoding/json/text-value.ts";
import { createViolationList } from "../../../src/transcoding/json/violations.ts";
import { everything, fieldOf, found } from "../fixtures/library.ts";

function read(name: string, text: string) {
  return found(textReader(fieldOf(name)), "text form")(text);
}

/** The JSON of a message with the one field that a text gives. */
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
    ["Q7", "bool_value", "true", true],
    ["Q7", "optional_bool", "false", false],
    ["Q7", "bool_wrapper", "false", false],
    ["Q8", "int32_value", "-2147483648", -2147483648],
    ["Q8", "uint32_value", "4294967295", 4294967295],
    ["Q8", "int64_value", "-9223372036854775808", "-9223372036854775808"],
    ["Q8", "uint64_value", "18446744073709551615", "18446744073709551615"],
    ["Q8", "long_text", "9007199254740993", "9007199254740993"],
    ["Q8", "int64_wrapper", "9007199254740993", "9007199254740993"],
    ["Q8", "optional_int32", "0", 0],
    ["Q8", "double_value", "-1.5e3", -1500],
    ["Q8", "float_value", "Infinity", "Infinity"],
    ["Q8", "double_wrapper", "NaN", "NaN"],
    ["Q10", "kind", "ATLAS", "ATLAS"],
    ["Q10", "kind", "1", "NOVEL"],
    ["Q10", "kind", "-7", -7],
    ["Q10", "kinds", "2", ["ATLAS"]],
    ["Q11", "bytes_value", "+/8=", "+/8="],
    ["Q11", "bytes_value", "-_8", "+/8="],
    ["Q11", "bytes_wrapper", "-_8=", "+/8="],
    ["Q12", "time", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"],
    ["Q12", "times", "2026-01-31T08:00:00Z", ["2026-01-31T08:00:00Z"]],
    ["Q12", "duration", "1.5s", "1.500s"],
    ["Q12", "mask", "stringValue,part.count", "stringValue,part.count"],
    ["Q12", "string_wrapper", "", ""],
    ["Q12", "int64_wrappers", "1", ["1"]],
    ["Q3", "texts", "a,b", ["a,b"]],
  ])("%s: %s takes %s", (_, name, text, json) => {
    const value = read(name, text);
    expect("value" in value ? jsonOf(fieldOf(name), value.value) : value).toEqual(json);
  });

  it.each([
    ["Q7", "bool_value", ["True", "TRUE", "1", "0", "", "yes", " true"]],
    ["Q7", "bool_wrapper", ["True", "1", ""]],
    ["Q8", "int32_value", ["", "1.0", "1e3", "0x10", " 1", "+1", "01", "2147483648", "NaN", "1,2"]],
    ["Q8", "uint32_value", ["-1", "4294967296"]],
    ["Q8", "int64_value", ["9223372036854775808", "1.5", "1e3", "", "--1"]],
    ["Q8", "uint64_value", ["-1", "18446744073709551616"]],
    ["Q8", "long_text", ["9223372036854775808", "1e3"]],
    ["Q8", "int32_wrapper", ["", "1.0", "1e3", "0x10", "2147483648"]],
    ["Q8", "double_value", ["", "1e400", "0x10", "inf", "1,5", "."]],
    ["Q10", "kind", ["atlas", "", "1.0", "2147483648", "99999999999", "__proto__", "constructor"]],
    ["Q11", "bytes_value", ["a", "A=A=", "AA AA", "*"]],
    ["Q12", "time", ["2026-02-30T00:00:00Z", "2026-01-31", "", "1769846400"]],
    ["Q12", "duration", ["1", "1s2", ""]],
    ["Q12", "mask", ["string_value"]],
    ["J8", "string_value", ["\ud800"]],
  ])("%s: %s refuses %j", (_, name, texts) => {
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
  ])("Q6: %s has no text form", (name) => {
    expect(textReader(fieldOf(name))).toBeUndefined();
  });
});
