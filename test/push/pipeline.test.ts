import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecords } from "../../src/push/input/reader.ts";
import type { RawRecord } from "../../src/push/input/record.ts";
import type { Stop } from "../../src/push/pipeline.ts";
import { openRun } from "../../src/push/run/run-directory.ts";
import { createConcurrency } from "../../src/push/send/concurrency.ts";
import { type Outcome, troubleOf } from "../../src/push/send/outcome.ts";
import { createPacer } from "../../src/push/send/pacer.ts";
import { lineOf } from "../support/push-inputs.ts";
import {
  type Answer,
  countedRecords,
  heldAnswers,
  inputOf,
  pushLines,
  titleOf,
  turns,
  withRun,
} from "../support/push-pipeline.ts";
import { createVirtualTimer } from "../support/push-timer.ts";

describe("a pipeline with many records of few users", () => {
  const users = ["a", "b"];
  const lines = Array.from({ length: 5_000 }, (_, index) => lineOf(users[index % 2] ?? "", String(index)));

  it("stops reading while 2,048 records are queued", () =>
    withRun(async (run) => {
      const input = countedRecords(lines);
      const { held, answer, release } = heldAnswers();
      const { pipeline, journal } = await pushLines(run, [], answer, { records: input.records });
      const done = pipeline.run();
      await turns(50);
      // Two are in flight, 2,048 are queued, and one waits for room.
      expect([held.length, input.read]).toEqual([2, 2_051]);
      await turns(50);
      expect(input.read).toBe(2_051);
      release();
      expect(await done).toBeUndefined();
      expect([input.read, journal.counts.pushed]).toEqual([5_000, 5_000]);
      await journal.close();
    }));

  it("pushes 5,000 records of two users in order, one per user at a time, and reads at most 2,051 ahead", () =>
    withRun(async (run) => {
      const input = countedRecords(lines);
      const pushed = new Map<string, number[]>(users.map((user) => [user, []]));
      const inFlight = new Set<string>();
      let mostAhead = 0;
      let doneCount = 0;
      const answer: Answer = async (request) => {
        const { userKey } = request;
        expect(inFlight.has(userKey)).toBe(false);
        inFlight.add(userKey);
        mostAhead = Math.max(mostAhead, input.read - doneCount);
        await turns(1);
        inFlight.delete(userKey);
        doneCount += 1;
        pushed.get(userKey)?.push(Number(titleOf(request)));
        return { kind: "pushed" };
      };
      const { pipeline, journal } = await pushLines(run, [], answer, { records: input.records });
      expect(await pipeline.run()).toBeUndefined();
      const numbers = [...lines.keys()];
      expect(pushed.get("a")).toEqual(numbers.filter((number) => number % 2 === 0));
      expect(pushed.get("b")).toEqual(numbers.filter((number) => number % 2 === 1));
      expect(mostAhead).toBeGreaterThan(2);
      expect(mostAhead).toBeLessThanOrEqual(2_051);
      await journal.close();
    }));

  it("starts queued records at the rate of the pacer", () =>
    withRun(async (run) => {
      const timer = createVirtualTimer();
      const { pipeline, journal } = await pushLines(run, lines.slice(0, 2_500), () => ({ kind: "pushed" }), {
        pacer: createPacer(1_000),
        timer,
      });
      expect(await pipeline.run()).toBeUndefined();
      expect(journal.counts.pushed).toBe(2_500);
      // The pacer allows a burst of 100 records.
      expect(timer.now()).toBeCloseTo(2_400, 0);
      await journal.close();
    }));
});

describe("the pipeline with many rejected records", () => {
  it("stops reading while more than 8 MiB of rejected records are not on disk", () =>
    withRun(async (run) => {
      const mebibyte = 1024 * 1024;
      const bytes = Buffer.alloc(mebibyte, "x");
      let mostWaiting = 0;
      async function* records(): AsyncGenerator<RawRecord[]> {
        for (let index = 1; index <= 24; index++) {
          mostWaiting = Math.max(mostWaiting, journal.waiting());
          yield [{ index, end: index, crc: index, bytes }];
        }
      }
      const { pipeline, journal } = await pushLines(run, [], () => ({ kind: "pushed" }), {
        records: records(),
      });
      expect(await pipeline.run()).toBeUndefined();
      expect(journal.counts.rejected).toBe(24);
      expect(mostWaiting).toBeGreaterThan(7 * mebibyte);
      expect(mostWaiting).toBeLessThanOrEqual(8 * mebibyte);
      await journal.close();
    }));
});

