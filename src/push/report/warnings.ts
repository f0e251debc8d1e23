import type { FieldViolation } from "../../contract/field-violation.ts";
import { type Counts, maxNames, warningNames } from "../run/counts.ts";
import type { ProgressStream } from "./progress.ts";

/**
 * Creates the function that prints the warnings of records: each once in a run, also if it is resumed, and at most a
 * hundred. The summary has the counts.
 */
export function createWarnings({ warnings: before }: Counts, stream: ProgressStream) {
  const shown = new Set(Object.keys(before));
  const print = (text: string) => stream.write(`${stream.isTTY ? "\r\x1b[K" : ""}warning: ${text}\n`);
  return function showWarnings(line: number, warnings: readonly FieldViolation[] = []): void {
    if (warnings.length === 0 || shown.size >= maxNames) {
      return;
    }
    for (const name of warningNames(warnings)) {
      if (!shown.has(name) && shown.size < maxNames) {
        shown.add(name);
        print(`line ${line}: ${name}`);
        if (shown.size === maxNames) {
          print("further warnings are counted only");
        }
      }
    }
  };
}
