import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { readInlineMapping, readMapping } from "../../../../src/push/input/csv/mapping.ts";
import { inputOf } from "../../../../src/push/input/input.ts";
import type { RecordOptions } from "../../../../src/push/input/push-request.ts";
import { readRecords } from "../../../../src/push/input/reader.ts";
import type { RawRecord } from "../../../../src/push/input/record.ts";
import { createRecordParser } from "../../../../src/push/input/record-parser.ts";

// What `mdps push` stores of a rejected row is pushed again without its mapping, as JSON.

const given: RecordOptions = { parent: "operators/65001", client: "youtube" };
const constants = 'languageCode="de-DE",updateTime=@now-5m,expireTime=@now+24h,plans[0].planId="a"';
const fields = readInlineMapping(constants, Date.UTC(2026, 11, 1)).fields;

async function firstRow(csv: string, columns: Record<string, unknown>): Promise<RawRecord> {
  const mapping = readMapping({ timeZone: "UTC", fields: { userKey: "key", ...columns } }, 0);
  const input = await inputOf(
    { name: "export.csv", stream: Readable.from([Buffer.from(csv)]), part: () => undefined },
    { ...given, mapping: { ...mapping, fields: { ...fields, ...mapping.fields } } },
  );
  for await (const [record] of readRecords(input)) {
    if (record !== undefined) {
      return record;
    }
  }
  throw new Error("no row");
}

/** Returns the fields with violations of a row, and of what is stored of it. */
function violationsOf({ row, problem, ...stored }: RawRecord): string[][] {
  const parse = createRecordParser(given);
  return [{ ...stored, row, problem } as RawRecord, stored].map((record) => {
    const parsed = parse(record);
    return "violations" in parsed ? parsed.violations.map(({ field }) => field) : [];
  });
}

const module = "plans[0].planModules[0]";
const byteBalance = {
  [`${module}.moduleName`]: { constant: "Data" },
  [`${module}.description`]: { constant: "Data" },
  [`${module}.coarseBalanceLevel`]: { constant: "HIGH_QUOTA" },
};

it.each<[string, Record<string, unknown>]>([
  ["1e3", { ...byteBalance, [`${module}.byteBalance.quotaBytes`]: "cell" }],
  ["1024.00", { ...byteBalance, [`${module}.byteBalance.quotaBytes`]: "cell" }],
  ["1.000", { ...byteBalance, [`${module}.byteBalance.quotaBytes`]: { column: "cell", unit: "MB" } }],
  ["2e3", { ...byteBalance, [`${module}.byteBalance.quotaBytes`]: { column: "cell", unit: "MB" } }],
  ["9999-12-31T12:00:00Z", { expireTime: { column: "cell", format: "DD.MM.YYYY" } }],
  ["9999-12-31T12:00:00Z", { expireTime: { column: "cell", format: "epoch-seconds" } }],
  ["0001-01-01T00:00:00Z", { updateTime: "cell" }],
  [
    "1e2",
    {
      "accountInfo.accountBalance": { column: "cell", currency: "EUR" },
      "accountInfo.accountBalanceStatus": { constant: "VALID" },
      "accountInfo.validUntil": { constant: "2099-12-31" },
    },
  ],
  ["ACTIV", { "plans[0].planState": "cell" }],
])(
  "a row with the invalid cell %s is invalid again when it is pushed without its mapping",
  async (cell, columns) => {
    const [asRow, again] = violationsOf(await firstRow(`key,cell\n491701234567,${cell}\n`, columns));
    expect(asRow?.length).toBeGreaterThan(0);
    expect(again?.length).toBeGreaterThan(0);
  },
);

it.each(["4.917E+11", "491701234567.0"])(
  "a row with the user key %s has the same violation again when it is pushed without its mapping",
  async (key) => {
    expect(violationsOf(await firstRow(`key,title\n${key},a\n`, {}))).toEqual([["userKey"], ["userKey"]]);
  },
);

it("a row that could not be read says so when it is pushed again", async () => {
  const { problem, ...stored } = await firstRow("key,title\n1,a,b\n", {});
  expect(problem).toMatch(/^has 3 cells/);
  expect(createRecordParser(given)(stored)).toEqual({
    violations: [
      {
        field: "record",
        description: expect.stringMatching(/^is a row of a CSV file .*: repair it in that file/),
      },
    ],
  });
});
