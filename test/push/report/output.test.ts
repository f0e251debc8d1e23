import { describe, expect, it } from "vitest";
import { createProgressText, showProgress } from "../../../src/push/report/progress.ts";
import { exitCodeOf, resumeCommand, summaryOf, summaryText } from "../../../src/push/report/summary.ts";
import { createCounts } from "../../../src/push/run/counts.ts";
import { keyDisplay, maskIn, maskKey } from "../../../src/push/run/mask.ts";

describe("a user key", () => {
  it("is masked but for its end, and short ones altogether", () => {
    expect(["491701234567", "abcdef", "abc", ""].map(maskKey)).toEqual(["***567", "***f", "***", "***"]);
    expect(keyDisplay(true)("491701234567")).toBe("491701234567");
  });

  it("is masked in the words of a server too, also percent-encoded", () => {
    expect(maskIn("users/a%2Fb%2Bcdefg/x a/b+cdefg", "a/b+cdefg")).toBe("users/***efg/x ***efg");
  });
});

describe("progress", () => {
  it("has what is done, the rate of late, errors and how long it takes", () => {
    const describeState = createProgressText({ done: 0, rejected: 0, part: 0 }, 0);
    expect(describeState({ done: 5_000, rejected: 2, part: 0.25 }, 5_000)).toBe(
      "5,000 done, 1,000/s, 2 rejected, 25 %, 15 s left",
    );
    expect(describeState({ done: 5_000, rejected: 2, part: undefined }, 6_000)).toBe(
      "5,000 done, 833/s, 2 rejected",
    );
  });

  it("leaves a terminal's line empty, and anything else alone", () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    showProgress({ write }, () => ({ done: 0, rejected: 0, part: 0 }))();
    expect(written).toEqual([]);
    showProgress({ isTTY: true, write }, () => ({ done: 0, rejected: 0, part: 0 }))();
    expect(written).toEqual(["\r\x1b[K"]);
  });
});

describe("a summary", () => {
  const run = { path: "/r/1", settings: { input: "/in", endpoint: "production" } } as never;
  const plain = (text: string) => text;

  it("has the exact command that goes on, for a shell", () => {
    expect(resumeCommand("/var/runs/1")).toBe("mdps push --resume /var/runs/1");
    expect(resumeCommand("/my runs/it's")).toBe("mdps push --resume '/my runs/it'\\''s'");
    const summary = summaryOf(run, createCounts({ pushed: 3 }), 1_000, "interrupted", "by SIGINT");
    expect(summaryText(summary, plain)).toMatch(
      /^interrupted: by SIGINT\n[\s\S]+\n {2}mdps push --resume \/r\/1$/,
    );
  });

  it("has an exit code for each end", () => {
    const code = (end: Parameters<typeof summaryOf>[3], rejected = 0) =>
      exitCodeOf(summaryOf(run, createCounts({ rejected }), 0, end));
    expect([code("finished"), code("finished", 1), code("too-many-errors", 5)]).toEqual([0, 2, 3]);
    expect([code("unauthenticated"), code("unreachable"), code("disk"), code("interrupted")]).toEqual([
      4, 5, 6, 130,
    ]);
  });
});
