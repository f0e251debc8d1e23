import type { FieldViolation } from "../../contract/field-violation.ts";
import { type Counts, maxNames, warningName, withoutIndexes } from "../run/counts.ts";
import type { ProgressStream } from "./progress.ts";

/**
 * Creates the filter that returns each warning of an input once, without the indexes of lists, and at most a hundred.
 *
 * @param names - Names of the warnings that it must not return again.
 */
export function createNewWarnings(names: readonly string[] = []) {
  const seen = new Set(names);
  return function newWarnings(warnings: readonly FieldViolation[] = []): FieldViolation[] {
    const found: FieldViolation[] = [];
    for (const warning of warnings) {
      const name = warningName(warning);
      if (!seen.has(name) && seen.size < maxNames) {
        seen.add(name);
        found.push({ ...warning, field: withoutIndexes(warning.field) });
      }
    }
    return found;
  };
}

/**
 * Creates the function that prints the warnings of records: each once in a run, also if it is resumed, and at most a
 * hundred. The summary has the counts.
 */
export function createWarnings({ warnings: before }: Counts, stream: ProgressStream) {
  const names = Object.keys(before);
  const newWarnings = createNewWarnings(names);
  let shown = names.length;
  const print = (text: string) => stream.write(`${stream.isTTY ? "\r\x1b[K" : ""}warning: ${text}\n`);
  return function showWarnings(line: number, warnings?: readonly FieldViolation[]): void {
    for (const { field, description } of newWarnings(warnings)) {
      print(`line ${line}: ${field}: ${description}`);
      shown += 1;
      if (shown === maxNames) {
        print("further warnings are counted only");
      }
    }
  };
}
