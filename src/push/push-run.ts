import { join } from "node:path";
import { replaceSecret } from "../auth/secret-file.ts";
import { differenceOf, fingerprintOf } from "./input/fingerprint.ts";
import { type Input, openInput } from "./input/input.ts";
import { InputError } from "./input/input-error.ts";
import { readRecords } from "./input/reader.ts";
import { type Position, start } from "./input/record.ts";
import { createRecordParser } from "./input/record-parser.ts";
import { createPipeline, type Pipeline, type Stop } from "./pipeline.ts";
import { type ProgressStream, showProgress } from "./report/progress.ts";
import { type Summary, summaryOf, withoutRun } from "./report/summary.ts";
import { createWarnings } from "./report/warnings.ts";
import { type Counts, createCounts, doneOf } from "./run/counts.ts";
import { type Checkpoint, checkpointOf, type Journal, openJournal } from "./run/journal.ts";
import { keyDisplay } from "./run/mask.ts";
import { type RunDirectory, type RunSettings, removeRun, runFiles } from "./run/run-directory.ts";
import type { AccessTokens } from "./send/access-tokens.ts";
import { createBackOff } from "./send/back-off.ts";
import { createConcurrency } from "./send/concurrency.ts";
import { createPacer } from "./send/pacer.ts";
import { createSender } from "./send/sender.ts";

/** Maximum number of rejected records before a run stops, absolute or relative to the records done. */
export type ErrorLimit = { readonly count: number } | { readonly percent: number };

type PushOptions = {
  /** The input of a new run, if it is open already. */
  input?: Input | undefined;
  tokens: AccessTokens;
  /** PEM certificates to trust instead of the well-known ones. */
  ca?: string | undefined;
  /** Maximum number of requests in flight. */
  concurrency: number;
  /** Maximum number of requests per second. */
  rate?: number | undefined;
  maxErrors?: ErrorLimit | undefined;
  /** Writes user keys in clear instead of masked. */
  reveal: boolean;
  progress: ProgressStream;
  /** The command that resumes the run, for the summary. */
  resumeCommand: string;
  /** Stops the run; the reason of the abort is a Stop. */
  signal: AbortSignal;
  /** Stops the run after this long without a successful request, in milliseconds. */
  stallTimeoutMs: number;
  /** How often the checkpoint is written, in milliseconds. Defaults to 100. */
  flushMs?: number;
};

/** Timeout of one request, in milliseconds. */
const timeoutMs = 30_000;

/** How long to wait for requests in flight after a stop, in milliseconds. */
const graceMs = 10_000;

/** Attempts at one record that fail while other records succeed. */
const maxAttempts = 20;

/** A relative ErrorLimit applies from this many records on. */
const minRecordsForPercent = 100;

/** Resolves with the summary of a finished run. */
export function summaryOfFinished(run: RunDirectory, { tally, elapsedMs }: Checkpoint): Promise<Summary> {
  return finish(run, summaryOf(run, createCounts(tally), elapsedMs, "finished"));
}

/**
 * Pushes the records that are not done yet of a run that is not finished, and resolves with the summary of the run. Rejects
 * with InputError if its input cannot be read or has changed since the run began. Removes a new run that ends before a
 * record is done.
 */
