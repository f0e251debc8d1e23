import type { Input } from "../../src/push/input/input.ts";
import { createLineSplitter } from "../../src/push/input/line-splitter.ts";
import type { PushRequest } from "../../src/push/input/push-request.ts";
import { readRecords } from "../../src/push/input/reader.ts";
import { type RawRecord, start } from "../../src/push/input/record.ts";
import { createRecordParser } from "../../src/push/input/record-parser.ts";
import { createPipeline, type PipelineOptions } from "../../src/push/pipeline.ts";
import { checkpointOf, openJournal } from "../../src/push/run/journal.ts";
import { keyDisplay } from "../../src/push/run/mask.ts";
import { createRun, type RunDirectory, type RunSettings } from "../../src/push/run/run-directory.ts";
import { createBackOff } from "../../src/push/send/back-off.ts";
import { createConcurrency } from "../../src/push/send/concurrency.ts";
import type { Outcome } from "../../src/push/send/outcome.ts";
import { makeDirectory, removeDirectory } from "./data-directory.ts";
import { createVirtualTimer } from "./push-timer.ts";

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

/** An input of lines. */
export const inputOf = (lines: readonly string[]): Input => ({
  chunks: chunksOf(lines.map((line) => `${line}\n`).join("")),
  from: start,
  splitter: createLineSplitter(start),
  part: () => undefined,
  close: () => undefined,
});

/** Returns the title of the status that a request sends over REST. */
export const titleOf = ({ body }: PushRequest): string => JSON.parse(String(body)).title;

/** Answers an attempt, counted from 1 for each record. */
export type Answer = (request: PushRequest, attempt: number) => Promise<Outcome> | Outcome;

/** Creates a pipeline over lines, in virtual time, whose attempts are answered by `answer`. */
export async function pushLines(
  run: RunDirectory,
  lines: readonly string[],
  answer: Answer,
  more: Partial<PipelineOptions> = {},
) {
  const display = keyDisplay(false);
  const journal = await openJournal(run, display);
  const attempts = new Map<string, number>();
  const pipeline = createPipeline({
    records: readRecords(inputOf(lines), checkpointOf(run)?.watermark),
    parse: createRecordParser(run.settings.record),
    journal,
    display,
    showWarnings: () => {},
    sender: {
      async send(request) {
        const title = titleOf(request);
        attempts.set(title, (attempts.get(title) ?? 0) + 1);
        return answer(request, attempts.get(title) ?? 0);
      },
      stopConnecting: () => undefined,
      close: () => undefined,
    },
    concurrency: createConcurrency({ cap: 16 }),
    backOff: createBackOff({ firstMs: 1, mostMs: 2 }),
    checkErrorLimit: () => undefined,
    maxAttempts: 3,
    stallTimeoutMs: 60_000,
    graceMs: 1_000,
    timer: createVirtualTimer(),
    ...more,
  });
  return { pipeline, journal };
}

/** Creates records one by one when the pipeline reads them, and counts them. */
export function countedRecords(lines: readonly string[]) {
  const counted = { read: 0, records: generate() };
  async function* generate(): AsyncGenerator<RawRecord[]> {
    for (const [place, line] of lines.entries()) {
      counted.read += 1;
      yield [{ index: place + 1, end: place + 1, crc: place + 1, bytes: Buffer.from(line) }];
    }
  }
  return counted;
}

/** Creates answers that wait until `release` is called. */
export function heldAnswers() {
  const held: (() => void)[] = [];
  let isHolding = true;
  return {
    held,
    answer: () =>
      new Promise<Outcome>((resolve) => {
        const push = () => resolve({ kind: "pushed" });
        if (isHolding) {
          held.push(push);
        } else {
          push();
        }
      }),
    release() {
      isHolding = false;
      for (const push of held) {
        push();
      }
    },
  };
}

/** Calls a function with a new run, and removes its directory afterwards. */
export async function withRun<T>(use: (run: RunDirectory) => Promise<T>): Promise<T> {
  const directory = await makeDirectory();
  try {
    return await use(await createRun(directory, settings));
  } finally {
    await removeDirectory(directory);
  }
}

/** Resolves after `count` turns of the event loop. */
export const turns = (count: number) =>
  Array.from({ length: count }).reduce<Promise<void>>(
    (before) => before.then(() => new Promise((resolve) => setImmediate(resolve))),
    Promise.resolve(),
  );
