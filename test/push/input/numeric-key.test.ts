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
      `{"msisdn": 491700000001.00, ${status.slice(1)}`,
      { userKeyField: "msisdn" },
      "491700000001",
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
    ["491700000001.000", "491700000001"],
    ["4.91700000001E11", undefined],
    ["4.917e+11", undefined],
    ["9007199254740993", "9007199254740993"],
    ["1.5", undefined],
    ["-1", undefined],
    ["1e-2", undefined],
  ])("has the digits of %s: %s", (number, expected) => {
    expect(digitsOf(number)).toBe(expected);
  });

  it("is a violation when it is not whole, also when it is coerced", () => {
    expect(parse(`{"userKey": 1.5, "planStatus": ${status}}`, { coerce: true })).toEqual({
      violations: [{ field: "userKey", description: "must be a string; --coerce takes whole numbers only" }],
    });
  });

  it.each([{}, { coerce: true }])("is a violation when it has an exponent, with %j", (options) => {
    expect(parse(`{"userKey": 4.91701e+11, "planStatus": ${status}}`, options)).toEqual({
      violations: [
        {
          field: "userKey",
          description: expect.stringMatching(/^must be a string; .* digits may be lost: /),
        },
      ],
    });
  });
});

describe("a user key that a program has read as a number and written as text", () => {
  const shortened = expect.stringMatching(/^must be a user key with all its digits; a spreadsheet/);
  const decimals = expect.stringMatching(/^must be a user key without decimals; .*--coerce$/);

  it.each([
    ["4.917E+11", shortened],
    ["4,917E+11", shortened],
    ["4.91701234567E11", shortened],
    ["491.7e+09", shortened],
    ["5E+11", shortened],
    ["491701234567.0", decimals],
    ["491701234567,00", decimals],
  ])("is a violation in every format: %s", (userKey, description) => {
    const request = JSON.stringify({ userKey, planStatus: statusJson("t") });
    expect(parse(request, {})).toEqual({ userKey, violations: [{ field: "userKey", description }] });
    expect(parse(request, { client: "any" })).toMatchObject({ violations: [{ field: "userKey" }] });
    const plain = JSON.stringify({ msisdn: userKey, ...statusJson("t") });
    expect(parse(plain, { userKeyField: "msisdn" })).toEqual({
      userKey,
      violations: [{ field: "msisdn", description }],
    });
  });

  it.each(["4917", "+491701234567", "12345678e9012345", "4e11", "MjAyNg==", "4E+1a/b=", "1.5", "4.917E"])(
    "is not meant by %s",
    (userKey) => {
      const request = JSON.stringify({ userKey, planStatus: statusJson("t") });
      expect(parse(request, { coerce: true })).toMatchObject({ request: { userKey } });
    },
  );

  it.each([
    [{ userKey: "491701234567.0", planStatus: statusJson("t") }, {}],
    [{ user_key: "491701234567.0", planStatus: statusJson("t") }, {}],
    [{ msisdn: "491701234567.0", ...statusJson("t") }, { userKeyField: "msisdn" }],
  ])("loses its .0 when it is coerced: %j", (record, options) => {
    expect(parse(JSON.stringify(record), { ...options, coerce: true })).toMatchObject({
      request: { userKey: "491701234567" },
    });
  });

  it("is not searched in the id of a plan group", () => {
    const group = JSON.stringify({ planGroupId: "5.0", planGroup: { dataPlans: [] } });
    const parsed = parse(group, { coerce: true });
    expect("violations" in parsed ? parsed.violations.map(({ field }) => field) : []).not.toContain(
      "planGroupId",
    );
    expect("request" in parsed ? parsed.request.userKey : parsed.userKey).toBe("5.0");
  });
});
