import type {
  PlanStore,
  PutOutcome,
  PutRecord,
  RecordKey,
  RecordPage,
  ScanOptions,
} from "../../../src/store/plan-store.ts";
import { type TestClock, testTime } from "../../support/test-clock.ts";

/** What a test of the conformance suite works with; another store before each. */
export type Bench = {
  readonly store: PlanStore;
  readonly clock: TestClock;
  /** Closes the store, and opens one with what it left. */
  reopen(): Promise<void>;
  /** Puts a record of `recordOf`. */
  put(record: Partial<PutRecord>, signal?: AbortSignal): Promise<PutOutcome>;
  /** Gets a value as text. */
  get(wanted?: RecordKey, signal?: AbortSignal): Promise<string | undefined>;
};

/** Time of the clock when a test begins, in ms. */
export const start = testTime;

export const key: RecordKey = { kind: "planStatus", asn: 64_500, clientId: "client", id: "user" };
export const stored = { outcome: "stored" };

/** Returns what a scan yields to its end. */
export async function pagesOf(store: PlanStore, options?: ScanOptions): Promise<RecordPage[]> {
  const pages: RecordPage[] = [];
  for await (const page of store.scan(options)) {
    pages.push(page);
  }
  return pages;
}

/** Returns a record of `key` that never expires, but for what is given. */
export function recordOf(record: Partial<PutRecord>): PutRecord {
  return { key, updateTime: at(0), expiresAtMs: undefined, value: bytesOf("value"), ...record };
}

/** Returns an instant so many seconds after the tests' start. */
export function at(seconds: number, nanos = 0): { seconds: number; nanos: number } {
  return { seconds: Math.floor(start / 1000) + seconds, nanos };
}

/** Returns the text as UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Returns the text of UTF-8, marks of the byte order included. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Every ASCII character alone and between others, then what encodings, collations and quoting stumble over. */
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

/** Returns the items in an order that is mixed, and the same in every run. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const step = 7919; // A prime, so it visits every index of any shorter array.
  return items.map((_, index) => items[(index * step) % items.length] as Item);
}
