import { Code } from "#deps/google/rpc/code_pb.js";
import type { CallSource } from "../../../../src/console/calls/feed/call-feed.ts";
import type { CallRow } from "../../../../src/console/calls/feed/call-row.ts";

/** An error of a fake journal, which says whether the request was invalid or nobody answered. */
export class FakeError extends Error {
  readonly isInvalid: boolean;
  constructor(message: string, isInvalid: boolean) {
    super(message);
    this.isInvalid = isInvalid;
  }
}

/** A journal in memory that breaks when a test says so. */
export type FakeJournal = CallSource & {
  /** Adds calls. */
  push(count: number, change?: Partial<CallRow>): void;
  /** Ends all watches. With a message they fail with it. */
  cut(message?: string): void;
  /** Forgets all calls, counts them from 1 again, and ends all watches. */
  restart(): void;
  clear(): void;
  /** Whether requests fail. */
  isDown: boolean;
  /** If set: why requests are invalid. */
  invalid: string | undefined;
  readonly asked: string[];
  pageSize: number;
};

/** Creates a row with a number. */
export function rowNumbered(number: number, change: Partial<CallRow> = {}): CallRow {
  return {
    number,
    requestId: `r${number}`,
    receivedAtMs: number,
    durationMs: 1,
    protocol: "REST",
    method: "CreateUserPlanStatus",
    operator: "65001",
    clientId: "mobiledataplan",
    userKey: "+14155550100",
    httpStatus: 200,
    code: Code.OK,
    reason: "",
    notifications: [],
    fault: "",
    ...change,
  };
}

export function createFakeJournal(): FakeJournal {
  let rows: CallRow[] = [];
  let next = 1;
  let run = 1;
  const wake: (() => void)[] = [];
  let ended: { error: FakeError | undefined } | undefined;
  const asked: string[] = [];

  const check = () => {
    if (journal.isDown) {
      throw new FakeError("down", false);
    }
    if (journal.invalid !== undefined) {
      throw new FakeError(journal.invalid, true);
    }
  };
  const wakeAll = () => {
    for (const act of wake.splice(0)) {
      act();
    }
  };

  const journal: FakeJournal = {
    asked,
    isDown: false,
    invalid: undefined,
    pageSize: 3,
    push(count, change) {
      for (let added = 0; added < count; added += 1) {
        rows.push(rowNumbered(next, { requestId: `r${run}-${next}`, ...change }));
        next += 1;
      }
      wakeAll();
    },
    cut(message) {
      ended = { error: message === undefined ? undefined : new FakeError(message, false) };
      wakeAll();
    },
    restart() {
      rows = [];
      next = 1;
      run += 1;
      wakeAll();
    },
    clear() {
      rows = [];
    },
    async list(pageToken) {
      asked.push(`list ${pageToken}`.trim());
      check();
      const before = pageToken === "" ? next : Number(pageToken);
      const older = rows.filter(({ number }) => number < before).reverse();
      const page = older.slice(0, journal.pageSize);
      const last = page.at(-1)?.number;
      return { rows: page, next: older.length > page.length ? String(last) : "", dropped: 0 };
    },
    async *watch(after, signal) {
      asked.push(`watch ${after}`);
      check();
      if (after >= next) {
        throw new FakeError("afterCall", true);
      }
      ended = undefined;
      let seen = after;
      const ownRun = run;
      while (!signal.aborted) {
        if (run !== ownRun) {
          return;
        }
        const row = rows.find(({ number }) => number > seen);
        if (row) {
          seen = row.number;
          yield { row, missed: 0 };
        } else if (ended) {
          const { error } = ended as { error: FakeError | undefined };
          if (error) {
            throw error;
          }
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake.push(resolve);
            signal.addEventListener("abort", () => resolve());
          });
        }
      }
    },
    async holds(row) {
      asked.push(`holds ${row.number}`);
      check();
      return rows.some(({ number, requestId }) => number === row.number && requestId === row.requestId);
    },
  };
  return journal;
}
