import type { KnownDifference } from "./known-differences.ts";

/** A case that did not pass, with the lines that connectconformance wrote about it. */
export type FailedCase = { readonly name: string; readonly remarks: readonly string[] };

/** What connectconformance printed. */
export type Output = {
  readonly total: number;
  readonly passed: number;
  readonly failed: readonly FailedCase[];
};

/** Reads what connectconformance printed. Throws if the totals are missing or disagree with the cases. */
export function readOutput(text: string): Output {
  const failed: { name: string; remarks: string[] }[] = [];
  for (const line of text.split("\n")) {
    const name = /^FAILED: (.*):$/.exec(line)?.[1];
    if (name !== undefined) {
      failed.push({ name, remarks: [] });
    } else if (line.startsWith("\t")) {
      const remark = line.replace(/^[\t; ]+/, "").trim();
      // A remark about what was sent may end with an empty line.
      failed.at(-1)?.remarks.push(...(remark === "" ? [] : [remark]));
    }
  }
  const total = Number(/^Total cases: (\d+)$/m.exec(text)?.[1]);
  const passed = Number(/^(\d+) passed, \d+ failed$/m.exec(text)?.[1]);
  if (!(passed + failed.length === total)) {
    throw new Error(`connectconformance did not report every case:\n${text.slice(-2_000)}`);
  }
  return { total, passed, failed };
}

/** Returns the known difference that explains every remark about a case; undefined if the case has failed. */
export function differenceOf(
  { name, remarks }: FailedCase,
  known: readonly KnownDifference[],
): KnownDifference | undefined {
  return known.find(
    (each) =>
      each.cases.test(name) && remarks.length > 0 && remarks.every((remark) => each.remarks.test(remark)),
  );
}

/** Whether a busy machine started the server of a case too slowly: the suite waits 10 seconds and has no setting. */
export function startedTooSlowly({ remarks }: FailedCase): boolean {
  return remarks.some((remark) => remark.includes("timed out waiting for result from server"));
}

/** Returns the output with the cases whose server started too slowly judged by a second run of them. */
export function withRepeated(first: Output, second: Output): Output {
  const final = first.failed.filter((each) => !startedTooSlowly(each));
  return { total: first.total, passed: first.passed + second.passed, failed: [...final, ...second.failed] };
}
