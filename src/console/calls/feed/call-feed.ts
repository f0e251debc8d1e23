import type { Problem } from "../../emulator/problem.ts";
import type { CallRow } from "./call-row.ts";

/** Where rows come from, with filters that stay the same. */
export type CallSource = {
  /** Lists the newest calls, or those after a page. Newest first. */
  list(pageToken: string, signal: AbortSignal): Promise<CallPage>;
  /** Yields the calls after one, oldest first, until the emulator stops. */
  watch(after: number, signal: AbortSignal): AsyncIterable<WatchedCall>;
  /** Whether the emulator still has this call: it was not restarted, and its journal not cleared. */
  holds(row: CallRow, signal: AbortSignal): Promise<boolean>;
};

/** Some calls that are next to each other. */
export type CallPage = {
  readonly rows: readonly CallRow[];
  /** Token of the page after it; empty for the last one. */
  readonly next: string;
  /** Calls that the journal has dropped because it was full. */
  readonly dropped: number;
};

/** A call that has just ended. */
export type WatchedCall = {
  readonly row: CallRow;
  /** Calls before it that the journal dropped before they were sent. */
  readonly missed: number;
};

/** How a feed goes. */
export type FeedState =
  | { readonly kind: "connecting" | "live" | "reconnecting" }
  /** The emulator does not answer; it is asked again and again. */
  | { readonly kind: "stopped"; readonly problem: Problem }
  /** The emulator does not accept the filters. */
  | { readonly kind: "invalid"; readonly problem: Problem };

/** Takes what a feed brings. */
export type CallSink = {
  setState(state: FeedState): void;
  /** Replaces all rows. `isAgain`: rows were there before, but the emulator has forgotten them. */
  begin(page: CallPage, isAgain: boolean): void;
  add(call: WatchedCall): void;
};

/** What a feed needs. */
export type FeedInit = {
  readonly source: CallSource;
  readonly sink: CallSink;
  /** The newest row that the sink has from an earlier feed of the same source. */
  readonly newest: CallRow | undefined;
  /** Ends the feed. */
  readonly signal: AbortSignal;
  /** Resolves after a time, or when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** Called after each row; what it returns is awaited, so that many rows do not block the page. */
  giveWay(): Promise<void> | undefined;
  describe(cause: unknown): Problem;
  isInvalid(cause: unknown): boolean;
};

/** Milliseconds before the first, second, … attempt to connect again; the last one repeats. */
export const retryDelaysMs: readonly number[] = [100, 250, 500, 1_000, 2_000];

/** Milliseconds after which a watch that was not refused is taken to have begun, after others were refused. */
export const acceptedMs = 1_500;

/**
 * Brings all calls, each once and in order, until the signal aborts. After a break it goes on behind the last call, so that
 * none is missing; if the emulator has forgotten that call, it begins anew with what is there now.
 */
export async function runFeed(init: FeedInit): Promise<void> {
  const { source, sink, signal } = init;
  let newest = init.newest;
  let failures = 0;

  /** Returns after which call to watch. */
  async function begin(): Promise<number> {
    if (newest !== undefined && (await source.holds(newest, signal))) {
      return newest.number;
    }
    const page = await source.list("", signal);
    sink.begin(page, newest !== undefined);
    newest = page.rows[0];
    return newest?.number ?? 0;
  }

  async function follow(after: number): Promise<void> {
    // Connect sends no header before the first call, so nothing says that the watch has begun.
    let isLive = false;
    const ended = new AbortController();
    const goLive = () => {
      if (!isLive && !ended.signal.aborted) {
        isLive = true;
        sink.setState({ kind: "live" });
      }
    };
    if (failures < 2) {
      goLive();
    } else {
      void init.pause(acceptedMs, AbortSignal.any([signal, ended.signal])).then(goLive);
    }
    try {
      for await (const call of source.watch(after, signal)) {
        goLive();
        failures = 0;
        newest = call.row;
        sink.add(call);
        await init.giveWay();
      }
      failures = 0;
    } finally {
      ended.abort();
    }
  }

  sink.setState({ kind: "connecting" });
  while (!signal.aborted) {
    let problem: Problem | undefined;
    try {
      await follow(await begin());
    } catch (cause) {
      if (init.isInvalid(cause) && newest === undefined && !signal.aborted) {
        sink.setState({ kind: "invalid", problem: init.describe(cause) });
        return;
      }
      // A restart between two questions: the emulator does not know the call to go on behind.
      newest = init.isInvalid(cause) ? undefined : newest;
      problem = init.describe(cause);
    }
    if (signal.aborted) {
      return;
    }
    sink.setState(
      problem === undefined || failures === 0 ? { kind: "reconnecting" } : { kind: "stopped", problem },
    );
    await init.pause(retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)] as number, signal);
    failures += 1;
  }
}
