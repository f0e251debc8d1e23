import { describe, expect, it } from "vitest";
import { createProgressText, showProgress } from "../../../src/push/report/progress.ts";

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
});
