import { describe, expect, it } from "vitest";
import { Code } from "#deps/google/rpc/code_pb.js";
import type { CallRow } from "../../../../src/console/calls/feed/call-row.ts";
import { createCallStore, maxRows } from "../../../../src/console/calls/feed/call-store.ts";
import { createFakeJournal, rowNumbered } from "./fake-journal.ts";

/** A store whose frames come when the test says so. */
function startStore(isShown: (row: CallRow) => boolean = () => true) {
  const frames: (() => void)[] = [];
  const store = createCallStore({ isShown, schedule: (act) => frames.push(act) });
  return {
    store,
    frames,
    frame() {
      for (const act of frames.splice(0)) {
        act();
      }
    },
    add(from: number, to = from) {
      for (let number = from; number <= to; number += 1) {
        store.sink.add({ row: rowNumbered(number), missed: 0 });
      }
    },
    numbers: () => Array.from({ length: store.rows.size }, (_, place) => store.rows.at(place)?.number),
  };
}

const signal = new AbortController().signal;

describe("createCallStore", () => {
  it("changes once per frame, however many calls arrive", () => {
    const { store, frames, frame, add } = startStore();
    add(1, 5_000);
    expect(frames).toHaveLength(1);
    expect(store.revision.value).toBe(0);
    frame();
    expect(store.revision.value).toBe(1);
    expect(store.rows.size).toBe(5_000);
  });

  it("holds a bounded number of rows after 180,000 calls, also while it is held", () => {
    const { store, frame, add } = startStore();
    add(1, 60_000);
    store.hold(true);
    add(60_001, 180_000);
    frame();
    expect(store.rows.size).toBe(maxRows);
    expect(store.rows.at(0)?.number).toBe(60_000);
    expect(store.waiting.value).toBe(120_000);
    store.hold(false);
    frame();
    expect(store.rows.size).toBe(maxRows);
    expect(store.rows.at(0)?.number).toBe(180_000);
    expect(store.rows.at(maxRows - 1)?.number).toBe(180_000 - maxRows + 1);
    expect([store.waiting.value, store.isFull.value, store.hasOlder.value]).toEqual([0, true, true]);
  });

  it("leaves rows where they are while it is held, and counts those that wait", () => {
    const { store, frame, add, numbers } = startStore();
    add(1, 2);
    store.hold(true);
    add(3, 5);
    frame();
    expect([numbers(), store.waiting.value]).toEqual([[2, 1], 3]);
    store.hold(false);
    frame();
    expect([numbers(), store.waiting.value]).toEqual([[5, 4, 3, 2, 1], 0]);
  });

  it("counts what the journal dropped before it was read", () => {
    const { store, frame } = startStore();
    store.sink.add({ row: rowNumbered(8), missed: 5 });
    store.sink.add({ row: rowNumbered(20), missed: 11 });
    frame();
    expect(store.missed.value).toBe(16);
  });

  it("says that the emulator forgot the calls of before, unless its journal was full", () => {
    const { store } = startStore();
    store.sink.begin({ rows: [], next: "", dropped: 0 }, true);
    expect(store.wasForgotten.value).toBe(true);
    store.sink.begin({ rows: [], next: "", dropped: 7 }, true);
    expect([store.wasForgotten.value, store.dropped.value]).toEqual([false, 7]);
  });

  it("knows the newest call also if it is not shown, so that a watch goes on behind it", () => {
    const { store, numbers } = startStore(({ code }) => code !== Code.OK);
    store.sink.add({ row: rowNumbered(1, { code: Code.ABORTED }), missed: 0 });
    store.sink.add({ row: rowNumbered(2), missed: 0 });
    expect([numbers(), store.newest?.number]).toEqual([[1], 2]);
  });

  it("loads older calls page by page, until there are none", async () => {
    const journal = createFakeJournal();
    journal.push(8);
    const { store, numbers } = startStore();
    store.sink.begin(await journal.list("", signal), false);
    expect([numbers(), store.hasOlder.value]).toEqual([[8, 7, 6], true]);
    await store.loadOlder(journal, signal);
    expect(numbers()).toEqual([8, 7, 6, 5, 4, 3]);
    await store.loadOlder(journal, signal);
    expect([numbers(), store.hasOlder.value]).toEqual([[8, 7, 6, 5, 4, 3, 2, 1], false]);
    expect(journal.asked).toEqual(["list", "list 6", "list 3"]);
  });

  it("finds its way back to rows that it left out because it was full", async () => {
    const journal = createFakeJournal();
    journal.pageSize = 1_000;
    journal.push(maxRows + 1_500);
    const { store, frame, add } = startStore();
    add(1, maxRows + 1_500);
    frame();
    expect(store.rows.at(maxRows - 1)?.number).toBe(1_501);
    await store.loadOlder(journal, signal);
    expect(store.rows.at(maxRows)?.number).toBe(1_500);
    expect(store.rows.at(store.rows.size - 1)?.number).toBe(501);
  });

  it("has no more rows than before once people are back at its top", async () => {
    const journal = createFakeJournal();
    journal.push(6);
    const { store, frame, add } = startStore();
    add(7, 6 + maxRows);
    store.hold(true);
    await store.loadOlder(journal, signal);
    expect(store.rows.size).toBe(maxRows + 3);
    store.hold(false);
    frame();
    expect([store.rows.size, store.hasOlder.value]).toEqual([maxRows, true]);
  });

  it("searches older pages until it finds a call that is shown", async () => {
    const journal = createFakeJournal();
    journal.push(1, { code: Code.ABORTED });
    journal.push(9);
    const { store, numbers } = startStore(({ code }) => code !== Code.OK);
    store.sink.begin(await journal.list("", signal), false);
    expect(numbers()).toEqual([]);
    await store.loadOlder(journal, signal);
    expect([numbers(), store.hasOlder.value]).toEqual([[1], false]);
  });
});
