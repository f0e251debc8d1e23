import { writeFileSync } from "node:fs";
import { type Mapping, readMapping } from "../../src/push/input/csv/mapping.ts";
import { openInput } from "../../src/push/input/input.ts";
import { readRecords } from "../../src/push/input/reader.ts";

/** A tariff export: text, quotes, bytes in megabytes, dates in a time zone, and amounts with a decimal comma. */
const header = "msisdn;tariff;name;quota_mb;left_mb;valid_until;state;balance;note\n";
const rowOf = (index: number) =>
  `${491_700_000_000 + index};acme-${index % 7};"ACME ""Plan"" ${index % 7}";2048;${index % 2048},5;2099-12-31;A;${index % 90},50;\n`;

/** The mapping of the export. */
export const exportMapping: Mapping = readMapping(
  {
    timeZone: "Europe/Berlin",
    fields: {
      userKey: "msisdn",
      languageCode: { constant: "de-DE" },
      updateTime: "@now-1m",
      expireTime: "@now+24h",
      title: "note",
      "plans[0].planId": "tariff",
      "plans[0].planName": "name",
      "plans[0].planState": { column: "state", values: { A: "ACTIVE" } },
      "plans[0].expirationTime": "valid_until",
      "plans[0].planModules[0].moduleName": { constant: "Data" },
      "plans[0].planModules[0].description": "name",
      "plans[0].planModules[0].byteBalance.quotaBytes": { column: "quota_mb", unit: "MB" },
      "plans[0].planModules[0].byteBalance.remainingBytes": { column: "left_mb", unit: "MB" },
      "accountInfo.accountBalance": { column: "balance", currency: "EUR" },
      "accountInfo.accountBalanceStatus": { constant: "VALID" },
      "accountInfo.validUntil": "valid_until",
    },
  },
  Date.now(),
);

/** Writes an export of `rows` rows as CSV, and the records that they become as NDJSON. */
export async function writeExport(csv: string, ndjson: string, rows: number): Promise<void> {
  writeFileSync(csv, header + Array.from({ length: rows }, (_, index) => rowOf(index)).join(""));
  const record = { parent: "operators/65001", client: "mobiledataplan", mapping: exportMapping };
  const lines: string[] = [];
  for await (const block of readRecords(await openInput(csv, record))) {
    lines.push(...block.map(({ bytes }) => `${Buffer.from(bytes).toString()}\n`));
  }
  writeFileSync(ndjson, lines.join(""));
}
