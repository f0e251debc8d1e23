import type { ContractRules } from "../plans/contract-rules.ts";
import type { PlanStore } from "../store/plan-store.ts";
import type { RecordSum } from "./record-digest.ts";
import { lineOfRecord, recordOfLine } from "./record-line.ts";

export type ExportOptions = {
  store: PlanStore;
  rules: ContractRules;
  /** Is given the lines of a page, and where to go on after them; the next page waits for it. */
  write(lines: string, cursor: string): Promise<void>;
  /** Sums up what is written. */
  sum: RecordSum;
  /** Cursor of the last page that was written before. */
  after?: string | undefined;
  signal?: AbortSignal | undefined;
};

/**
 * Writes the unexpired records of a store as NDJSON, a page at a time, while it goes on serving. Rejects with
 * StoreUnavailable, with RangeError for a cursor of another store, and with the signal's reason.
 */
export async function exportRecords(options: ExportOptions): Promise<void> {
  const { store, rules, write, sum, after, signal } = options;
  for await (const { records, cursor } of store.scan({ after, signal })) {
    let text = "";
    for (const record of records) {
      const line = lineOfRecord(record);
      // What the line says is summed up, not what the store has: JSON has no fields that the contract does not know.
      sum.add(recordOfLine(line, rules));
      text += `${line}\n`;
    }
    await write(text, cursor);
  }
}
