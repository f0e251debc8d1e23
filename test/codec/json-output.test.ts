import { create, toJsonString } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { PlanStatusCodec } from "../../gen/mobiledataplansharing/v1/resources_codec.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { JsonOutput, jsonKey, jsonPiece } from "../../src/codec/json-output.ts";
import { writeTimestamp } from "../../src/codec/well-known.ts";

function written(write: (output: JsonOutput) => void): string {
  const output = new JsonOutput();
  write(output);
  return output.finish();
}

describe("JsonOutput", () => {
  it("makes room for each kind of value, however many there are of it", () => {
    const texts = [
      "",
      "a",
      '"',
      "\n",
      "é",
      "😀",
      "\ud800",
      "x".repeat(100),
      "x".repeat(101),
      "é".repeat(200),
    ];
    const count = 3_000;
    const values: readonly [(output: JsonOutput) => void, unknown][] = [
      [(output) => output.integer(-2_147_483_648), -2_147_483_648],
      [(output) => output.long(-9_223_372_036_854_775_808n), "-9223372036854775808"],
      [(output) => output.long(9_007_199_254_740_991n), "9007199254740991"],
      [(output) => output.number(-1.7976931348623157e308), -1.7976931348623157e308],
      [(output) => output.number(Number.NaN), "NaN"],
      [(output) => output.bool(false), false],
      [(output) => output.nullValue(0), null],
      [(output) => output.byteString(Uint8Array.of(1, 2)), "AQI="],
      [(output) => output.piece(jsonPiece('"abc",')), "abc"],
      [(output) => output.time(0, 1), "1970-01-01T00:00:00.000000001Z"],
      ...texts.map((text): [(output: JsonOutput) => void, unknown] => [
        (output) => output.string(text),
        text,
      ]),
    ];
    for (const [write, value] of values) {
      const text = written((output) => {
        output.beginList();
        for (let index = 0; index < count; index++) {
          write(output);
        }
        output.endList();
      });
      expect([value, text === JSON.stringify(new Array(count).fill(value))]).toEqual([value, true]);
    }
  });

  it("makes room for the ends of objects inside each other", () => {
    const levels = 10_000;
    const text = written((output) => {
      for (let level = 0; level < levels; level++) {
        output.beginObject();
        output.piece(jsonKey("é"));
      }
      output.bool(true);
      for (let level = 0; level < levels; level++) {
        output.endObject();
      }
    });
    expect(text === `${'{"é":'.repeat(levels)}true${"}".repeat(levels)}`).toBe(true);
  });

  it("writes integers that no field of 64 bits has, as protobuf-es does", () => {
    const long = 10n ** 5_000n;
    expect(written((output) => output.long(long))).toBe(`"${long}"`);
  });

  it("writes each integer from 0 to 2^53 - 1 with its digits", () => {
    for (let digits = 1; digits <= 15; digits++) {
      for (const value of [10 ** (digits - 1), 10 ** digits - 1, 10 ** digits]) {
        expect(written((output) => output.long(BigInt(value)))).toBe(`"${value}"`);
      }
    }
    for (const value of [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53 - 1, 2 ** 53]) {
      expect(written((output) => output.long(BigInt(value)))).toBe(`"${value}"`);
    }
  });

  it("starts again after a message that is not ASCII", () => {
    const status = create(PlanStatusSchema, { title: "日本" });
    expect(PlanStatusCodec.writeJson(status)).toBe('{"title":"日本"}');
    expect(PlanStatusCodec.writeJson(create(PlanStatusSchema, { title: "\u007f" }))).toBe(
      '{"title":"\u007f"}',
    );
    expect(PlanStatusCodec.writeJson(create(PlanStatusSchema))).toBe("{}");
  });
});

describe("writeTimestamp", () => {
  const textOf = (time: Timestamp) => written((output) => writeTimestamp(output, time));

  it("writes times from year 1 to 9999 like Date", () => {
    // Steps that meet each day of a year and each second of a day.
    for (let seconds = -62_135_596_800; seconds <= 253_402_300_799; seconds += 97 * 86_400 + 3_599) {
      const date = new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
      const text = textOf({ $typeName: "google.protobuf.Timestamp", seconds: BigInt(seconds), nanos: 0 });
      if (text !== `"${date}"`) {
        expect(text).toBe(`"${date}"`);
      }
    }
    expect(textOf(create(TimestampSchema, { seconds: -62_135_596_800n }))).toBe('"0001-01-01T00:00:00Z"');
  });

  it.each([0, 1, 10, 999, 1000, 120_000, 1_000_000, 500_000_000, 999_999_999])(
    "writes %d nanoseconds like protobuf-es",
    (nanos) => {
      const time = create(TimestampSchema, { seconds: 951_782_400n, nanos });
      expect(textOf(time)).toBe(toJsonString(TimestampSchema, time));
    },
  );
});