export async function pushRun(run: RunDirectory, options: PushOptions): Promise<Summary> {
  const before = checkpointOf(run);
  const from = before?.watermark ?? start;
  const { endpoint, protocol } = run.settings;
  const input =
    options.input ??
    (await openInput(run.settings.input, run.settings.record, await seekable(run.settings, from)));
  const display = keyDisplay(options.reveal);
  const journal = await openJournal(run, display);
  const { counts } = journal;
  const sender = createSender({ endpoint, protocol, tokens: options.tokens, timeoutMs, ca: options.ca });
  const pipeline = createPipeline({
    records: readRecords(input, from),
    parse: createRecordParser({ ...run.settings.record, endpoint, protocol }),
    sender,
    journal,
    showWarnings: createWarnings(counts, options.progress),
    display,
    concurrency: createConcurrency({ cap: options.concurrency }),
    pacer: options.rate === undefined ? undefined : createPacer(options.rate),
    backOff: createBackOff(),
    checkErrorLimit: () => checkErrorLimit(counts, options.maxErrors),
    maxAttempts,
    stallTimeoutMs: options.stallTimeoutMs,
    graceMs,
  });
  const endReports = startReports(input, journal, pipeline, options);
  let stop: Stop | undefined;
  let isFinished = false;
  let hasBegun = true;
  try {
    stop = options.signal.aborted ? (options.signal.reason as Stop) : await pipeline.run();
    isFinished = stop === undefined;
  } finally {
    endReports();
    sender.close();
    await journal.flush(isFinished).catch((error: Error) => {
      stop = { cause: "disk", message: error.message };
    });
    await journal.close();
    hasBegun = !run.isNew || isFinished || doneOf(counts) > 0;
    if (!hasBegun) {
      await removeRun(run);
    }
  }
  const end = stop?.cause ?? "finished";
  const summary = summaryOf(run, counts, journal.elapsedMs(), end, stop?.message, options.resumeCommand);
  return hasBegun ? finish(run, summary) : withoutRun(summary);
}

/** Starts everything that runs beside the pipeline: stop by signal, checkpoints, progress. Returns how to end it. */
function startReports(input: Input, journal: Journal, pipeline: Pipeline, options: PushOptions): () => void {
  const { signal, progress, flushMs = 100 } = options;
  const interrupt = () => pipeline.stop(signal.reason as Stop);
  signal.addEventListener("abort", interrupt);
  const endFlushing = flushRegularly(journal, pipeline, flushMs);
  const endProgress = showProgress(progress, () => ({
    done: doneOf(journal.counts),
    rejected: journal.counts.rejected,
    part: input.part(),
    waiting: pipeline.waiting(),
  }));
  return () => {
    signal.removeEventListener("abort", interrupt);
    endProgress();
    endFlushing();
  };
}

/** Returns the position from which to read the input. Rejects with InputError if it has changed since the run began. */
async function seekable({ input, fingerprint }: RunSettings, from: Position): Promise<Position> {
  if (fingerprint === undefined) {
    return from;
  }
  const difference = differenceOf(fingerprint, await fingerprintOf(input));
  if (difference === undefined) {
    return from;
  }
  if (difference === "perhaps") {
    // Reading from the start compares everything that was read before.
    return start;
  }
  throw new InputError(
    `${input} has changed since this run began: ${difference}. Push it as a new run, or restore the old file`,
  );
}

function flushRegularly(journal: Journal, pipeline: Pipeline, flushMs: number): () => void {
  let isFlushing = false;
  const timer = setInterval(() => {
    if (isFlushing) {
      return;
    }
    isFlushing = true;
    journal
      .flush()
      .catch((error: Error) => pipeline.stop({ cause: "disk", message: error.message }))
      .finally(() => {
        isFlushing = false;
      });
  }, flushMs);
  return () => clearInterval(timer);
}

function checkErrorLimit(counts: Counts, limit: ErrorLimit | undefined): Stop | undefined {
  const done = doneOf(counts);
  const isExceeded =
    limit !== undefined &&
    ("count" in limit
      ? counts.rejected > limit.count
      : done >= minRecordsForPercent && counts.rejected * 100 > limit.percent * done);
  return isExceeded
    ? { cause: "too-many-errors", message: `${counts.rejected} of ${done} were rejected` }
    : undefined;
}

/** Writes summary.json. If that fails, for example because the disk is full, the summary is still printed. */
async function finish(run: RunDirectory, summary: Summary): Promise<Summary> {
  const text = `${JSON.stringify(summary, undefined, 2)}\n`;
  await replaceSecret(join(run.path, runFiles.summary), text).catch(() => undefined);
  return summary;
}
