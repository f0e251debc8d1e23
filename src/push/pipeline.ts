import { setTimeout as sleep } from "node:timers/promises";
import type { PushRequest } from "./input/push-request.ts";
import type { RawRecord } from "./input/record.ts";
import type { RecordParser } from "./input/record-parser.ts";
import type { Journal } from "./run/journal.ts";
import type { BackOff } from "./send/back-off.ts";
import type { Concurrency } from "./send/concurrency.ts";
import type { Outcome } from "./send/outcome.ts";
import type { TokenBucket } from "./send/pacer.ts";
import type { Sender } from "./send/sender.ts";

/** Why a run ended before its input did. */
export type StopCause = "interrupted" | "too-many-errors" | "unauthenticated" | "unreachable" | "disk";

/** Says that a run is to end before its input does. */
export type Stop = { readonly cause: StopCause; readonly message: string };

export type PipelineOptions = {
  records: AsyncIterable<RawRecord[]>;
  parse: RecordParser;
  sender: Sender;
  journal: Journal;
  concurrency: Concurrency;
  bucket?: TokenBucket | undefined;
  backOff: BackOff;
  /** Says after each rejection whether there are too many. */
  tooMany(): Stop | undefined;
  /** A record is rejected after so many attempts that failed while others went through. */
  mostAttempts: number;
  /** For how long nothing at all may go through, in milliseconds, before the run stops. */
  patienceMs: number;
  /** How long to wait for answers that are under way when the run is to stop, in milliseconds. */
  graceMs: number;
};

export type Pipeline = {
  /** Resolves when every record is done, or with why not. Rejects with InputError. */
  run(): Promise<Stop | undefined>;
  /** Ends the run: nothing new is begun, and what is under way is waited for. */
  stop(stop: Stop): void;
  /** Whether every record of the input is done. */
  isFinished(): boolean;
};

type Entry = { readonly record: RawRecord; readonly request: PushRequest };

/** Records that wait for another of their user, at most. */
const mostWaiting = 2048;

/** Bytes of rejected records that may wait to be written. */
const mostUnwritten = 8 * 1024 * 1024;

