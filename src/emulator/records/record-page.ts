import type { PlanStore, PutRecord, RecordKey } from "../../store/plan-store.ts";

type PageOptions = {
  /** Cursor after which the page begins; undefined for the first page. */
  after: string | undefined;
  /** Largest number of records. */
  size: number;
  matches(key: RecordKey): boolean;
  signal: AbortSignal;
};

/** Some records of a store, and the cursor to continue after them; undefined at the end. */
type FoundRecords = { readonly records: readonly PutRecord[]; readonly cursor: string | undefined };

/** Records that are read for a page, whether they match or not. The next ones are for the next page. */
const maxRead = 10_000;
/** Sum of the sizes of values at which a page ends, in bytes. */
const maxBytes = 4 * 1024 * 1024;

/**
 * Reads the next records that match. Ends early, perhaps without a record, if it has read many. Rejects with RangeError
 * for an invalid cursor, and with StoreUnavailable.
 */
export async function readRecordPage(
  store: PlanStore,
  { after, size, matches, signal }: PageOptions,
): Promise<FoundRecords> {
  const records: PutRecord[] = [];
  let bytes = 0;
  let read = 0;
  for await (const page of store.scan({ after, signal })) {
    for (const [index, record] of page.records.entries()) {
      if (!matches(record.key)) {
        continue;
      }
      records.push(record);
      bytes += record.value.length;
      if (records.length === size || bytes >= maxBytes) {
        return { records, cursor: page.cursorAfter(index) };
      }
    }
    read += page.records.length;
    if (read >= maxRead) {
      return { records, cursor: page.cursor };
    }
  }
  return { records, cursor: undefined };
}
