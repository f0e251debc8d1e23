import {
  create,
  fromJsonString,
  type JsonReadOptions,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { parseJsonDocument } from "../../../src/transcoding/json/bytes.ts";
import { messageReader } from "../../../src/transcoding/json/reader.ts";
import { createReadingState } from "../../../src/transcoding/json/reading-state.ts";
import { findDuplicateKey } from "../../../src/transcoding/json/text.ts";
import { createViolationList } from "../../../src/transcoding/json/violations.ts";
import { type AcceptedInput, accepted, acceptedIgnoringUnknown } from "../fixtures/accepted-inputs.ts";
import { rejected } from "../fixtures/rejected-inputs.ts";
import { sample, sampleTypes } from "../fixtures/sample.ts";

/** Returns the message that our reader reads; undefined if it rejects the text. */
function read(text: string, ignoreUnknownFields = false): Message | undefined {
  const document = parseJsonDocument(Buffer.from(text));
  if ("violations" in document) {
    return undefined;
  }
  const violations = createViolationList();
  const state = createReadingState(violations, { ignoreUnknownFields, registry: sampleTypes });
  const message = messageReader(sample)(document.json, "", state);
  const isAccepted = violations.found.length === 0 && findDuplicateKey(text, state.keys) === undefined;
  return isAccepted ? message : undefined;
}

/** Returns the message that protobuf-es reads, which passes protobuf's conformance suite. */
function readByProtobufEs(text: string, ignoreUnknownFields = false): Message | undefined {
  const options: Partial<JsonReadOptions> = { registry: sampleTypes, ignoreUnknownFields };
  try {
    return fromJsonString(sample, text, options);
  } catch {
    return undefined;
  }
}

function written(message: Message): unknown {
  return JSON.parse(JSON.stringify(toJson(sample, message, { registry: sampleTypes })));
}

/** Returns inputs with the JSON that is written for each. */
function spelledOut(inputs: readonly AcceptedInput[] = []): (readonly [string, string])[] {
  return inputs.map(([text, json = text]) => [text, json]);
}

/** Why our verdict or value is another than that of protobuf-es. The test fails for any other input. */
const differences: Readonly<Record<string, string>> = {
  '{"int64":"1.0"}':
    "protobuf-es reads a fraction of zeros in a number only, the specification also in a string",
  '{"int64":"1e0"}': "protobuf-es reads an exponent in a number only, the specification also in a string",
  '{"int64":9223372036854775807}': "protobuf-es sees the double, which is out of range",
  '{"uint64":18446744073709551615}': "protobuf-es sees the double, which is out of range",
  '{"int64":9007199254740993}': "protobuf-es sees the double, which is another integer",
  '{"int64":-9223372036854775809}': "protobuf-es sees the double, which is in range",
  '{"int64":1.00000000000000001}': "protobuf-es sees the double, which is whole",
  '{"int32":1.00000000000000001}': "protobuf-es sees the double, which is whole",
  '{"int32":"+1"}': "protobuf-es reads text by Number(), and JSON has no plus",
  '{"oneInner":null,"oneColor":null,"oneWrapper":null,"oneBool":true}':
    "protobuf-es counts members that are null messages or enum values as set",
  '{"time":"1970-01-01T24:00:00Z"}': "protobuf-es reads times by Date.parse(), which knows hour 24",
  '{"time":"2001-02-29T00:00:00Z"}':
    "protobuf-es reads times by Date.parse(), which knows 30 days in each month",
};

function compare(text: string, ignoreUnknownFields = false): void {
  const theirs = readByProtobufEs(text, ignoreUnknownFields);
  const ours = read(text, ignoreUnknownFields);
  const binary = (message: Message | undefined) =>
    message && Buffer.from(toBinary(sample, message)).toString("hex");
  const isSame = binary(ours) === binary(theirs);
  expect([text, isSame]).toEqual([text, differences[text] === undefined]);
}

describe.each(Object.keys(accepted))("JSON that protobuf accepts: %s", (kind) => {
  it.each(spelledOut(accepted[kind]))("is read and written: %s", (text, json) => {
    const message = read(text);
    expect(message && written(message)).toEqual(JSON.parse(json));
    expect(read(JSON.stringify(message && written(message)))).toEqual(message);
    compare(text);
  });
});

describe.each(Object.keys(rejected))("JSON that protobuf rejects: %s", (kind) => {
  it.each(rejected[kind] ?? [])("is rejected: %j", (text) => {
    expect(read(text)).toBeUndefined();
    compare(text);
  });
});

describe("JSON that protobuf accepts if unknown fields are ignored", () => {
  it.each(spelledOut(acceptedIgnoringUnknown))(
    "is rejected by default, and read without what is unknown: %s",
    (text, json) => {
      expect(read(text)).toBeUndefined();
      const message = read(text, true);
      expect(message && written(message)).toEqual(JSON.parse(json));
      compare(text);
      compare(text, true);
    },
  );
});

const max = 315_576_000_000n;

it.each([
  ["a duration that is too long", { duration: { seconds: max + 1n } }],
  ["a duration that is too short", { duration: { seconds: -max - 1n } }],
  ["a duration with nanos of another sign", { duration: { seconds: 1n, nanos: -1 } }],
  ["a negative duration with positive nanos", { duration: { seconds: -1n, nanos: 1 } }],
  ["a duration of too many nanos", { duration: { seconds: 1n, nanos: 1_000_000_000 } }],
  ["a duration of too few nanos", { duration: { seconds: -1n, nanos: -1_000_000_000 } }],
  ["a time before year 1", { time: { seconds: -62_135_596_801n } }],
  ["a time after year 9999", { time: { seconds: 253_402_300_800n } }],
  ["a time of negative nanos", { time: { seconds: 5000n, nanos: -1 } }],
  ["a time of too many nanos", { time: { seconds: 5000n, nanos: 1_000_000_000 } }],
  ["a mask with an upper-case letter", { mask: { paths: ["fooBar"] } }],
  ["a mask with a digit after an underscore", { mask: { paths: ["foo_3_bar"] } }],
  ["a mask with two underscores", { mask: { paths: ["foo__bar"] } }],
  ["a Value that is NaN", { value: { kind: { case: "numberValue", value: Number.NaN } } }],
  ["a Value that is infinite", { value: { kind: { case: "numberValue", value: Number.NEGATIVE_INFINITY } } }],
  ["an Any of an unknown type", { any: { typeUrl: "type.googleapis.com/unknown.Type" } }],
])("a message is not written whose JSON could not be read again: %s", (_, fields) => {
  expect(() => written(create(sample, fields as never))).toThrow();
});

it("all inputs with a known difference to protobuf-es are compared", () => {
  const inputs = [...Object.values(accepted), acceptedIgnoringUnknown].flat().map(([text]) => text);
  const compared = new Set([...inputs, ...Object.values(rejected).flat()]);
  expect(Object.keys(differences).filter((text) => !compared.has(text))).toEqual([]);
});
