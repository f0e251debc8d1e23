import { type Clock, systemClock } from "../contract/clock.ts";
import { parentOf } from "../contract/resource-names.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import type { PlanStore, PutRecord } from "../store/plan-store.ts";
import type { RecordSum } from "./record-digest.ts";
import { lineOfRecord, recordOfLine } from "./record-line.ts";

export type ExportOptions = {
  store: PlanStore;
  rules: ContractRules;
  /** Is given the lines of a page, and where to go on after them; the next page waits for it. */
  write(lines: string, cursor: string): Promise<void>;
  /** Sums up what is written. */
  sum: RecordSum;
  /** Whether all records are to be as of one moment. */
  snapshot: boolean;
  /** Cursor of the last page that was written before. */
  after?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Says when the snapshot was taken. Defaults to the machine's clock. */
  clock?: Clock | undefined;
};

/** Of what moment the records of an export are. */
export type ExportMoment = {
  /**
   * Time at which the snapshot was begun, RFC 3339: what was acknowledged before it is in the export. Null if each
   * record is as of some moment of its own, while the export ran.
   */
  readonly snapshotTime: string | null;
};

/** Raised when an export cannot begin or go on; the message says what to do. */
export class ExportError extends Error {
  override readonly name = "ExportError";
}

/**
 * Writes the unexpired records of a store as NDJSON, a page at a time, while it goes on serving. Rejects with
 * StoreUnavailable, with SnapshotUnsupported, with RangeError for a cursor of another store, with ExportError for a
 * record that the contract does not know, and with the signal's reason.
 */
export async function exportRecords(options: ExportOptions): Promise<ExportMoment> {
  const { store, rules, write, sum, snapshot, after, signal, clock = systemClock } = options;
  const snapshotTime = snapshot ? new Date(clock.now()).toISOString() : null;
  for await (const { records, cursor } of store.scan({ after, signal, snapshot })) {
    let text = "";
    for (const record of records) {
      const line = lineOf(record, rules);
      // What the line says is summed up, not what the store has: JSON has no fields that the contract does not know.
      sum.add(line.record);
      text += `${line.text}\n`;
    }
    await write(text, cursor);
  }
  return { snapshotTime };
}

function lineOf(record: PutRecord, rules: ContractRules): { text: string; record: PutRecord } {
  try {
    const text = lineOfRecord(record);
    return { text, record: recordOfLine(text, rules) };
  } catch (cause) {
    const { kind, asn } = record.key;
    throw new ExportError(
      `a ${kind} of ${parentOf(asn)} cannot be exported: ${(cause as Error).message}; mdps check finds every such record`,
      { cause },
    );
  }
}
