import { setTimeout } from "node:timers/promises";
import type { PushRequest } from "../input/push-request.ts";
import type { BackOff } from "./back-off.ts";
import type { Concurrency } from "./concurrency.ts";
import type { Outcome } from "./outcome.ts";
import type { Pacer } from "./pacer.ts";
import type { Sender } from "./sender.ts";

/** How pushing a record ended, retries included. */
export type FinalOutcome =
  | Exclude<Outcome, { kind: "retry" }>
  /** No request succeeded for `stallTimeoutMs`. */
  | { readonly kind: "stalled"; readonly message: string }
  /** The run was stopped before there was an outcome. */
  | { readonly kind: "stopped" };

/** Time and waiting; tests replace them. */
export type Timer = {
  /** Milliseconds from any point in time. Never goes back. */
  now(): number;
  /** Resolves with `true` after so many milliseconds, or at once with `false` when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<boolean>;
};

const systemTimer: Timer = {
  now: () => performance.now(),
  sleep: (ms, signal) => setTimeout(ms, true, { signal }).catch(() => false),
};

export type RetryOptions = {
  sender: Sender;
  concurrency: Concurrency;
  /** Limits the rate of requests, retries included. */
  pacer?: Pacer | undefined;
  backOff: BackOff;
  /**
   * A record is rejected after this many attempts that failed while other records succeeded, if the failures can be about
   * the record.
   */
  maxAttempts: number;
  /** How long no request at all may succeed, in milliseconds. */
  stallTimeoutMs: number;
  /** Defaults to that of this machine. */
  timer?: Timer | undefined;
};

/** Since when no request has succeeded, and why not. */
export type Waiting = {
  readonly ms: number;
  readonly message: string;
  /** The request that failed last. */
  readonly request: PushRequest;
};

export type RetryingSender = {
  /** Sends a record until its outcome is final. */
  send(request: PushRequest): Promise<FinalOutcome>;
  /** How many records wait for their next attempt without counting against the limit, so that others can be sent. */
  uncounted(): number;
  /** Returns undefined if the last request succeeded. */
  waiting(): Waiting | undefined;
};

/** Maximum number of waiting records that do not count against the limit. */
const maxUncounted = 1_000;

/** If this many requests in a row have failed, it is an outage, in which every record counts against the limit. */
const outageFailures = 8;

/** Creates the sender that retries. Aborting `signal` ends its waiting. `onUncounted` is called when `uncounted` has risen. */
export function createRetryingSender(
  options: RetryOptions,
  {
    signal,
    inFlight,
    onRetry,
    onUncounted,
  }: { signal: AbortSignal; inFlight(): number; onRetry(): void; onUncounted(): void },
): RetryingSender {
  const { sender, concurrency, pacer, backOff, stallTimeoutMs, timer = systemTimer } = options;
  let lastSuccess = timer.now();
  let failedInARow = 0;
  let uncounted = 0;

  /** The last failure; since the last success, when the first one was, and whether all are of one record. */
  let failing: (Omit<Waiting, "ms"> & { readonly since: number; readonly isOneRecord: boolean }) | undefined;

  async function send(request: PushRequest): Promise<FinalOutcome> {
    const startedAt = timer.now();
    let failedAlone = 0;
    for (let attempt = 1; ; attempt++) {
      const waitMs = pacer?.take(timer.now()) ?? 0;
      if (waitMs > 0 && !(await timer.sleep(waitMs, signal))) {
        return { kind: "stopped" };
      }
      const sentAt = timer.now();
      const outcome = await sender.send(request);
      const now = timer.now();
      if (outcome.kind !== "retry") {
        concurrency.answered(now - sentAt, inFlight() - uncounted, now);
        failedInARow = 0;
        lastSuccess = now;
        failing = undefined;
        return outcome;
      }
      if (signal.aborted) {
        return { kind: "stopped" };
      }
      concurrency.overloaded(now);
      failedInARow += 1;
      const isOneRecord = failing === undefined || (failing.isOneRecord && failing.request === request);
      failing = { since: failing?.since ?? now, message: outcome.message, request, isOneRecord };
      const trouble = outcome.trouble?.kind;
      const mayBeRecord = trouble !== "unreachable" && trouble !== "foreign";
      // Only counts if another record succeeded in the meantime: during an outage no record is rejected.
      failedAlone += Number(mayBeRecord && lastSuccess > sentAt);
      const isStalled = now - Math.max(lastSuccess, startedAt) > stallTimeoutMs;
      const isRecord =
        trouble === "too-large"
          ? lastSuccess > startedAt
          : mayBeRecord &&
            (failedAlone >= options.maxAttempts ||
              // Others that are in flight have had no success for as long.
              (isStalled && failedAlone > 0 && isOneRecord && inFlight() === 1));
      if (isRecord) {
        const message = `given up after ${attempt} attempts: ${outcome.message}`;
        return { ...outcome, kind: "rejected", message };
      }
      if (isStalled) {
        const seconds = Math.round(stallTimeoutMs / 1000);
        return { kind: "stalled", message: `no request succeeded for ${seconds} s: ${outcome.message}` };
      }
      const isUncounted = trouble !== undefined && failedInARow < outageFailures && uncounted < maxUncounted;
      uncounted += Number(isUncounted);
      if (isUncounted) {
        onUncounted();
      }
      const isOver = await timer.sleep(backOff(attempt, outcome.retryAfterMs), signal);
      uncounted -= Number(isUncounted);
      if (!isOver) {
        return { kind: "stopped" };
      }
      onRetry();
    }
  }

  return {
    send,
    uncounted: () => uncounted,
    waiting() {
      return failing && { ...failing, ms: timer.now() - failing.since };
    },
  };
}
