import type { ContractRules } from "../plans/contract-rules.ts";
import { type PlanStore, StoreUnavailable } from "../store/plan-store.ts";
import type { RecordSum } from "./record-digest.ts";
import { RecordLineError, recordOfLine } from "./record-line.ts";

export type ImportOptions = {
  store: PlanStore;
  rules: ContractRules;
  /** The lines of an export. */
  lines: AsyncIterable<string>;
  /** Sums up what is read. */
  sum: RecordSum;
  /** Decides what has expired, in ms since the epoch. */
  nowMs: number;
  /** Lines at the beginning that were imported before. */
  skip?: number;
  /** Puts that may run at once. Defaults to 256. */
  concurrency?: number;
};

/** What became of the lines. */
export type ImportReport = {
  readonly stored: number;
  /** The store had a later one. */
  readonly stale: number;
  /** Had expired and were left out. */
  readonly expired: number;
};

/** Raised when an import ends early. Those before `line`, counted from 1, are all stored. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  readonly line: number;
  constructor(line: number, cause: unknown) {
    super(`line ${line}: ${(cause as Error).message}`, { cause });
    this.line = line;
  }
}

/** How often a put is tried while the store cannot serve, and how long the first pause is, in ms; it doubles. */
const attempts = 6;
const firstPauseMs = 100;

/**
 * Puts the records of an export into a store. The newest wins, as in every put: an import may run beside pushes, and
 * again. Rejects with ImportError at the first line that is no record or cannot be stored.
 */
export async function importRecords(options: ImportOptions): Promise<ImportReport> {
  const { store, rules, lines, sum, nowMs, skip = 0, concurrency = 256 } = options;
  const report = { stored: 0, stale: 0, expired: 0 };
  const running = new Set<Promise<void>>();
  let failure: ImportError | undefined;
  let line = 0;

  const fail = (at: number, cause: unknown) => {
    // The first line, not the first in time: what is before it must be stored.
    if (failure === undefined || at < failure.line) {
      failure = new ImportError(at, cause);
    }
  };

  for await (const text of lines) {
    line += 1;
    if (failure !== undefined) {
      break;
    }
    if (text === "") {
      continue;
    }
    const at = line;
    try {
      const record = recordOfLine(text, rules);
      sum.add(record);
      if (at <= skip) {
        continue;
      }
      if (record.expiresAtMs !== undefined && record.expiresAtMs <= nowMs) {
        report.expired += 1;
        continue;
      }
      const put = putPatiently(store, record).then(
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
  await Promise.all(running);
  if (failure !== undefined) {
    throw failure;
  }
  return report;
}

async function putPatiently(store: PlanStore, record: Parameters<PlanStore["put"]>[0]) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.put(record);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || attempt === attempts) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** (attempt - 1)));
    }
  }
}
