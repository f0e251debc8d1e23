import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { countName } from "../../../src/push/run/counts.ts";
import { type Checkpoint, openJournal } from "../../../src/push/run/journal.ts";
import { keyDisplay } from "../../../src/push/run/mask.ts";
import { openRun, type RunDirectory } from "../../../src/push/run/run-directory.ts";
import { withRun } from "../../support/push-pipeline.ts";

const userKey = "491701234567";
const record = { index: 1, end: 2, crc: 0, bytes: Buffer.from("{}") };
const reason = {
  code: "INTERNAL",
  reason: "OTHER",
  // Cut within the key.
  message: `${"x".repeat(990)} ${userKey}`,
  violations: [{ field: `users[${userKey}]`, description: `is ${userKey}` }],
  metadata: { user: `users/%2B${userKey}` },
  userKey,
};

it.each([
  ["masks user keys in every text of a rejected and of a superseded record", false],
  ["writes user keys in clear if they are to be revealed", true],
])("the journal of a run %s", (_, reveal) =>
  withRun(async (run) => {
    const journal = await openJournal(run, keyDisplay(reveal));
    journal.rejected(record, reason);
    journal.superseded({ ...record, index: 2 }, reason);
    await journal.flush(true);
    await journal.close();
    for (const name of ["rejected-reasons.ndjson", "superseded.ndjson"]) {
      const text = await readFile(join(run.path, name), "utf8");
      const shown = reveal ? userKey : "***567";
      expect(JSON.parse(text)).toMatchObject({
        userKey: shown,
        violations: [{ field: `users[${shown}]`, description: `is ${shown}` }],
        metadata: { user: `users/%2B${shown}` },
      });
      expect(text.includes("4917")).toBe(reveal);
    }
  }),
);

it("the journal of a run counts rejected records by reason and rule, also when the run is resumed", () =>
  withRun(async (run) => {
    const rejection = (line: number, description: string, index = line) => ({
      ...reason,
      reason: "FIELD_INVALID",
      violations: [{ field: `plans[${index}].title`, description }],
    });
    const push = async (from: RunDirectory, rejections: readonly [line: number, description: string][]) => {
      const journal = await openJournal(from, keyDisplay(false));
      for (const [line, description] of rejections) {
        journal.rejected({ ...record, index: line, end: line }, rejection(line, description));
      }
      journal.rejected({ ...record, index: 9, end: 9 }, { ...reason, violations: [] });
      await journal.flush();
      await journal.close();
      return journal.counts.rejections;
    };
    await push(run, [
      [1, 'must have at most 64 characters, but "first" has 70'],
      [2, 'must have at most 64 characters, but "second \\" one" has 71'],
      [3, `must not be ${userKey}`],
    ]);
    await run.release();
    const resumed = await openRun(run.path);
    const groups = await push(resumed, [[4, 'must have at most 64 characters, but "x" has 72']]);
    expect(groups).toEqual([
      {
        reason: "FIELD_INVALID",
        rule: 'plans[].title: must have at most 64 characters, but "first" has 70',
        line: 1,
        count: 3,
      },
      { reason: "FIELD_INVALID", rule: "plans[].title: must not be ***567", line: 3, count: 1 },
      { reason: "OTHER", rule: expect.stringMatching(/^x{199}…$/), line: 9, count: 2 },
    ]);
    await resumed.release();
  }));

it("the journal of a run resumes a checkpoint that has no groups, and holds a hundred", () =>
  withRun(async (run) => {
    const first = await openJournal(run, keyDisplay(false));
    await first.flush();
    await first.close();
    await run.release();
    const { logged, ...resumed } = await openRun(run.path);
    const state = logged?.state as Checkpoint;
    const { rejections: _, ...tally } = state.tally;
    const older = { ...resumed, logged: { end: logged?.end ?? 0, state: { ...state, tally } } };
    const journal = await openJournal(older, keyDisplay(false));
    for (let index = 1; index <= 150; index++) {
      const rule = "x".repeat(index);
      journal.rejected({ ...record, index, end: index }, { ...reason, message: rule, violations: [] });
    }
    expect(journal.counts.rejections).toHaveLength(100);
    expect(journal.counts.rejected).toBe(150);
    await journal.close();
    await resumed.release();
  }));

it("the journal of a run cuts metadata to 256 characters, without half a user key", () =>
  withRun(async (run) => {
    const journal = await openJournal(run, keyDisplay(false));
    const metadata = { ["n".repeat(300)]: "v".repeat(300), key: `${"x".repeat(249)} ${userKey}` };
    journal.rejected(record, { ...reason, metadata });
    await journal.flush(true);
    await journal.close();
    const line = JSON.parse(await readFile(join(run.path, "rejected-reasons.ndjson"), "utf8"));
    expect(line.metadata).toEqual({
      [`${"n".repeat(255)}…`]: `${"v".repeat(255)}…`,
      key: `${"x".repeat(249)} ***567`,
    });
  }));

it("counts names that every object has from zero", () => {
  const counts: Record<string, number> = {};
  for (const name of ["constructor", "constructor", "__proto__"]) {
    countName(counts, name);
  }
  expect(counts).toEqual({ constructor: 2, OTHER: 1 });
});
