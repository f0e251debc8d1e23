import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PushRequest } from "../../src/push/input/push-request.ts";
import { readRecords } from "../../src/push/input/reader.ts";
import { checkpointOf, openJournal } from "../../src/push/run/journal.ts";
import { keyDisplay } from "../../src/push/run/mask.ts";
import { openRun, type RunDirectory } from "../../src/push/run/run-directory.ts";
import { lineOf } from "../support/push-inputs.ts";
import { type Answer, inputOf, pushLines, titleOf, turns, withRun } from "../support/push-pipeline.ts";

const rejection = {
  code: "INTERNAL",
  reason: "INTERNAL",
  message: "for user-77777",
  violations: [],
  metadata: {},
};

describe("a resumed run", () => {
  const lines = Array.from({ length: 30 }, (_, index) =>
    index % 10 === 9 ? `{"bad":${index + 1}}` : lineOf(`user-${index + 1}`),
  );

  /** Leaves a run in which the records with these numbers, from 1, are done. */
  async function leave(run: RunDirectory, done: ReadonlySet<number>) {
    const journal = await openJournal(run, keyDisplay(false));
    for await (const block of readRecords(inputOf(lines))) {
      for (const record of block.filter(({ index }) => done.has(index))) {
        if (record.index % 10 === 0) {
          journal.rejected(record, rejection);
        } else {
          journal.pushed(record, { notifications: [] } as unknown as PushRequest);
        }
      }
    }
    await journal.flush();
    await journal.close();
    await run.release();
    return openRun(run.path);
  }

  it.each<[string, number, number[]]>([
    ["nothing", 0, []],
    ["a watermark", 12, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    ["a watermark and ranges", 3, [1, 2, 3, 6, 7, 9, 10, 15, 16, 17, 30]],
    ["ranges only", 0, [2, 3, 20, 21, 22, 29]],
    ["everything", 30, Array.from(lines, (_, index) => index + 1)],
  ])(
    "pushes exactly the records that are not done when the checkpoint contains %s",
    (_, watermark, numbers) =>
      withRun(async (first) => {
        const done = new Set(numbers);
        const run = await leave(first, done);
        const checkpoint = checkpointOf(run);
        const sent: number[] = [];
        const { pipeline, journal } = await pushLines(run, lines, ({ userKey }) => {
          sent.push(Number(userKey.slice("user-".length)));
          return { kind: "pushed" };
        });
        expect(await pipeline.run()).toBeUndefined();
        const expected = lines.map((_line, index) => index + 1).filter((n) => n % 10 !== 0 && !done.has(n));
        expect(sent.sort((a, b) => a - b)).toEqual(expected);
        expect(journal.counts).toMatchObject({ pushed: 27, rejected: 3 });
        await journal.flush(true);
        await journal.close();
        const rejected = await readFile(join(run.path, "rejected.ndjson"), "utf8");
        expect(rejected.split("\n").filter(Boolean).sort()).toEqual([
          '{"bad":10}',
          '{"bad":20}',
          '{"bad":30}',
        ]);
        expect(checkpoint?.watermark.index).toBe(watermark);
      }),
  );

  it("drops lines of rejected.ndjson that were written after the last checkpoint", () =>
    withRun(async (first) => {
      const run = await leave(first, new Set([10, 20]));
      const file = join(run.path, "rejected.ndjson");
      await appendFile(file, '{"bad":30}\n{"ba');
      const { pipeline, journal } = await pushLines(run, lines, () => ({ kind: "pushed" }));
      expect(await pipeline.run()).toBeUndefined();
      await journal.flush(true);
      await journal.close();
      expect(await readFile(file, "utf8")).toBe('{"bad":10}\n{"bad":20}\n{"bad":30}\n');
    }));

  it("pushes each record exactly once when it is stopped at any moment and resumed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(30), fc.array(fc.nat(4), { minLength: 1, maxLength: 30 }), (moment, waits) =>
        withRun(async (run) => {
          const lines = waits.map((_, index) => lineOf(`user-${index}`, String(index)));
          const pushed: number[] = [];
          const answer: Answer = async (request) => {
            const index = Number(titleOf(request));
            await turns(waits[index] ?? 0);
            pushed.push(index);
            return index % 7 === 3 ? { ...rejection, kind: "rejected" } : { kind: "pushed" };
          };
          const first = await pushLines(run, lines, answer);
          void turns(moment).then(() => first.pipeline.stop({ cause: "interrupted", message: "" }));
          const stop = await first.pipeline.run();
          await first.journal.flush(stop === undefined);
          await first.journal.close();
          await run.release();
          const again = await openRun(run.path);
          const second = await pushLines(again, lines, answer);
          await second.pipeline.run();
          await second.journal.flush(true);
          await second.journal.close();
          expect(pushed.sort((a, b) => a - b)).toEqual([...lines.keys()]);
          const bad = [...lines.keys()].filter((index) => index % 7 === 3);
          expect(second.journal.counts).toMatchObject({
            pushed: lines.length - bad.length,
            rejected: bad.length,
          });
          const rejected = bad.length === 0 ? "" : await readFile(join(run.path, "rejected.ndjson"), "utf8");
          expect(rejected.split("\n").filter(Boolean).sort()).toEqual(
            bad.map((index) => lines[index]).sort(),
          );
        }),
      ),
      { numRuns: 25 },
    );
  });
});