describe("a stopped pipeline", () => {
  const stop: Stop = { cause: "interrupted", message: "by a test" };

  it("starts nothing new after stop, waits for the requests in flight and resolves with the stop", () =>
    withRun(async (run) => {
      const lines = Array.from({ length: 100 }, (_, index) => lineOf(`user-${index % 40}`, String(index)));
      const { held, answer, release } = heldAnswers();
      const { pipeline, journal } = await pushLines(run, lines, answer);
      let isOver = false;
      const done = pipeline.run().finally(() => {
        isOver = true;
      });
      await turns(20);
      expect(held.length).toBe(8);
      pipeline.stop(stop);
      await turns(20);
      expect([held.length, isOver]).toEqual([8, false]);
      release();
      expect(await done).toEqual(stop);
      expect(held.length).toBe(8);
      expect(journal.counts).toMatchObject({ pushed: 8, rejected: 0 });
      await journal.close();
    }));

  it("neither rejects, skips nor pushes the records that follow a stop", () =>
    withRun(async (run) => {
      const { pipeline, journal } = await pushLines(
        run,
        ["{", "", "{", lineOf("a")],
        () => ({ kind: "pushed" }),
        {
          checkErrorLimit: () => ({ cause: "too-many-errors", message: "1 of 1 were rejected" }),
        },
      );
      expect(await pipeline.run()).toMatchObject({ cause: "too-many-errors" });
      expect(journal.counts).toMatchObject({ rejected: 1, blank: 0, pushed: 0 });
      await journal.close();
    }));

  it("stops within blank lines", () =>
    withRun(async (run) => {
      const held = Promise.withResolvers<void>();
      async function* blankLines(): AsyncGenerator<RawRecord[]> {
        yield [];
        await held.promise;
        yield [];
        throw new Error("was read after the stop");
      }
      const { pipeline, journal } = await pushLines(run, [], () => ({ kind: "pushed" }), {
        records: blankLines(),
      });
      const done = pipeline.run();
      pipeline.stop(stop);
      held.resolve();
      expect(await done).toEqual(stop);
      await journal.close();
    }));

  it("counts the blank lines of a run once, also when it is resumed", () =>
    withRun(async (run) => {
      const lines = ["", lineOf("a"), "", "", "{", "", ""];
      const first = await pushLines(run, lines, () => ({ kind: "pushed" }));
      expect(await first.pipeline.run()).toBeUndefined();
      expect(first.journal.counts).toMatchObject({ pushed: 1, rejected: 1, blank: 5 });
      await first.journal.flush();
      await first.journal.close();
      await run.release();
      const resumed = await openRun(run.path);
      const second = await pushLines(resumed, lines, () => ({ kind: "pushed" }));
      expect(await second.pipeline.run()).toBeUndefined();
      expect(second.journal.counts).toMatchObject({ pushed: 1, rejected: 1, blank: 5 });
      await second.journal.close();
      await resumed.release();
    }));

  it("closes the sender when requests in flight take longer than graceMs after a stop", () =>
    withRun(async (run) => {
      const answer = Promise.withResolvers<Outcome>();
      const { pipeline, journal } = await pushLines(run, [lineOf("a")], () => answer.promise, {
        graceMs: 0,
        sender: {
          send: () => answer.promise,
          stopConnecting: () => undefined,
          close: () => answer.resolve(troubleOf("silent", "closed")),
        },
      });
      const done = pipeline.run();
      await turns(5);
      pipeline.stop(stop);
      expect(await done).toEqual(stop);
      expect(journal.counts).toMatchObject({ pushed: 0, rejected: 0 });
      await journal.close();
    }));

  it("resolves with its first stop when it is stopped twice", () =>
    withRun(async (run) => {
      const { held, answer, release } = heldAnswers();
      const { pipeline, journal } = await pushLines(run, [lineOf("a")], answer);
      const done = pipeline.run();
      await turns(5);
      pipeline.stop(stop);
      pipeline.stop({ cause: "disk", message: "full" });
      release();
      expect(await done).toEqual(stop);
      expect(held.length).toBe(1);
      await journal.close();
    }));
});

