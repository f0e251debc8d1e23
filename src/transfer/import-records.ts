import { setTimeout } from "node:timers/promises";
import type { ContractRules } from "../plans/contract-rules.ts";
import { type PlanStore, type PutRecord, StoreUnavailable } from "../store/plan-store.ts";
import type { RecordSum } from "./record-digest.ts";
import { RecordLineError, recordOfLine } from "./record-line.ts";

export type ImportOptions = {
  store: PlanStore;
  rules: ContractRules;
  /** The lines of an export, in blocks. */
  lines: AsyncIterable<readonly string[]>;
  /** Receives every record that is read. */
  sum: RecordSum;
  /** Current time in ms since the epoch, to skip expired records. */
  nowMs: number;
  /** Number of leading lines that an earlier import has stored. */
  skip?: number;
  /** Maximum concurrent puts. Defaults to 256. */
  concurrency?: number;
};

/** Number of lines by outcome. */
export type ImportReport = {
  readonly stored: number;
  /** The store has a newer record. */
  readonly stale: number;
  /** Expired, not stored. */
  readonly expired: number;
};

/** Thrown when an import fails. All lines before `line`, counted from 1, are stored. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  readonly line: number;
  constructor(line: number, cause: unknown) {
    super(`line ${line}: ${(cause as Error).message}`, { cause });
    this.line = line;
  }
}

/** Attempts of a put while the store is unavailable, and the first wait in ms, which doubles. */
const maxAttempts = 6;
const firstDelayMs = 100;

/**
 * Puts the records of an export into a store. Newer records in the store stay, so an import may run concurrently with
 * pushes and more than once. Rejects with ImportError for the first line that is invalid or cannot be stored.
 */
export async function importRecords(options: ImportOptions): Promise<ImportReport> {
  const { store, rules, lines, sum, nowMs, skip = 0, concurrency = 256 } = options;
  const report = { stored: 0, stale: 0, expired: 0 };
  const running = new Set<Promise<void>>();
  let failure: ImportError | undefined;
  let line = 0;

  const fail = (at: number, cause: unknown) => {
    // The first line in the file, not in time: all lines before it must be stored.
    if (failure === undefined || at < failure.line) {
      failure = new ImportError(at, cause);
    }
  };

  /** Stores the record of the current line. Waits only while too many puts run. */
  async function add(text: string): Promise<void> {
    const at = line;
    try {
      const record = recordOfLine(text, rules);
      sum.add(record);
      if (at <= skip) {
        return;
      }
      if (record.expiresAtMs !== undefined && record.expiresAtMs <= nowMs) {
        report.expired += 1;
        return;
      }
      const put = putWithRetries(store, record).then(
        ({ outcome }) => {
          report[outcome] += 1;
        },
        (cause: unknown) => fail(at, cause),
      );
      running.add(put);
      void put.finally(() => running.delete(put));
      if (running.size >= concurrency) {
        await Promise.race(running);
      }
    } catch (cause) {
      if (!(cause instanceof RecordLineError)) {
        throw cause;
      }
      fail(at, cause);
    }
  }

  for await (const block of lines) {
    for (const text of block) {
      line += 1;
      if (text !== "") {
        await add(text);
      }
      if (failure !== undefined) {
        break;
      }
    }
    if (failure !== undefined) {
      break;
    }
  }
  await Promise.all(running);
  if (failure !== undefined) {
    throw failure;
  }
  return report;
}

async function putWithRetries(store: PlanStore, record: PutRecord) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.put(record);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || attempt === maxAttempts) {
        throw error;
      }
      await setTimeout(firstDelayMs * 2 ** (attempt - 1));
    }
  }
}
