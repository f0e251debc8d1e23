import type { Clock } from "../../contract/clock.ts";
import type { PlanStore, PutRecord, RecordKey } from "../../store/plan-store.ts";
import { isExpired } from "../../store/record.ts";
import { maxPageBytes } from "../page.ts";

type PageOptions = {
  /** Cursor after which the page begins; undefined for the first page. */
  after: string | undefined;
  /** Largest number of records. */
  size: number;
  matches(key: RecordKey): boolean;
  clock: Clock;
  signal: AbortSignal;
};

/** Some records of a store, and the cursor to continue after them; undefined at the end. */
type FoundRecords = { readonly records: readonly PutRecord[]; readonly cursor: string | undefined };

/** Records that are read for a page, whether they match or not, and expired ones too. The next ones are for the next page. */
const maxRead = 10_000;
/** Sum of the sizes of their values, in bytes. */
const maxReadBytes = 64 * 1024 * 1024;

/**
 * Reads the next records that match. Ends early, perhaps without a record, if it has read many. Rejects with RangeError
 * for an invalid cursor, and with StoreUnavailable.
 */
export async function readRecordPage(
  store: PlanStore,
  { after, size, matches, clock, signal }: PageOptions,
): Promise<FoundRecords> {
  const records: PutRecord[] = [];
  let bytes = 0;
  let read = 0;
  let readBytes = 0;
  // Expired ones are kept in case that the clock is set back. A store that skips them could read all records for one page.
  for await (const page of store.scan({ after, signal, includeExpired: true })) {
    const now = clock.now();
    for (const [index, record] of page.records.entries()) {
      readBytes += record.value.length;
      if (isExpired(record, now) || !matches(record.key)) {
        continue;
      }
      records.push(record);
      bytes += sizeOf(record);
      if (records.length === size || bytes >= maxPageBytes) {
        return { records, cursor: page.cursorAfter(index) };
      }
    }
    read += page.records.length;
    if (read >= maxRead || readBytes >= maxReadBytes) {
      return { records, cursor: page.cursor };
    }
  }
  return { records, cursor: undefined };
}

/** Returns about how many bytes a record has in a list, which has its key twice: also in its name, in Base64. */
function sizeOf({ key, value }: PutRecord): number {
  return value.length + 3 * Buffer.byteLength(key.id) + 100;
}