describe("the pipeline", () => {
  it("keeps the order of each user's records, however long each takes and however often it fails", async () => {
    const plans = fc.array(
      fc.record({ user: fc.integer({ min: 0, max: 3 }), turns: fc.nat(3), failures: fc.nat(2) }),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(plans, (records) =>
        withRun(async (run) => {
          const inFlight = new Set<string>();
          const pushed: { user: string; index: number }[] = [];
          const lines = records.map(({ user }, index) => lineOf(`user-${user}`, String(index)));
          const { pipeline, journal } = await pushLines(run, lines, async (request, attempt) => {
            const { userKey } = request;
            expect(inFlight.has(userKey)).toBe(false);
            inFlight.add(userKey);
            const index = Number(titleOf(request));
            await turns(records[index]?.turns ?? 0);
            inFlight.delete(userKey);
            if (attempt <= (records[index]?.failures ?? 0)) {
              return troubleOf("silent", "not now");
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

  it("rejects a record that fails while others succeed, with its user key masked", () =>
    withRun(async (run) => {
      const lines = Array.from({ length: 200 }, (_, index) => lineOf(`user-${index + 77_700}`));
      const timer = createVirtualTimer();
      const { signal } = new AbortController();
      const answer: Answer = async ({ userKey }) => {
        // Others succeed while the one that fails is in flight.
        await timer.sleep(userKey === "user-77777" ? 5 : 1, signal);
        return userKey === "user-77777"
          ? troubleOf("silent", "no answer for user-77777")
          : { kind: "pushed" };
      };
      const { pipeline, journal } = await pushLines(run, lines, answer, {
        concurrency: createConcurrency({ cap: 2 }),
        timer,
      });
      expect(await pipeline.run()).toBeUndefined();
      await journal.flush(true);
      await journal.close();
      expect(journal.counts).toMatchObject({ pushed: 199, rejected: 1 });
      const reasons = JSON.parse(await readFile(join(run.path, "rejected-reasons.ndjson"), "utf8"));
      expect(reasons).toMatchObject({ line: 78, userKey: "***777", reason: "UNAVAILABLE" });
      expect(reasons.message).toMatch(/^given up after 3 attempts: no answer for \*\*\*777$/);
    }));

  it.each([1, 2, 16])(
    "pushes all others while records get pages of a proxy, with up to %i requests in flight, and then stops",
    (cap) =>
      withRun(async (run) => {
        const lines = Array.from({ length: 200 }, (_, index) => lineOf(`user-${index}`));
        const { pipeline, journal } = await pushLines(
          run,
          lines,
          ({ userKey }) => (userKey.endsWith("7") ? troubleOf("foreign", "HTTP 403") : { kind: "pushed" }),
          { concurrency: createConcurrency({ cap }), stallTimeoutMs: 5_000, backOff: () => 100 },
        );
        expect(await pipeline.run()).toMatchObject({ cause: "unreachable" });
        expect(journal.counts).toMatchObject({ pushed: 180, rejected: 0 });
        await journal.close();
      }),
  );

  it("rejects nothing while the endpoint does not answer, and stops as unreachable after stallTimeoutMs, with the user key masked", () =>
    withRun(async (run) => {
      const lines = Array.from({ length: 20 }, (_, index) => lineOf(`user-${index}`));
      const { pipeline, journal } = await pushLines(
        run,
        lines,
        ({ userKey }) => troubleOf("silent", `no answer for ${userKey}`),
        {
          stallTimeoutMs: 50,
        },
      );
      expect(await pipeline.run()).toMatchObject({
        cause: "unreachable",
        message: expect.stringMatching(/^no request succeeded for 0 s: no answer for \*\*\*\d$/),
      });
      expect(journal.counts).toMatchObject({ pushed: 0, rejected: 0 });
      await journal.close();
    }));

  it("rejects with the error of the input after the requests in flight are done", () =>
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
