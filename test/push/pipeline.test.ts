import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Input } from "../../src/push/input/input.ts";
import type { PushRequest } from "../../src/push/input/push-request.ts";
import { readRecords } from "../../src/push/input/reader.ts";
import { start } from "../../src/push/input/record.ts";
import { createRecordParser } from "../../src/push/input/record-parser.ts";
import { createPipeline, type PipelineOptions } from "../../src/push/pipeline.ts";
import { checkpointOf, openJournal } from "../../src/push/run/journal.ts";
import { maskKey } from "../../src/push/run/mask.ts";
import { createRun, openRun, type RunDirectory, type RunSettings } from "../../src/push/run/run-directory.ts";
import { createBackOff } from "../../src/push/send/back-off.ts";
import { createConcurrency } from "../../src/push/send/concurrency.ts";
import { noAnswer, type Outcome } from "../../src/push/send/outcome.ts";
import { makeDirectory, removeDirectory } from "../support/data-directory.ts";
import { lineOf } from "../support/push-inputs.ts";

const settings: RunSettings = {
  version: 1,
  createTime: "2026-01-01T00:00:00.000Z",
  input: "-",
  endpoint: "production",
  protocol: "rest",
  record: { parent: "operators/65001", client: "youtube" },
};

async function* chunksOf(text: string) {
  yield Buffer.from(text);
}

const inputOf = (lines: readonly string[]): Input => ({
  chunks: chunksOf(lines.map((line) => `${line}\n`).join("")),
  from: start,
  part: () => undefined,
});

type Answer = (request: PushRequest, attempt: number) => Promise<Outcome> | Outcome;

/** Runs a pipeline over lines in a run, as far as it goes. */
async function pushLines(
  run: RunDirectory,
  lines: readonly string[],
  answer: Answer,
  more: Partial<PipelineOptions> = {},
) {
  const journal = await openJournal(run, maskKey);
  const attempts = new Map<string, number>();
  const pipeline = createPipeline({
    records: readRecords(inputOf(lines), checkpointOf(run)?.watermark),
    parse: createRecordParser(run.settings.record),
    journal,
    sender: {
      async send(request) {
        const title = request.message.planStatus?.title ?? "";
        attempts.set(title, (attempts.get(title) ?? 0) + 1);
        return answer(request, attempts.get(title) ?? 0);
      },
      close: () => undefined,
    },
    concurrency: createConcurrency({ cap: 16 }),
    backOff: createBackOff({ firstMs: 1, mostMs: 2 }),
    checkErrorLimit: () => undefined,
    maxAttempts: 3,
    stallTimeoutMs: 60_000,
    graceMs: 1_000,
    ...more,
  });
  return { pipeline, journal };
}

async function withRun<T>(use: (run: RunDirectory) => Promise<T>): Promise<T> {
  const directory = await makeDirectory();
  try {
    return await use(await createRun(directory, settings));
  } finally {
    await removeDirectory(directory);
  }
}

const turns = (count: number) =>
  Array.from({ length: count }).reduce<Promise<void>>(
    (before) => before.then(() => new Promise((resolve) => setImmediate(resolve))),
    Promise.resolve(),
  );

describe("the pipeline", () => {
  it("keeps the order of each user's records, whatever comes first and however often it fails", async () => {
    const plans = fc.array(
      fc.record({ user: fc.integer({ min: 0, max: 3 }), turns: fc.nat(3), failures: fc.nat(2) }),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(plans, (records) =>
        withRun(async (run) => {
          const underWay = new Set<string>();
          const pushed: { user: string; index: number }[] = [];
          const lines = records.map(({ user }, index) => lineOf(`user-${user}`, String(index)));
          const { pipeline, journal } = await pushLines(run, lines, async ({ userKey, message }, attempt) => {
            expect(underWay.has(userKey)).toBe(false);
            underWay.add(userKey);
            const index = Number(message.planStatus?.title);
            await turns(records[index]?.turns ?? 0);
            underWay.delete(userKey);
            if (attempt <= (records[index]?.failures ?? 0)) {
              return noAnswer("not now");
            }
            pushed.push({ user: userKey, index });
            return { kind: "pushed" };
          });
          expect(await pipeline.run()).toBeUndefined();
          expect(journal.counts).toMatchObject({ pushed: records.length, rejected: 0 });
          expect(pushed.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...records.keys()]);
          for (const own of Map.groupBy(pushed, ({ user }) => user).values()) {
            expect(own.map(({ index }) => index)).toEqual(
              own.map(({ index }) => index).sort((a, b) => a - b),
            );
          }
          await journal.close();
        }),
      ),
      { numRuns: 25 },
    );
  });

  it("stopped at any moment and gone on with, does each record once and leaves none out", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(30), fc.array(fc.nat(4), { minLength: 1, maxLength: 30 }), (moment, waits) =>
        withRun(async (run) => {
          const lines = waits.map((_, index) => lineOf(`user-${index}`, String(index)));
          const pushed: number[] = [];
          const answer: Answer = async ({ message }) => {
            const index = Number(message.planStatus?.title);
            await turns(waits[index] ?? 0);
            pushed.push(index);
            return index % 7 === 3 ? { ...refusal, kind: "rejected" } : { kind: "pushed" };
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

  const refusal = {
    code: "INTERNAL",
    reason: "INTERNAL",
    message: "for user-77777",
    violations: [],
    metadata: {},
  };

  it("gives a record up that fails while others go through, and does not say of whom", () =>
    withRun(async (run) => {
      const lines = Array.from({ length: 200 }, (_, index) => lineOf(`user-${index + 77_700}`));
      const answer: Answer = async ({ userKey }) => {
        await turns(1);
        return userKey === "user-77777" ? noAnswer("no word of user-77777") : { kind: "pushed" };
      };
      const { pipeline, journal } = await pushLines(run, lines, answer, { stallTimeoutMs: 200 });
      expect(await pipeline.run()).toBeUndefined();
      await journal.flush(true);
      await journal.close();
      expect(journal.counts).toMatchObject({ pushed: 199, rejected: 1 });
      const reasons = JSON.parse(await readFile(join(run.path, "rejected-reasons.ndjson"), "utf8"));
      expect(reasons).toMatchObject({ line: 78, userKey: "***777", reason: "UNAVAILABLE" });
      expect(reasons.message).toMatch(/^given up after \d+ attempts: no word of \*\*\*777$/);
    }));

  it("does not reject anything while nobody answers, and stops when that lasts", () =>
    withRun(async (run) => {
      const lines = Array.from({ length: 20 }, (_, index) => lineOf(`user-${index}`));
      const { pipeline, journal } = await pushLines(run, lines, () => noAnswer("nobody is there"), {
        stallTimeoutMs: 50,
      });
      expect(await pipeline.run()).toMatchObject({
        cause: "unreachable",
        message: expect.stringMatching(/nobody is there/),
      });
      expect(journal.counts).toMatchObject({ pushed: 0, rejected: 0 });
      await journal.close();
    }));

  it("raises what the input raises, after what was under way is done", () =>
    withRun(async (run) => {
      async function* broken() {
        yield* readRecords(inputOf([lineOf("a"), lineOf("b")]));
        throw new Error("the disk is gone");
      }
      const { pipeline, journal } = await pushLines(run, [], () => ({ kind: "pushed" }), {
        records: broken(),
      });
      await expect(pipeline.run()).rejects.toThrow("the disk is gone");
      expect(journal.counts.pushed).toBe(2);
      await journal.close();
    }));
});
