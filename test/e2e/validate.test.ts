import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { dataDirectory } from "../support/data-directory.ts";
import { runProgram } from "../support/program.ts";
import { lineOf, statusJson, writeLines } from "../support/push-inputs.ts";

const filled = { MDPS_OPERATOR: "65001", MDPS_CLIENT: "youtube" };

const low = {
  ...statusJson("t"),
  plans: [
    {
      planId: "p",
      planModules: [
        {
          moduleName: "Data",
          description: "d",
          coarseBalanceLevel: "LOW_QUOTA",
          byteBalance: { quotaBytes: "9", remainingBytes: "1" },
        },
      ],
    },
  ],
};

describe("mdps validate", () => {
  it("lists violations with the first line, path and rule, and counts notifications", async () => {
    const bad = JSON.stringify({
      userKey: "491701234567",
      planStatus: { ...low, languageCode: "", plans: [{}] },
    });
    const lines = [lineOf("a"), "", bad, JSON.stringify({ userKey: "b", planStatus: low }), "{"];
    const file = await writeLines(await dataDirectory(), lines);
    const outcome = await runProgram(["validate", file], { env: filled });
    expect(outcome).toMatchObject({ exitCode: 2, stderr: "" });
    expect(outcome.stdout.split("\n").map((line) => line.trim().replace(/ {2,}/g, " | "))).toEqual([
      "COUNT | FIRST LINE | USER | FIELD | VIOLATION",
      "1 | 3 | ***567 | planStatus.plans[].planId | value is required",
      "1 | 3 | ***567 | planStatus.languageCode | value is required",
      expect.stringMatching(/^1 \| 5 \| record \| must be JSON/),
      "",
      "4 records: 2 valid, 2 invalid with 3 violations",
      "1 notifications would be sent",
      "1 | NOTIFICATION_LOW_BALANCE_WARNING",
      "",
    ]);
  });

  it("groups equal violations, the most frequent ones first, and lists at most 50 groups", async () => {
    const lines = [
      ...Array.from(
        { length: 60 },
        (_, index) => `{"userKey":"user-${index}","field${"x".repeat(index)}":1}`,
      ),
      ...Array.from({ length: 3 }, (_, index) =>
        JSON.stringify({
          userKey: `49170123456${index}`,
          planStatus: { ...low, plans: [{ ...low.plans[0] }, {}] },
        }),
      ),
    ];
    const file = await writeLines(await dataDirectory(), lines);
    const { stdout } = await runProgram(["validate", file], { env: filled });
    const rows = stdout.split("\n").map((line) => line.trim().replace(/ {2,}/g, " | "));
    expect(rows[1]).toBe("3 | 61 | ***560 | planStatus.plans[].planId | value is required");
    expect(rows[2]).toBe("1 | 1 | ***0 | field | is not a field of CreateUserPlanStatusRequest");
    expect(rows.indexOf("")).toBe(52);
    expect(rows[51]).toBe("11 | others, which --json lists");
    const many = await writeLines(await dataDirectory(), [
      ...lines,
      ...lines.slice(-1).flatMap((line) => Array(940).fill(line)),
    ]);
    expect((await runProgram(["validate", many], { env: filled })).stdout).toContain(
      " 11  others; --json lists those of the first 1,000 invalid records\n",
    );
    const json = await runProgram(["validate", file, "--json"], { env: filled });
    const { groups } = JSON.parse(json.stdout.trim().split("\n").at(-1) ?? "");
    expect(groups).toHaveLength(50);
    expect(groups[0]).toEqual({
      count: 3,
      line: 61,
      userKey: "***560",
      field: "planStatus.plans[].planId",
      description: "value is required",
    });
  });

  it("says how many invalid records are not listed, as text and as JSON", async () => {
    const file = await writeLines(
      await dataDirectory(),
      Array.from({ length: 1_003 }, () => "1"),
    );
    const text = await runProgram(["validate", file], { env: filled });
    expect(text).toMatchObject({ exitCode: 2, stderr: "" });
    expect(text.stdout).toMatch(/^ +1003 +1 .+must be a JSON object/m);
    expect(text.stdout.match(/must be a JSON object/g)).toHaveLength(1);
    const json = await runProgram(["validate", file, "--json"], { env: filled });
    expect(JSON.parse(json.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      invalid: 1_003,
      unlisted: 3,
    });
  });

  it("prints JSON with user keys masked, and unmasked with --reveal", async () => {
    const file = await writeLines(await dataDirectory(), [JSON.stringify({ userKey: "491701234567" })]);
    const masked = await runProgram(["validate", file, "--json"], { env: filled });
    expect(
      masked.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { line: 1, userKey: "***567", field: "planStatus", description: "value is required" },
      {
        ...{ records: 1, valid: 0, invalid: 1, violations: 1, notifications: {} },
        groups: [
          { count: 1, line: 1, userKey: "***567", field: "planStatus", description: "value is required" },
        ],
      },
    ]);
    const revealed = await runProgram(["validate", file, "--json", "--reveal"], { env: filled });
    expect(revealed.stdout).toContain('"userKey":"491701234567"');
  });

  it("reads arrays of plain statuses from .gz files and standard input", async () => {
    const directory = await dataDirectory();
    const array = JSON.stringify(
      [
        { msisdn: "1", ...low },
        { msisdn: "2", ...low },
      ],
      undefined,
      2,
    );
    const file = join(directory, "statuses.json.gz");
    await writeFile(file, gzipSync(array));
    const flags = ["--user-key-field", "msisdn", "--operator", "65001", "--client", "any"];
    for (const outcome of [
      await runProgram(["validate", file, ...flags]),
      await runProgram(["validate", "-", ...flags], { stdin: array }),
    ]) {
      expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
      expect(outcome.stdout).toMatch(
        /^2 records: 2 valid, 0 invalid with 0 violations\n2 notifications would be sent\n/,
      );
    }
  });

  it("exits with 1 and names a file that cannot be read", async () => {
    const outcome = await runProgram(["validate", "/no/file"]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
    expect(outcome.stderr).toMatch(/^mdps: \/no\/file does not exist\n$/);
  });

  it("reports what the contract does not know as warnings for Google's hosts, each once with a count", async () => {
    const lines = ["a", "b"].map((userKey) =>
      JSON.stringify({ userKey, planStatus: { ...low, langaugeCode: "de" } }),
    );
    const file = await writeLines(await dataDirectory(), lines);
    const strict = await runProgram(["validate", file], { env: filled });
    expect(strict).toMatchObject({ exitCode: 2 });
    expect(strict.stdout).toContain("is not a field of PlanStatus; did you mean languageCode?");
    const args = ["validate", file, "--endpoint", "production", "--json"];
    const { exitCode, stdout } = await runProgram(args, { env: filled });
    expect(exitCode).toBe(0);
    const description = "is not a field of PlanStatus; did you mean languageCode?";
    const field = "planStatus.langaugeCode";
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { line: 1, severity: "warning", field, description, userKey: "***" },
      expect.objectContaining({ valid: 2, invalid: 0, warnings: { [`${field}: ${description}`]: 2 } }),
    ]);
    const refused = await runProgram([...args, "--unknown-fields", "refuse"], { env: filled });
    expect(refused.exitCode).toBe(2);
  });
});
