import { type Clock, systemClock } from "../contract/clock.ts";
import { parentOf } from "../contract/resource-names.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import type { PlanStore, PutRecord } from "../store/plan-store.ts";
import { ExportError } from "./export-error.ts";
import type { RecordSum } from "./record-digest.ts";
import { lineOfRecord, recordOfLine } from "./record-line.ts";

export type ExportOptions = {
  store: PlanStore;
  rules: ContractRules;
  /** Writes the lines of a page; `cursor` resumes the scan after them. The next page is read when it resolves. */
  write(lines: string, cursor: string): Promise<void>;
  /** Receives every record that is written. */
  sum: RecordSum;
  /** Exports all records as of one point in time. */
  snapshot: boolean;
  /** Cursor of the last page of an earlier export. */
  after?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Clock for the time of the snapshot. Defaults to the system clock. */
  clock?: Clock | undefined;
};

/**
 * Start of the snapshot, RFC 3339: the export contains every push acknowledged before. Null without a snapshot, when
 * each record is as of some time during the export.
 */
export type SnapshotTime = string | null;

/**
 * Writes the unexpired records of a store as NDJSON, page by page, while servers use the store. Rejects with
 * StoreUnavailable, SnapshotUnsupported, RangeError for a cursor of another store, ExportError for an invalid record,
 * and the signal's reason.
 */
export async function exportRecords(options: ExportOptions): Promise<SnapshotTime> {
  const { store, rules, write, sum, snapshot, after, signal, clock = systemClock } = options;
  const snapshotTime = snapshot ? new Date(clock.now()).toISOString() : null;
  for await (const { records, cursor } of store.scan({ after, signal, snapshot })) {
    let text = "";
    for (const record of records) {
      const line = lineOf(record, rules);
      // The digest is that of the line, not of the stored record, because JSON omits unknown fields.
      sum.add(line.record);
      text += `${line.text}\n`;
    }
    await write(text, cursor);
  }
  return snapshotTime;
}

function lineOf(record: PutRecord, rules: ContractRules): { text: string; record: PutRecord } {
  try {
    const text = lineOfRecord(record);
    return { text, record: recordOfLine(text, rules) };
  } catch (cause) {
    const { kind, asn } = record.key;
    throw new ExportError(
      `a ${kind} of ${parentOf(asn)} cannot be exported: ${(cause as Error).message}. Run mdps check to find all such records`,
      { cause },
    );
  }
}
