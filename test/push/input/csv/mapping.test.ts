import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import {
  type Mapping,
  MappingError,
  readInlineMapping,
  readMapping,
} from "../../../../src/push/input/csv/mapping.ts";
import { inputOf } from "../../../../src/push/input/input.ts";
import type { RecordOptions } from "../../../../src/push/input/push-request.ts";

const nowMs = Date.UTC(2026, 11, 1);
const constants = 'languageCode="de-DE",updateTime=@now-5m,expireTime=@now+24h';
const given: RecordOptions = { parent: "operators/65001", client: "youtube" };
const inline = (text: string) => readInlineMapping(text, nowMs);

const mapping = inline(`userKey=key,title=title,${constants}`);

/** A file with the given content. */
const sourceOf = (text: string) => ({
  name: "export.csv",
  stream: Readable.from([Buffer.from(text)]),
  part: () => undefined,
});

describe("a mapping", () => {
  const problemsOf = async (text: string, map: Mapping, options = given) =>
    inputOf(sourceOf(text), { ...options, mapping: map }).then(
      () => "",
      (error: Error) => error.message,
    );

  it("that does not fit is one error with all problems", async () => {
    const wrong = inline(
      'userKey=msisdn,plans[0].planNam=title,plans[1].planId=title,expireTime="soon",accountInfo.accountBalance=title,plans=title',
    );
    const problem = await problemsOf("key,title\n1,a\n", wrong, {});
    expect(problem.split("\n  ").toSorted()).toEqual(
      [
        "accountInfo.accountBalance: an amount requires a currency: currency: EUR, or accountInfo.accountBalance.currencyCode from a column or as a constant",
        'expireTime: must be a time such as 2026-12-01T12:00:00+01:00, not "soon"; state another form by format in a mapping file, such as format: DD.MM.YYYY',
        "export.csv does not fit the mapping:",
        "plans: cannot be taken from one column; map fields within it, such as plans[0]",
        "plans[0].planNam: planNam is not a field of Plan; did you mean planName?",
        "required fields are not mapped: parent (or --operator), clientId (or --client), plans[0].planId, languageCode, updateTime, accountInfo.accountBalanceStatus, accountInfo.validUntil",
        'userKey: there is no column "msisdn" (the columns are key, title)',
      ].toSorted(),
    );
  });

  it.each<[string, string, string, RegExp]>([
    [
      "a column that is misspelled",
      "key,tariff",
      `userKey=key,title=tarif,${constants}`,
      /no column "tarif"; did you mean tariff\? \(the columns are key, tariff\)/,
    ],
    ["a column that occurs twice", "key,a,a", `userKey=key,title=a,${constants}`, /column "a" occurs twice/],
    [
      "a field under two names",
      "key,a",
      `userKey=key,plans[0].planId=a,plans[0].plan_id=key,${constants}`,
      /plans\[0\]\.plan_id: is mapped twice/,
    ],
    [
      "a list with a gap",
      "key,a",
      `userKey=key,plans[1].planId=a,${constants}`,
      /plans: has no item \[0\], but further ones/,
    ],
    [
      "an item of a field that is not a list",
      "key,a",
      `userKey=key,title[0]=a,${constants}`,
      /\[0\] must be the number of an item of a list/,
    ],
    [
      "a field within a time",
      "key,a",
      `userKey=key,expireTime.seconds=a,${constants}`,
      /seconds is not a field of planStatus\.expireTime/,
    ],
    [
      "the names of built-in properties",
      "key,a",
      `userKey=key,constructor=a,__proto__.x=a,${constants}`,
      /constructor is not a field of PlanStatus/,
    ],
  ])("with %s does not fit", async (_, header, map, expected) => {
    expect(await problemsOf(`${header}\n`, inline(map))).toMatch(expected);
  });

  it("has conditions for objects and items only", async () => {
    const fields = { ...mapping.fields, title: { when: "title" }, plans: { when: "key" } };
    const problem = await problemsOf("key,title\n", { fields });
    expect(problem).toMatch(/title\.when: is for objects and items of lists/);
    expect(problem).toMatch(/plans\.when: is for objects and items of lists/);
  });

  it("does not fit an input that is JSON, empty, or without a header", async () => {
    expect(await problemsOf('{"userKey":"1"}\n', mapping)).toBe(
      "export.csv is JSON, but a mapping is for CSV: leave out --map, and unset MDPS_MAP if it is set",
    );
    expect(await problemsOf("", mapping)).toMatch(/is empty/);
    expect(await problemsOf("\n1,2\n", mapping)).toMatch(/begins with a blank line/);
    expect(await problemsOf("key\rtitle\r1", mapping)).toMatch(/CR line breaks/);
    expect(await problemsOf(Buffer.from("kéy,title\n", "latin1").toString("latin1"), mapping)).toMatch(
      /no column "key"/,
    );
  });

  it.each<[unknown, RegExp]>([
    [undefined, /^must be an object with fields/],
    [{ fields: { a: { when: "x", constant: 1 } } }, /must have one of/],
    [{ fields: { a: {} } }, /^a: must have one of column, constant and when$/],
    [
      { fields: { a: { colum: "x", constant: 1 } } },
      /^a\.colum: is not a setting of a mapping; did you mean column\?$/,
    ],
    [{ delimiter: ";;", fields: {} }, /^delimiter: must be one ASCII character$/],
    [{ encoding: "klingon", fields: {} }, /^encoding: klingon is not an encoding/],
    [{ decimal: ";", header: 1, fields: { a: 1 } }, /^header: .*\n {2}decimal: /],
    [{ fields: { a: { column: "x", values: [] } } }, /^a\.values: must be an object/],
  ])("from YAML such as %j is an error", (yaml, expected) => {
    expect(() => readMapping(yaml, nowMs)).toThrow(MappingError);
    expect(() => readMapping(yaml, nowMs)).toThrow(expected);
  });

  it.each<[string, RegExp]>([
    ["userKey", /"userKey": must be FIELD=COLUMN/],
    ["a=x,a=y", /a: is mapped twice/],
    ["a=@tomorrow", /a: must be a column, a constant in quotes, @now/],
    ['a="x"y', /a: a constant must be in quotes from its beginning to its end/],
  ])("on the command line such as %s is an error", (text, expected) => {
    expect(() => inline(text)).toThrow(expected);
  });

  it("on the command line may have commas and equal signs within quotes", () => {
    expect(inline('title="a, b=c",userKey = key').fields).toEqual({
      title: { constant: "a, b=c" },
      userKey: { column: "key" },
    });
  });
});
