import { type FieldViolation, limitViolations } from "../contract/field-violation.ts";
import type { ParsedRecord, PushRequest } from "./input/push-request.ts";
import type { RawRecord } from "./input/record.ts";
import type { RecordParser } from "./input/record-parser.ts";
import type { Journal, Reason } from "./run/journal.ts";
import type { KeyDisplay } from "./run/mask.ts";
import type { Outcome } from "./send/outcome.ts";
import { createRetryingSender, type FinalOutcome, type RetryOptions } from "./send/retrying-sender.ts";
import { createUserQueues } from "./send/user-queues.ts";

/** Why a run ended before its input did. */
export type StopCause =
  | "interrupted"
  | "too-many-errors"
  | "unauthenticated"
  | "unreachable"
  | "unusable"
  | "disk";

/** Stops a run before the end of its input. */
export type Stop = { readonly cause: StopCause; readonly message: string };

export type PipelineOptions = RetryOptions & {
  records: AsyncIterable<RawRecord[]>;
  parse: RecordParser;
  journal: Journal;
  /** For the message of a stop, which may quote the user key of a record. */
  display: KeyDisplay;
  /** Called with the warnings of each record that is sent. */
  showWarnings(line: number, warnings?: readonly FieldViolation[]): void;
  /** Called after each rejection. Returns a Stop if there are too many. */
  checkErrorLimit(): Stop | undefined;
  /** How long to wait for requests in flight after a stop, in milliseconds. */
  graceMs: number;
};

export type Pipeline = {
  /** Resolves when every record is done, or with the reason why not. Rejects with InputError. */
  run(): Promise<Stop | undefined>;
  /** Stops the run: sends no new request, but waits for those in flight. */
  stop(stop: Stop): void;
  /** For how long no request has succeeded, in milliseconds, and why; undefined if the last one has. */
  waiting(): { readonly ms: number; readonly reason: string } | undefined;
};

type Entry = { readonly record: RawRecord; readonly request: PushRequest };

/** Maximum number of records that wait for an earlier one of their user. */
const maxQueued = 2048;

/** Maximum size of rejected records that are not on disk yet, in bytes. */
const maxUnwritten = 8 * 1024 * 1024;

/**
 * Creates the pipeline from the input to the journal: read, parse, queue per user, send with retries, settle. As many
 * users are served at once as `concurrency` allows. Records of one user are pushed one after the other, in order.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { sender, journal, concurrency } = options;
  const stopping = new AbortController();
  let stopped: Stop | undefined;
  let failure: { readonly error: unknown } | undefined;
  const queues = createUserQueues<Entry, FinalOutcome>({
    process: ({ request }) => retrying.send(request),
    onResult: settle,
    onError: fail,
    limit: () => concurrency.limit() + retrying.uncounted(),
    maxQueued,
  });
  const retrying = createRetryingSender(options, {
    signal: stopping.signal,
    inFlight: queues.inFlight,
    onRetry: journal.retried,
    onUncounted: () => queues.limitChanged(),
  });

  async function run(): Promise<Stop | undefined> {
    await read().catch(fail);
    await queues.whenIdle();
    if (failure !== undefined) {
      throw failure.error;
    }
    return stopped;
  }

  async function read(): Promise<void> {
    for await (const block of options.records) {
      // Also if the block is empty, as those of blank lines are.
      if (stopped !== undefined) {
        return;
      }
      for (const record of block) {
        if (stopped !== undefined) {
          return;
        }
        // Awaits only if there is no room: most records pass without a turn of the event loop.
        const room = parse(record);
        if (room !== undefined) {
          await room;
        }
      }
      while (journal.waiting() > maxUnwritten && stopped === undefined) {
        await journal.flush().catch(() => undefined);
      }
    }
  }

  /** Parses a record and queues it, unless it is done already. Returns a promise if there is no room in the queues. */
  function parse(record: RawRecord): Promise<void> | undefined {
    if (journal.isDone(record.index)) {
      return undefined;
    }
    if (record.bytes.length === 0 && record.problem === undefined) {
      journal.skipped(record);
      return undefined;
    }
    const parsed = options.parse(record);
    if ("violations" in parsed) {
      reject(record, invalid(parsed));
      return undefined;
    }
    options.showWarnings(record.index, parsed.request.warnings);
    return queues.add(parsed.request.queueKey, { record, request: parsed.request });
  }

  function settle({ record, request }: Entry, outcome: FinalOutcome): void {
    switch (outcome.kind) {
      case "pushed":
        journal.pushed(record, request);
        break;
      case "superseded":
        journal.superseded(record, reasonOf(outcome, request));
        break;
      case "rejected":
        reject(record, reasonOf(outcome, request));
        break;
      case "unauthenticated":
        stop({ cause: "unauthenticated", message: options.display.text(outcome.message, request.userKey) });
        break;
      case "unusable":
        stop({ cause: "unusable", message: options.display.text(outcome.message, request.userKey) });
        break;
      case "stalled":
        stop({ cause: "unreachable", message: options.display.text(outcome.message, request.userKey) });
        break;
    }
  }

  function reject(record: RawRecord, reason: Reason): void {
    journal.rejected(record, reason);
    const limit = options.checkErrorLimit();
    if (limit !== undefined) {
      stop(limit);
    }
  }

  /** Stops because of an unexpected error, which `run` then rejects with. */
  function fail(error: unknown): void {
    failure ??= { error };
    stop({ cause: "interrupted", message: "" });
  }

  function stop(cause: Stop): void {
    if (stopped === undefined) {
      stopped = cause;
      queues.stop();
      stopping.abort();
      sender.stopConnecting();
      setTimeout(() => sender.close(), options.graceMs).unref();
    }
  }

  function waiting(): ReturnType<Pipeline["waiting"]> {
    const found = retrying.waiting();
    return found && { ms: found.ms, reason: options.display.text(found.message, found.request.userKey) };
  }

  return { run, stop, waiting };
}

function invalid({ violations, userKey }: Extract<ParsedRecord, { violations: unknown }>): Reason {
  const [first] = limitViolations(violations.slice(0, 1));
  return {
    code: "INVALID_ARGUMENT",
    reason: first?.field === "record" ? "RECORD_UNREADABLE" : "FIELD_INVALID",
    message: first === undefined ? "" : `${first.field}: ${first.description}`,
    violations,
    userKey,
  };
}

function reasonOf(outcome: Exclude<Outcome, { kind: "pushed" }>, { userKey }: PushRequest): Reason {
  const { code, reason, message, violations, metadata } = outcome;
  return { code, reason, message, violations, metadata, userKey };
}