/**
 * Creates the way of all records from the input to the journal. As many are under way as `concurrency` says, but never
 * two of one user: the second waits for the first, so that their order is kept.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { sender, journal, concurrency, bucket, backOff } = options;
  const lanes = new Map<string, Entry[]>();
  let inFlight = 0;
  let waiting = 0;
  let stopped: Stop | undefined;
  let lastSuccess = performance.now();
  let wake: (() => void) | undefined;
  const stopping = new AbortController();
  let failure: unknown;
  let isFinished = false;

  function stop(cause: Stop): void {
    if (stopped === undefined) {
      stopped = cause;
      stopping.abort();
      setTimeout(() => sender.close(), options.graceMs).unref();
    }
    changed();
  }

  function changed(): void {
    wake?.();
    wake = undefined;
  }

  function change(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  async function run(): Promise<Stop | undefined> {
    try {
      for await (const block of options.records) {
        for (const record of block) {
          if (stopped !== undefined) {
            break;
          }
          // Waits only where it has to: most records pass without a turn of the event loop.
          const wait = accept(record);
          if (wait !== undefined) {
            await wait;
          }
        }
        if (stopped !== undefined) {
          break;
        }
        while (journal.waiting() > mostUnwritten && stopped === undefined) {
          await journal.flush().catch(() => undefined);
        }
      }
    } catch (error) {
      failure = error;
      stop({ cause: "interrupted", message: "" });
    }
    while (inFlight > 0) {
      await change();
    }
    if (failure !== undefined) {
      throw failure;
    }
    isFinished = stopped === undefined;
    return stopped;
  }

  function accept(record: RawRecord): Promise<void> | undefined {
    if (journal.acknowledged.has(record.index)) {
      return undefined;
    }
    if (record.bytes.length === 0 && record.fault === undefined) {
      journal.skipped(record);
      return undefined;
    }
    const parsed = options.parse(record);
    if ("violations" in parsed) {
      const [first] = parsed.violations;
      reject(record, {
        code: "INVALID_ARGUMENT",
        reason: first?.field === "record" ? "RECORD_UNREADABLE" : "FIELD_INVALID",
        message: first === undefined ? "" : `${first.field}: ${first.description}`,
        violations: parsed.violations,
        userKey: parsed.userKey,
      });
      return undefined;
    }
    return enter({ record, request: parsed.request });
  }

  function enter(entry: Entry): Promise<void> | undefined {
    const { lane } = entry.request;
    const queue = lanes.get(lane);
    if (queue === undefined ? inFlight >= concurrency.limit() : waiting >= mostWaiting) {
      return change().then(() => (stopped === undefined ? enter(entry) : undefined));
    }
    if (queue === undefined) {
      lanes.set(lane, []);
      inFlight += 1;
      void follow(entry);
    } else {
      queue.push(entry);
      waiting += 1;
    }
    return undefined;
  }

  /** Pushes a record and then those of its user that wait for it. */
  async function follow(first: Entry): Promise<void> {
    const { lane } = first.request;
    try {
      for (let entry: Entry | undefined = first; entry !== undefined && stopped === undefined; ) {
        await push(entry);
        entry = lanes.get(lane)?.shift();
        waiting -= entry === undefined ? 0 : 1;
        changed();
      }
    } catch (error) {
      failure ??= error;
      stop({ cause: "interrupted", message: "" });
    }
    lanes.delete(lane);
    inFlight -= 1;
    changed();
  }

  /** Sends a record until it is done, or the run stops. */
  async function push({ record, request }: Entry): Promise<void> {
    const beganAt = performance.now();
    let failedAlone = 0;
    for (let attempt = 1; ; attempt++) {
      const startIn = bucket?.take(performance.now()) ?? 0;
      if (startIn > 0 && !(await pause(startIn))) {
        return;
      }
      const sentAt = performance.now();
      const outcome = await sender.send(request);
      const now = performance.now();
      if (outcome.kind !== "later") {
        settle(record, request, outcome);
        concurrency.answered(now - sentAt, inFlight, now);
        lastSuccess = now;
        return;
      }
      if (stopped !== undefined) {
        return;
      }
      concurrency.overloaded(now);
      // While nothing goes through it is not the record: in an outage none is rejected.
      failedAlone += Number(lastSuccess > sentAt);
      const isStandstill = now - Math.max(lastSuccess, beganAt) > options.patienceMs;
      if (failedAlone >= options.mostAttempts || (isStandstill && failedAlone > 0)) {
        const message = `given up after ${attempt} attempts: ${outcome.message}`;
        reject(record, { ...reasonOf(outcome, request), message });
        return;
      }
      if (isStandstill) {
        const seconds = Math.round(options.patienceMs / 1000);
        stop({ cause: "unreachable", message: `nothing went through for ${seconds} s: ${outcome.message}` });
        return;
      }
      if (!(await pause(backOff(attempt, outcome.retryAfterMs)))) {
        return;
      }
      journal.tally.repeated += 1;
    }
  }

  function settle(
    record: RawRecord,
    request: PushRequest,
    outcome: Exclude<Outcome, { kind: "later" }>,
  ): void {
    switch (outcome.kind) {
      case "pushed":
        journal.pushed(record, request);
        break;
      case "superseded":
        journal.superseded(record, reasonOf(outcome, request));
        break;
      case "refused":
        reject(record, reasonOf(outcome, request));
        break;
      case "unauthenticated":
        stop({ cause: "unauthenticated", message: outcome.message });
        break;
    }
  }

  function reject(record: RawRecord, reason: Parameters<Journal["rejected"]>[1]): void {
    journal.rejected(record, reason);
    const tooMany = options.tooMany();
    if (tooMany !== undefined) {
      stop(tooMany);
    }
  }

  /** Resolves after a time with `true`, or at once with `false` when the run is to stop. */
  function pause(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: stopping.signal }).catch(() => false);
  }

  return { run, stop, isFinished: () => isFinished };
}

function reasonOf(outcome: Exclude<Outcome, { kind: "pushed" }>, { userKey }: PushRequest) {
  const { code, reason, message, violations, metadata } = outcome;
  return { code, reason, message, violations, metadata, userKey };
}
