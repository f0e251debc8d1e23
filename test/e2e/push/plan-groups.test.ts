import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { type Outcome, printToken, runProgram, startServe } from "../../support/program.ts";
import { lineOf, writeLines } from "../../support/push-inputs.ts";
import { argsOf, onlyRun, summaryOf } from "../../support/push-runs.ts";
import { protocols } from "../../support/test-server.ts";

const parent = "operators/65001";
const lastUpdatedTime = "2026-01-01T00:00:00Z";
const dataPlans = [{ planId: "acme-199", planName: "ACME Plan 199" }];

/** Returns the plan groups that a server has stored, as the requests that store them. */
async function storedGroups(data: string): Promise<unknown[]> {
  const file = join(data, "export.ndjson");
  expect(await runProgram(["export", file, "--data", data])).toMatchObject({ exitCode: 0 });
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.includes("planGroupId"));
  return lines.map((line) => JSON.parse(line));
}

/** Returns the request of a group as an export has it: with the name of the group, in which `/` and `%` are escaped. */
function asStored(planGroupId: string, planGroup: object) {
  const name = `${parent}/planGroups/${planGroupId.replaceAll("%", "%25").replaceAll("/", "%2F")}`;
  return { parent, planGroupId, planGroup: { name, ...planGroup } };
}

/** Starts a server. Returns its data directory, and how to push lines to it. */
async function start() {
  const data = await dataDirectory();
  const { url } = await startServe(data);
  const env = { MDPS_TOKEN: await printToken(data) };
  const push = async (lines: readonly string[], ...flags: string[]): Promise<[Outcome, string]> => {
    const directory = await dataDirectory();
    const file = await writeLines(directory, lines);
    return [await runProgram(["push", file, ...argsOf(directory, url), ...flags], { env }), directory];
  };
  return { data, push };
}

describe("mdps push with plan groups", () => {
  it("stores groups and statuses of one input over every protocol", async () => {
    const { data, push } = await start();
    const groups = protocols.map((protocol) => ({
      planGroupId: `49/170%20+${protocol}`,
      planGroup: { dataPlans, lastUpdatedTime },
    }));
    for (const [index, protocol] of protocols.entries()) {
      const lines = [JSON.stringify(groups[index]), lineOf("user-1")];
      const [outcome] = await push(lines, "--protocol", protocol);
      expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 2, rejected: 0 });
    }
    const stored = await storedGroups(data);
    expect(stored.length).toBe(protocols.length);
    expect(stored).toEqual(
      expect.arrayContaining(groups.map(({ planGroupId, planGroup }) => asStored(planGroupId, planGroup))),
    );
  });

  it("stores plain plan groups with the id in a field, and repeats an export as it is", async () => {
    const { data, push } = await start();
    const plain = { msisdn: "491701234567", dataPlans, lastUpdatedTime };
    const [outcome] = await push([JSON.stringify(plain)], "--user-key-field", "msisdn");
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 1 });
    const groups = await storedGroups(data);
    expect(groups).toEqual([asStored("491701234567", { dataPlans, lastUpdatedTime })]);
    const [again] = await push(groups.map((group) => JSON.stringify(group)));
    expect(summaryOf(again)).toMatchObject({ end: "finished", pushed: groups.length });
  });

  it("counts a group as superseded if a newer one is stored, and masks the id of a rejected one", async () => {
    const { push } = await start();
    const of = (planGroupId: string, planGroup: object) => JSON.stringify({ planGroupId, planGroup });
    await push([of("old", { lastUpdatedTime })]);
    const [outcome, directory] = await push([
      of("old", { lastUpdatedTime: "2025-01-01T00:00:00Z" }),
      of("491709876543", { dataPlans: [{ planName: "491709876543" }] }),
    ]);
    expect(summaryOf(outcome)).toMatchObject({
      end: "finished",
      superseded: 1,
      rejected: 1,
      reasons: { FIELD_INVALID: 1 },
    });
    const reasons = await readFile(join(await onlyRun(directory), "rejected-reasons.ndjson"), "utf8");
    expect(JSON.parse(reasons)).toMatchObject({
      userKey: "***543",
      violations: [{ field: "planGroup.dataPlans[0].planId", description: "value is required" }],
    });
  });
});

describe("mdps validate with plan groups", () => {
  it("lists the violations of groups with their paths, and needs no client for them", async () => {
    const directory = await dataDirectory();
    const lines = [
      JSON.stringify({ planGroupId: "491701234567", planGroup: { dataPlans } }),
      JSON.stringify({ planGroupId: "491701234567", planGroup: { dataPlans: [{}] } }),
    ];
    const file = await writeLines(directory, lines);
    const outcome = await runProgram(["validate", file, "--operator", "65001", "--json"]);
    const [violation, counts] = outcome.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(violation).toEqual({
      line: 2,
      userKey: "***567",
      field: "planGroup.dataPlans[0].planId",
      description: "value is required",
    });
    expect(counts).toMatchObject({ records: 2, valid: 1, invalid: 1 });
    expect(outcome.exitCode).toBe(2);
  });
});
