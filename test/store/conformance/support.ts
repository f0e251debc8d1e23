import type {
  PlanStore,
  PutOutcome,
  PutRecord,
  RecordKey,
  RecordPage,
  ScanOptions,
} from "../../../src/store/plan-store.ts";
import { type TestClock, testTime } from "../../support/test-clock.ts";

/** What a test of the conformance suite works with. */
export type Bench = {
  readonly store: PlanStore;
  readonly clock: TestClock;
  /** The key of the running test: no other test uses it, or another key of its operator. */
  readonly key: RecordKey;
  /** Why the records do not survive a restart; empty if they do. */
  readonly volatile: string;
  /** Closes the store, and opens it again. A volatile one is then empty. */
  reopen(): Promise<void>;
  /** Puts a record of `recordOf`, by default with the test's key. */
  put(record: Partial<PutRecord>, signal?: AbortSignal): Promise<PutOutcome>;
  /** Gets a value as text, by default that of the test's key. */
  get(wanted?: RecordKey, signal?: AbortSignal): Promise<string | undefined>;
};

/** Time of the clock when a test begins, in ms. */
export const start = testTime;

export const stored = { outcome: "stored" };

/** Returns all pages of a scan. */
export async function pagesOf(store: PlanStore, options?: ScanOptions): Promise<RecordPage[]> {
  const pages: RecordPage[] = [];
  for await (const page of store.scan(options)) {
    pages.push(page);
  }
  return pages;
}

/** Returns a record with the given properties and defaults for the others; by default it never expires. */
export function recordOf(record: Pick<PutRecord, "key"> & Partial<PutRecord>): PutRecord {
  return { updateTime: at(0), expiresAtMs: undefined, value: bytesOf("value"), ...record };
}

/** Returns the instant `seconds` after the tests' start. */
export function at(seconds: number, nanos = 0): { seconds: number; nanos: number } {
  return { seconds: Math.floor(start / 1000) + seconds, nanos };
}

/** Returns the text as UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Returns the text of UTF-8, byte order marks included. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Every ASCII character alone and between others, then characters that break encodings, collations and quoting. */
export function awkwardIds(): string[] {
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  return [
    ...ascii,
    ...ascii.map((character) => `a${character}b`),
    "a",
    "a\0",
    "a\0\0",
    "\0a",
    "a/b/c",
    "%2F",
    "a%2Fb",
    "'; DROP TABLE record; --",
    '"quoted"',
    "é",
    "e\u0301",
    "ß",
    "ss",
    "\u00ff",
    "\u0800",
    "\ufeff",
    "\ufeffa",
    "\uffff",
    "\u2028",
    "📶",
    "👩‍👩‍👧‍👦",
    "\u{10ffff}",
    "x".repeat(10_000),
    "字".repeat(1_000),
  ].filter((id, index, all) => all.indexOf(id) === index);
}

/** Returns the end of the name of a test that is skipped. */
export function whySkipped(reason: string): string {
  return reason && ` (skipped: ${reason})`;
}

/** Closes a store that has these records, and opens it again with them. */
export async function reopenWith(bench: Bench, records: readonly PutRecord[]): Promise<void> {
  await bench.reopen();
  if (bench.volatile) {
    await Promise.all(records.map((record) => bench.store.put(record)));
  }
}

/** Returns the items in a mixed order that is the same in every run. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const step = 7919; // A prime, so that it visits every index of any shorter array.
  return items.map((_, index) => items[(index * step) % items.length] as Item);
}

/** Returns the ids of records, sorted. */
export function idsOf(records: readonly PutRecord[]): string[] {
  return records.map(({ key }) => key.id).sort();
}
