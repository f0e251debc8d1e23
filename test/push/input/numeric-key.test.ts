import { describe, expect, it } from "vitest";
import { digitsOf } from "../../../src/push/input/numeric-key.ts";
import type { RecordOptions } from "../../../src/push/input/push-request.ts";
import { createRecordParser } from "../../../src/push/input/record-parser.ts";
import { statusJson } from "../../support/push-inputs.ts";

const status = JSON.stringify(statusJson("t"));

function parse(text: string, options: RecordOptions) {
  const bytes = Buffer.from(text);
  const parser = createRecordParser({ parent: "operators/65001", client: "youtube", ...options });
  return parser({ index: 1, end: bytes.length, crc: 0, bytes });
}

describe("a user key that is a number", () => {
  it.each([
    [`{"userKey": 491701234567, "planStatus": ${status}}`, {}, "userKey"],
    [`{"user_key": 491701234567, "planStatus": ${status}}`, {}, "user_key"],
    [`${status.slice(0, -1)}, "msisdn": 491701234567}`, { userKeyField: "msisdn" }, "msisdn"],
  ])("is a violation that says what to do: %s", (text, options, field) => {
    expect(parse(text, options)).toEqual({
      violations: [
        { field, description: expect.stringMatching(/^must be a string; .*dtype=str.*--coerce$/) },
      ],
    });
  });

  it.each([
    [`{"userKey": 12345678901234567890123, "planStatus": ${status}}`, {}, "12345678901234567890123", status],
    [`{"user_key": 491701234567.0,"planStatus": ${status}}`, {}, "491701234567", status],
    [
      `{"msisdn": 4.917E11, ${status.slice(1)}`,
      { userKeyField: "msisdn" },
      "491700000000",
      ` ${status.slice(1)}`,
    ],
    [
      `{"subscriberId": 4917, ${status.slice(1)}`,
      { userKeyField: "subscriberId" },
      "4917",
      `{"subscriberId": "4917", ${status.slice(1)}`,
    ],
  ])("is text with all its digits when it is coerced: %s", (text, options, userKey, body) => {
    const parsed = parse(text, { ...options, coerce: true });
    expect(parsed).toMatchObject({ request: { userKey } });
    const sent = "request" in parsed ? JSON.parse(Buffer.from(parsed.request.body as string).toString()) : {};
    expect(sent).toEqual(JSON.parse(body.startsWith("{") ? body : `{${body}`));
  });

  it.each([
    ["0", "0"],
    ["491700000001.0", "491700000001"],
    ["4.91700000001E11", "491700000001"],
    ["4.917e+11", "491700000000"],
    ["0.4917e12", "491700000000"],
    ["9007199254740993", "9007199254740993"],
    ["1.5", undefined],
    ["4.917000000015E11", undefined],
    ["-1", undefined],
    ["1e-2", undefined],
    ["1e999", undefined],
  ])("has the digits of %s: %s", (number, expected) => {
    expect(digitsOf(number)).toBe(expected);
  });

  it("is a violation when it is not whole, also when it is coerced", () => {
    expect(parse(`{"userKey": 1.5, "planStatus": ${status}}`, { coerce: true })).toEqual({
      violations: [{ field: "userKey", description: "must be a string; --coerce takes whole numbers only" }],
    });
  });
});
