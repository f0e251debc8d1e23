import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Finding, validateInput } from "../../src/push/validate-input.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { lineOf } from "../support/push-inputs.ts";

async function validate(input: string | Buffer, reveal = false) {
  const file = join(await dataDirectory(), "input.gz");
  await writeFile(file, gzipSync(input));
  const findings: Finding[] = [];
  const validation = await validateInput(file, {
    record: { parent: "operators/65001", client: "any" },
    clockSkewMs: 60_000,
    reveal,
    report: (found) => void findings.push(...found),
  });
  return { findings, validation };
}

const long = (char: string) => char.repeat(900_000);
const status = (members: object) => JSON.stringify({ userKey: "user-12345", planStatus: members });

describe("validateInput", () => {
  it.each<[string, string]>([
    ["a user key", JSON.stringify({ userKey: long("a"), planStatus: {} })],
    ["the name of a member", JSON.stringify({ userKey: "u", [long("a")]: 1 })],
    ["a text", status({ languageCode: long("a"), updateTime: long("b") })],
    ["a name of an enum", status({ accountInfo: { accountBalanceStatus: long("A") } })],
    ["a number", `{"userKey":"u","planStatus":{"updateTime":${long("9")}}}`],
    ["a list", status({ plans: Array.from({ length: 300_000 }, () => ({})) })],
    [
      "many unknown members",
      status(Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`k${n}`, n]))),
    ],
    ["duplicate members", `{${Array.from({ length: 100_000 }, () => '"a":1').join(",")}}`],
    ["nesting", long("[")],
    ["a string without an end", `{"a":"${long("a")}`],
  ])("reports at most 101 short violations for one record with a very long part: %s", async (_, record) => {
    for (const reveal of [false, true]) {
      const { findings, validation } = await validate(`${record}\n`, reveal);
      expect(validation).toMatchObject({ records: 1, invalid: 1 });
      expect(findings.length).toBeGreaterThan(0);
      expect(findings.length).toBeLessThanOrEqual(101);
      expect(JSON.stringify(findings).length).toBeLessThan(40_000);
    }
  });

  it("reports the first 1,000 invalid records and counts the others", async () => {
    const { findings, validation } = await validate("{}\n".repeat(1_200) + lineOf("a"));
    expect(new Set(findings.map(({ line }) => line)).size).toBe(1_000);
    expect(findings.at(-1)?.line).toBe(1_000);
    expect(validation).toMatchObject({
      records: 1_201,
      valid: 1,
      invalid: 1_200,
      unlisted: 200,
      violations: 2_400,
    });
  });

  it("ends after a million invalid records", async () => {
    const { validation } = await validate(`${"1\n".repeat(1_000_000)}${lineOf("a")}\n`);
    expect(validation).toMatchObject({ valid: 0, invalid: 1_000_000, stoppedAt: 1_000_000 });
  });

  it("reads many gzip members, each of which has one line", async () => {
    const file = join(await dataDirectory(), "members.gz");
    const member = gzipSync("\n");
    await writeFile(file, Buffer.concat(Array.from({ length: 20_000 }, () => member)));
    const report = () => expect.unreachable();
    const options = { record: {}, clockSkewMs: 0, reveal: false, report };
    expect(await validateInput(file, options)).toMatchObject({ records: 0, invalid: 0 });
  });
});
