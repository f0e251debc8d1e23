import { join } from "node:path";
import { differenceOf, fingerprintOf } from "./input/fingerprint.ts";
import { InputError, openInput } from "./input/input.ts";
import { readRecords } from "./input/reader.ts";
import { type Position, start } from "./input/record.ts";
import { createRecordParser } from "./input/record-parser.ts";
import { createPipeline, type Pipeline, type Stop } from "./pipeline.ts";
import { type ProgressStream, showProgress } from "./report/progress.ts";
import { type Summary, summaryOf } from "./report/summary.ts";
import { checkpointOf, type Journal, openJournal } from "./run/journal.ts";
import { keyDisplay } from "./run/mask.ts";
import { type RunDirectory, type RunSettings, replaceFile, runFiles } from "./run/run-directory.ts";
import { createTally, doneOf, type Tally } from "./run/tally.ts";
import type { AccessTokens } from "./send/access-tokens.ts";
import { createBackOff } from "./send/back-off.ts";
import { createConcurrency } from "./send/concurrency.ts";
import { createTokenBucket } from "./send/pacer.ts";
import { createSender } from "./send/sender.ts";

/** How many records may be rejected before a run stops: a number, or a part of those done. */
export type ErrorLimit = { readonly count: number } | { readonly percent: number };

export type PushOptions = {
  tokens: AccessTokens;
  /** Requests under way at most. */
  concurrency: number;
  /** Requests a second at most. */
  rate?: number | undefined;
  maxErrors?: ErrorLimit | undefined;
  /** Writes user keys as they are. */
  reveal: boolean;
  progress: ProgressStream;
  /** Ends the run cleanly; its reason is the Stop. */
  signal: AbortSignal;
  /** For how long nothing at all may go through before the run stops, in milliseconds. */
  patienceMs: number;
  /** How often what was acknowledged is written to disk, in milliseconds. Defaults to 100. */
  flushMs?: number;
};

/** How long an answer may take, and how long those under way are waited for at the end, in milliseconds. */
const timeoutMs = 30_000;
const graceMs = 10_000;

/** Default of `flushMs`. */
const usualFlushMs = 100;

/** Attempts at one record that fail while others go through. */
const mostAttempts = 20;

/** A part of the records is no measure for the first few. */
const fewRecords = 100;

/**
 * Pushes the records of a run that are not done yet, and resolves with what the run has come to. Rejects with
 * InputError if its input cannot be read or is not what it was.
 */
export async function pushRun(run: RunDirectory, options: PushOptions): Promise<Summary> {
  const before = checkpointOf(run);
  if (before?.finished) {
    return finish(run, summaryOf(run, createTally(before.tally), before.elapsedMs, "finished"));
  }
  const from = before?.watermark ?? start;
  const input = await openInput(run.settings.input, await readableFrom(run.settings, from));
  const journal = await openJournal(run, keyDisplay(options.reveal));
  const { tally } = journal;
  const sender = createSender({ ...run.settings, tokens: options.tokens, timeoutMs });
  const pipeline = createPipeline({
    records: readRecords(input, from),
    parse: createRecordParser(run.settings.record),
    sender,
    journal,
    concurrency: createConcurrency({ cap: options.concurrency }),
    bucket: options.rate === undefined ? undefined : createTokenBucket(options.rate),
    backOff: createBackOff(),
    tooMany: () => tooMany(tally, options.maxErrors),
    mostAttempts,
    patienceMs: options.patienceMs,
    graceMs,
  });
  const interrupt = () => pipeline.stop(options.signal.reason as Stop);
  options.signal.addEventListener("abort", interrupt);
  const endFlushing = flushRegularly(journal, pipeline, options.flushMs ?? usualFlushMs);
  const endProgress = showProgress(options.progress, () => ({
    done: doneOf(tally),
    rejected: tally.rejected,
    part: input.part(),
  }));
  let stop: Stop | undefined;
  try {
    stop = options.signal.aborted ? (options.signal.reason as Stop) : await pipeline.run();
  } finally {
    options.signal.removeEventListener("abort", interrupt);
    endProgress();
    endFlushing();
    sender.close();
    await journal.flush(stop === undefined && pipeline.isFinished()).catch((error: Error) => {
      stop = { cause: "disk", message: error.message };
    });
    await journal.close();
  }
  return finish(run, summaryOf(run, tally, journal.elapsedMs(), stop?.cause ?? "finished", stop?.message));
}

/** Returns from where the input may be read, if it is still the one that it was. */
async function readableFrom({ input, fingerprint }: RunSettings, from: Position): Promise<Position> {
  if (fingerprint === undefined) {
    return from;
  }
  const difference = differenceOf(fingerprint, await fingerprintOf(input));
  if (difference === undefined) {
    return from;
  }
  if (difference === "perhaps") {
    // Reading it from its start compares what was read.
    return start;
  }
  throw new InputError(
    `${input} has changed since this run began: ${difference}. Push it as a new run, or bring the old file back`,
  );
}

function flushRegularly(journal: Journal, pipeline: Pipeline, flushMs: number): () => void {
  let isUnderWay = false;
  const timer = setInterval(() => {
    if (isUnderWay) {
      return;
    }
    isUnderWay = true;
    journal
      .flush()
      .catch((error: Error) => pipeline.stop({ cause: "disk", message: error.message }))
      .finally(() => {
        isUnderWay = false;
      });
  }, flushMs);
  return () => clearInterval(timer);
}

function tooMany(tally: Tally, limit: ErrorLimit | undefined): Stop | undefined {
  const done = doneOf(tally);
  const isPassed =
    limit !== undefined &&
    ("count" in limit
      ? tally.rejected > limit.count
      : done >= fewRecords && tally.rejected * 100 > limit.percent * done);
  return isPassed
    ? { cause: "too-many-errors", message: `${tally.rejected} of ${done} were rejected` }
    : undefined;
}

/** Writes the summary beside the records. A full disk does not keep it from being shown. */
async function finish(run: RunDirectory, summary: Summary): Promise<Summary> {
  const text = `${JSON.stringify(summary, undefined, 2)}\n`;
  await replaceFile(join(run.path, runFiles.summary), text).catch(() => undefined);
  return summary;
}
