import { describe, expect, it } from "vitest";
import { createProgress, createProgressText, showProgress } from "../../../src/push/report/progress.ts";

describe("progress", () => {
  it("shows the records done, the recent rate, rejections and the time left", () => {
    const describeState = createProgressText({ done: 0, rejected: 0, part: 0 }, 0);
    expect(describeState({ done: 5_000, rejected: 2, part: 0.25 }, 5_000)).toBe(
      "5,000 done, 1,000/s, 2 rejected, 25 %, 15 s left",
    );
    expect(describeState({ done: 5_000, rejected: 2, part: undefined }, 6_000)).toBe(
      "5,000 done, 833/s, 2 rejected",
    );
  });

  it("clears its line at the end on a terminal, and writes nothing elsewhere", () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    showProgress({ write }, () => ({ done: 0, rejected: 0, part: 0 }))();
    expect(written).toEqual([]);
    showProgress({ isTTY: true, write }, () => ({ done: 0, rejected: 0, part: 0 }))();
    expect(written).toEqual(["\r\x1b[K"]);
  });

  const state = (waitingMs?: number) => ({
    done: 0,
    rejected: 0,
    part: undefined,
    ...(waitingMs !== undefined && {
      waiting: { ms: waitingMs, reason: "connect ECONNREFUSED 127.0.0.1:9" },
    }),
  });

  it("says for how long the run has been waiting and why, from 2 s on", () => {
    const describeState = createProgressText(state(), 0);
    expect(describeState(state(1_999), 1_999)).toBe("0 done, 0/s, 0 rejected");
    expect(describeState(state(42_000), 42_000)).toBe(
      "0 done, 0/s, 0 rejected, waiting 42 s: connect ECONNREFUSED 127.0.0.1:9",
    );
  });

  it("writes a plain line every 10 s, and at once when the run begins to wait", () => {
    const written: string[] = [];
    const write = createProgress({ write: (text) => written.push(text) }, state(), 0);
    const linesAt = (seconds: number, waitingMs?: number) => {
      write(state(waitingMs), seconds * 1_000);
      return written.splice(0).map((line) => line.replace(/^.*rejected(?:, )?/, ""));
    };
    expect(linesAt(1, 1_000)).toEqual([]);
    expect(linesAt(2, 2_000)).toEqual(["waiting 2 s: connect ECONNREFUSED 127.0.0.1:9\n"]);
    expect(linesAt(3, 3_000)).toEqual([]);
    expect(linesAt(12, 12_000)).toEqual(["waiting 12 s: connect ECONNREFUSED 127.0.0.1:9\n"]);
    expect(linesAt(13)).toEqual([]);
    expect(linesAt(16, 2_500)).toEqual(["waiting 3 s: connect ECONNREFUSED 127.0.0.1:9\n"]);
    expect(linesAt(26)).toEqual(["\n"]);
  });

  it("fits its line into a terminal, because a wrapped line would not be overwritten", () => {
    const written: string[] = [];
    const terminal = { isTTY: true, columns: 40, write: (text: string) => written.push(text) };
    createProgress(terminal, state(), 0)(state(42_000), 42_000);
    expect(written).toEqual(["\r\x1b[K0 done, 0/s, 0 rejected, waiting 42 s:…"]);
  });
});
