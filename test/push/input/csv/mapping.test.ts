import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { parseYaml } from "../../../../src/config/parse-yaml.ts";
import { readInlineMapping, readMapping } from "../../../../src/push/input/csv/mapping.ts";
import { inputOf } from "../../../../src/push/input/input.ts";
import { InputError } from "../../../../src/push/input/input-error.ts";
import { readRecords } from "../../../../src/push/input/reader.ts";

const required = 'userKey=key,languageCode="de-DE",updateTime=@now,expireTime=@now+24h';

function fromYaml(text: string) {
  return readMapping(parseYaml(text), 0);
}

/** Returns the requests of a CSV file. */
async function requestsOf(csv: string, mapping: ReturnType<typeof readMapping>) {
  const source = { name: "export.csv", stream: Readable.from([Buffer.from(csv)]), part: () => undefined };
  const input = await inputOf(source, { parent: "operators/65001", client: "youtube", mapping });
  const records = (await Array.fromAsync(readRecords(input))).flat();
  return records.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()));
}

it.each([
  ["an object", "title: { constant: { a: 1 } }", "title.constant: must be text, a number, true or false"],
  ["a list", "title: { constant: [a] }", "title.constant: must be text, a number, true or false"],
  ["nothing", "title: { constant: }", "title.constant: must be text, a number, true or false"],
  [
    "an object for a cell",
    "title: { column: t, values: { A: { b: 1 } } }",
    "title.values.A: must be text, a number, true or false, or null for none",
  ],
  ["a number of a column with decimals", "title: 1.5", /^title: must be the name of a column/],
])("a mapping may not have %s as a constant", (_, field, expected) => {
  expect(() => fromYaml(`fields: { userKey: key, ${field} }`)).toThrow(expected);
});

it.each([
  ["plans.planId=tariff", "plans.planId: plans is a list: map plans[0].planId"],
  ["plan_status.plans.plan_id=tariff", "plan_status.plans.plan_id: plans is a list: map plans[0].plan_id"],
  [
    "plans[0].planId=tariff,plans[0].planModules.moduleName=tariff",
    "plans[0].planModules.moduleName: plans[0].planModules is a list: map plans[0].planModules[0].moduleName",
  ],
  [
    "plans.planModules[0].moduleName=tariff",
    "plans.planModules[0].moduleName: plans is a list: map plans[0].planModules[0].moduleName",
  ],
])("a field of a list without the number of its item is one problem: %s", async (map, problem) => {
  const mapping = readInlineMapping(`${required},${map}`, 0);
  await expect(requestsOf("key,tariff\n1,a\n", mapping)).rejects.toThrow(
    new InputError(`export.csv does not fit the mapping:\n  ${problem}`),
  );
});

it.each([
  ["empty: '\\N'", "\\N"],
  ["empty: \\N", "\\N"],
  ["empty: ['NULL', '-']", " - "],
])("a mapping with %s takes a cell with %j as empty", async (setting, cell) => {
  const file = fromYaml(
    `${setting}\nfields: { title: title, accountInfo: { when: balance }, accountInfo.accountBalance: { column: balance, currency: EUR }, accountInfo.accountBalanceStatus: { constant: VALID }, accountInfo.validUntil: { constant: "2099-12-31T00:00:00Z" } }`,
  );
  const mapping = { ...file, fields: { ...readInlineMapping(required, 0).fields, ...file.fields } };
  const [request] = await requestsOf(`key,title,balance\n1,${cell},${cell}\n`, mapping);
  expect(request.planStatus).not.toHaveProperty("title");
  expect(request.planStatus).not.toHaveProperty("accountInfo");
  const [other] = await requestsOf("key,title,balance\n1,N,1.50\n", mapping);
  expect(other.planStatus).toMatchObject({ title: "N", accountInfo: { accountBalance: { units: "1" } } });
});

it.each(["empty: NULL", "empty: ['a', 1]", "empty: { a: b }"])("a mapping may not have %s", (setting) => {
  expect(() => fromYaml(`${setting}\nfields: { userKey: key }`)).toThrow(/^empty: must be text or a list/);
});
