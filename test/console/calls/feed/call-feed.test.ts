import { describe, expect, it, vi } from "vitest";
import {
  acceptedMs,
  type CallPage,
  type FeedState,
  retryDelaysMs,
  runFeed,
  type WatchedCall,
} from "../../../../src/console/calls/feed/call-feed.ts";
import type { CallRow } from "../../../../src/console/calls/feed/call-row.ts";
import { createFakeJournal, FakeError, type FakeJournal } from "./fake-journal.ts";

/** A feed of a journal. Its pauses end when the test says so, except the first one after a break. */
function startFeed(journal: FakeJournal, newest?: CallRow) {
  const numbers: number[] = [];
  const states: string[] = [];
  const begun: boolean[] = [];
  const delays: number[] = [];
  const ended = new AbortController();
  let resume = () => {};
  let accept = () => {};
  const done = runFeed({
    source: journal,
    newest,
    signal: ended.signal,
    sink: {
      setState: (state: FeedState) => states.push(state.kind),
      begin(page: CallPage, isAgain: boolean) {
        begun.push(isAgain);
        numbers.splice(0, numbers.length, ...page.rows.map(({ number }) => number).reverse());
      },
      add: ({ row }: WatchedCall) => numbers.push(row.number),
    },
    pause(ms) {
      if (ms === acceptedMs) {
        return new Promise((resolve) => (accept = resolve));
      }
      delays.push(ms);
      return ms === retryDelaysMs[0] ? Promise.resolve() : new Promise((resolve) => (resume = resolve));
    },
    giveWay: () => undefined,
    describe: (cause) => ({ message: (cause as Error).message, violations: [] }),
    isInvalid: (cause) => (cause as FakeError).isInvalid,
  });
  return {
    numbers,
    states,
    begun,
    delays,
    done,
    retry: () => resume(),
    /** Lets the time pass after which a watch that was not refused counts as accepted. */
    accept: () => accept(),
    async stop() {
      ended.abort();
      await done;
    },
  };
}

const reach = (list: readonly unknown[], length: number) =>
  vi.waitFor(() => expect(list).toHaveLength(length));
const reachState = (states: readonly string[], state: string) =>
  vi.waitFor(() => expect(states.at(-1)).toBe(state));

describe("runFeed", () => {
  it("begins with the newest calls, and goes on with those that arrive", async () => {
    const journal = createFakeJournal();
    journal.push(5);
    const feed = startFeed(journal);
    await reachState(feed.states, "live");
    journal.push(2);
    await reach(feed.numbers, 5);
    expect(feed.numbers).toEqual([3, 4, 5, 6, 7]);
    expect(feed.states).toEqual(["connecting", "live"]);
    await feed.stop();
  });

  it("goes on behind the last call when the connection breaks, so that none is missing and none comes twice", async () => {
    const journal = createFakeJournal();
    const feed = startFeed(journal);
    await reachState(feed.states, "live");
    journal.push(2);
    await reach(feed.numbers, 2);
    journal.isDown = true;
    journal.cut("broken");
    await reachState(feed.states, "stopped");
    journal.push(3);
    journal.isDown = false;
    feed.retry();
    await reach(feed.numbers, 5);
    expect(feed.numbers).toEqual([1, 2, 3, 4, 5]);
    expect(feed.states).toEqual(["connecting", "live", "reconnecting", "stopped", "live"]);
    expect(journal.asked.slice(-2)).toEqual(["holds 2", "watch 2"]);
    await feed.stop();
  });

  it("is not shown as live again and again while its watches are refused, only once one is accepted", async () => {
    const journal = createFakeJournal();
    const { watch } = journal;
    journal.watch = () => {
      throw new FakeError("at most 64 watches may be open", false);
    };
    const feed = startFeed(journal);
    await reachState(feed.states, "stopped");
    expect(feed.states).toEqual(["connecting", "live", "reconnecting", "live", "stopped"]);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const { length } = feed.delays;
      feed.retry();
      await reach(feed.delays, length + 1);
    }
    expect(new Set(feed.states.slice(5))).toEqual(new Set(["stopped"]));
    journal.watch = watch;
    feed.retry();
    await vi.waitFor(() => expect(journal.asked.at(-1)).toBe("watch 0"));
    expect(feed.states.at(-1)).toBe("stopped");
    feed.accept();
    await reachState(feed.states, "live");
    await feed.stop();
  });

  it("begins anew after a restart, with all calls of the new emulator", async () => {
    const journal = createFakeJournal();
    journal.push(2);
    const feed = startFeed(journal);
    await reachState(feed.states, "live");
    journal.restart();
    journal.push(1);
    await vi.waitFor(() => expect(feed.begun).toEqual([false, true]));
    journal.push(1);
    await reach(feed.numbers, 2);
    expect(feed.numbers).toEqual([1, 2]);
    await feed.stop();
  });

  it("knows a restarted emulator that has as many calls as the one before", async () => {
    const journal = createFakeJournal();
    journal.push(2);
    const feed = startFeed(journal);
    await reachState(feed.states, "live");
    journal.restart();
    journal.push(3);
    await vi.waitFor(() => expect(feed.begun).toEqual([false, true]));
    expect(feed.numbers).toEqual([1, 2, 3]);
    await feed.stop();
  });

  it("begins anew after the journal was cleared while it was away", async () => {
    const journal = createFakeJournal();
    journal.push(2);
    const feed = startFeed(journal);
    await reachState(feed.states, "live");
    journal.clear();
    journal.cut();
    await vi.waitFor(() => expect(feed.begun).toEqual([false, true]));
    journal.push(1);
    await vi.waitFor(() => expect(feed.numbers).toEqual([3]));
    await feed.stop();
  });

  it("goes on behind the rows of an earlier feed", async () => {
    const journal = createFakeJournal();
    journal.push(4);
    const first = startFeed(journal);
    await reach(first.numbers, 3);
    await first.stop();
    const { rows } = await journal.list("", new AbortController().signal);
    journal.push(1);
    const second = startFeed(journal, rows[0]);
    await vi.waitFor(() => expect(second.numbers).toEqual([5]));
    expect(second.begun).toEqual([]);
    await second.stop();
  });

  it("asks less and less often while nobody answers, and soon after the next break", async () => {
    const journal = createFakeJournal();
    journal.isDown = true;
    const feed = startFeed(journal);
    for (let count = 2; count <= retryDelaysMs.length + 1; count += 1) {
      await reach(feed.delays, count);
      feed.retry();
    }
    await reach(feed.delays, retryDelaysMs.length + 2);
    expect(feed.delays).toEqual([...retryDelaysMs, retryDelaysMs.at(-1), retryDelaysMs.at(-1)]);
    journal.isDown = false;
    feed.retry();
    await vi.waitFor(() => expect(journal.asked.at(-1)).toBe("watch 0"));
    feed.accept();
    await reachState(feed.states, "live");
    journal.cut();
    await reach(feed.delays, retryDelaysMs.length + 3);
    expect(feed.delays.at(-1)).toBe(retryDelaysMs[0]);
    await feed.stop();
  });

  it("stops at filters that the emulator rejects", async () => {
    const journal = createFakeJournal();
    journal.invalid = "operator: must be operators/{asn_id}";
    const feed = startFeed(journal);
    await feed.done;
    expect(feed.states).toEqual(["connecting", "invalid"]);
    expect(feed.delays).toEqual([]);
  });

  it("ends when it is told to, also while it waits", async () => {
    const journal = createFakeJournal();
    const feed = startFeed(journal);
    await reachState(feed.states, "live");
    await feed.stop();
    expect(feed.states).toEqual(["connecting", "live"]);
  });
});
