import { describe, expect, it } from "vitest";
import { exitCodeOf, summaryOf, summaryText } from "../../../src/push/report/summary.ts";
import { createCounts } from "../../../src/push/run/counts.ts";

describe("a summary", () => {
  const run = { path: "/r/1", settings: { input: "/in", endpoint: "production" } } as never;
  const plain = (text: string) => text;

  it("contains the command that resumes the run", () => {
    const counts = createCounts({ pushed: 3 });
    const summary = summaryOf(run, counts, 1_000, "interrupted", "by SIGINT", "mdps push --resume /r/1");
    expect(summaryText(summary, plain)).toMatch(
      /^interrupted: by SIGINT\n[\s\S]+\n {2}mdps push --resume \/r\/1$/,
    );
  });

  it.each(["DEVICE_NOT_REGISTERED", "NOT_FOUND"])(
    "explains rejections with the reason %s, which Google gives no name",
    (reason) => {
      const counts = createCounts({ rejected: 3, reasons: { [reason]: 3 } });
      const text = summaryText(summaryOf(run, counts, 0, "finished"), plain);
      expect(text).toContain(`    3  ${reason}\n`);
      expect(text).toMatch(
        new RegExp(
          `\n\n${reason}: .*no device has registered .*pre-production or production.*--endpoint\\.$`,
          "s",
        ),
      );
    },
  );

  it("says whether the endpoint did not answer, or not as this API does", () => {
    const textOf = (message: string) =>
      summaryText(summaryOf(run, createCounts(), 0, "unreachable", message), plain);
    expect(textOf("no request succeeded for 5 s: connect ECONNREFUSED")).toMatch(
      /^stopped: the endpoint does not answer: no/,
    );
    expect(textOf("no request succeeded for 5 s: HTTP 403: the answer is not from this API")).toMatch(
      /^stopped: the endpoint does not answer as this API does: no/,
    );
  });

  it("explains no reasons that did not occur", () => {
    const counts = createCounts({ rejected: 3, reasons: { FIELD_INVALID: 3 } });
    expect(summaryText(summaryOf(run, counts, 0, "finished"), plain)).not.toContain("no device");
  });

  it("shows the ten largest groups of rejected records with an example, and counts the others by reason", () => {
    const rejections = Array.from({ length: 12 }, (_, index) => ({
      reason: "FIELD_INVALID",
      rule: `plans[].f${index}: must not be empty`,
      line: index + 1,
      count: index + 1,
    }));
    const reasons = { FIELD_INVALID: 80, NOT_FOUND: 4, OTHER: 1 };
    const counts = createCounts({ rejected: 87, reasons, rejections });
    const summary = summaryOf(run, counts, 0, "finished");
    expect(summary).toMatchObject({ rejections, reasonsFile: "/r/1/rejected-reasons.ndjson" });
    const lines = summaryText(summary, plain).split("\n");
    const first = lines.findIndex((line) => line.startsWith("  rejected "));
    expect(lines.slice(first + 1, first + 15)).toEqual([
      ...rejections
        .toReversed()
        .slice(0, 10)
        .map(({ rule, line, count }) => `    ${count}  FIELD_INVALID  ${rule}  (line ${line})`),
      "    5  FIELD_INVALID  others",
      "    4  NOT_FOUND  others",
      "    1  OTHER  others",
      "    2  others",
    ]);
    expect(lines).toContain("  their reasons  /r/1/rejected-reasons.ndjson");
  });

  it("has its own exit code for each way in which a run ends", () => {
    const code = (end: Parameters<typeof summaryOf>[3], rejected = 0) =>
      exitCodeOf(summaryOf(run, createCounts({ rejected }), 0, end));
    expect([code("finished"), code("finished", 1), code("too-many-errors", 5)]).toEqual([0, 2, 3]);
    expect([code("unauthenticated"), code("unreachable"), code("disk")]).toEqual([4, 5, 6]);
    expect([code("unusable"), code("interrupted")]).toEqual([7, 130]);
  });
});
