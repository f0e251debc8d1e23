import { join } from "node:path";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { RawRecord } from "../input/record.ts";
import { type Acknowledged, type AcknowledgedInit, createAcknowledged } from "./acknowledged.ts";
import { type CheckpointLog, openCheckpointLog } from "./checkpoint-log.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { maskIn } from "./mask.ts";
import { type RunDirectory, runFiles } from "./run-directory.ts";
import { count, countNotifications, createTally, type Tally } from "./tally.ts";

/** Why a record was not taken, as rejected-reasons.ndjson and superseded.ndjson have it. */
export type Reason = {
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  readonly violations: readonly FieldViolation[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly userKey?: string | undefined;
};

/** The state of a run, as each line of the checkpoint has it. */
export type Checkpoint = AcknowledgedInit & {
  readonly tally: Tally;
  /** Lengths of the files, in bytes, that belong to it. */
  readonly lengths: { readonly rejected: number; readonly reasons: number; readonly superseded: number };
  /** Time that was spent on the run so far, in milliseconds. */
  readonly elapsedMs: number;
  readonly finished: boolean;
};

/** Keeps what became of every record, in memory at once and on disk a moment later. */
export type Journal = {
  readonly acknowledged: Pick<Acknowledged, "has" | "watermark">;
  readonly tally: Tally;
  elapsedMs(): number;
  skipped(record: RawRecord): void;
  pushed(record: RawRecord, request: PushRequest): void;
  superseded(record: RawRecord, reason: Reason): void;
  rejected(record: RawRecord, reason: Reason): void;
  /** Bytes that wait to be written; whoever adds more should wait while they are many. */
  waiting(): number;
  /** Resolves when everything up to now is on disk. Rejects if it cannot be: the checkpoint before stands. */
  flush(finished?: boolean): Promise<void>;
  close(): Promise<void>;
};

/** Returns the state that a run was left in. */
export function checkpointOf({ logged }: RunDirectory): Checkpoint | undefined {
  return logged?.state as Checkpoint | undefined;
}

/** Opens the journal of a run; files that a crash left longer than the checkpoint says are cut. */
export async function openJournal(
  run: RunDirectory,
  keyShown: (userKey: string) => string,
): Promise<Journal> {
  const before = checkpointOf(run);
  const acknowledged = createAcknowledged(before);
  const tally = createTally(before?.tally);
  const { lengths = { rejected: 0, reasons: 0, superseded: 0 } } = before ?? {};
  const beganAt = performance.now();
  let endedAt: number | undefined;
  const elapsedMs = () => Math.round((before?.elapsedMs ?? 0) + (endedAt ?? performance.now()) - beganAt);
  const at = (name: keyof typeof runFiles) => join(run.path, runFiles[name]);
  const [log, rejected, reasons, superseded]: [CheckpointLog, Ledger, Ledger, Ledger] = await Promise.all([
    openCheckpointLog(at("checkpoint"), run.logged?.end ?? 0),
    openLedger(at("rejected"), lengths.rejected),
    openLedger(at("reasons"), lengths.reasons),
    openLedger(at("superseded"), lengths.superseded),
  ]);
  let isChanged = before === undefined;
  let last: Promise<void> = Promise.resolve();

  function done(record: RawRecord): void {
    acknowledged.add(record);
    isChanged = true;
  }

  async function write(finished: boolean): Promise<void> {
    if (!isChanged && !finished) {
      return;
    }
    isChanged = false;
    endedAt = finished ? performance.now() : undefined;
    // What the state says is taken at once, with the lines that belong to it; writing comes after.
    const state = {
      watermark: acknowledged.watermark(),
      ranges: [...acknowledged.ranges()],
      tally: createTally(tally),
      elapsedMs: elapsedMs(),
      finished,
    };
    const flushed = [rejected.flush(), reasons.flush(), superseded.flush()] as const;
    try {
      const [rejectedLength, reasonsLength, supersededLength] = await Promise.all(flushed);
      const { index, end, crc } = state.watermark;
      await log.append({
        ...state,
        watermark: { index, end, crc },
        lengths: { rejected: rejectedLength, reasons: reasonsLength, superseded: supersededLength },
      } satisfies Checkpoint);
    } catch (error) {
      isChanged = true;
      await Promise.allSettled(flushed);
      throw error;
    }
  }

  return {
    acknowledged,
    tally,
    elapsedMs,
    skipped(record) {
      tally.blank += 1;
      done(record);
    },
    pushed(record, { notifications }) {
      tally.pushed += 1;
      countNotifications(tally.notifications, notifications);
      done(record);
    },
    superseded(record, reason) {
      tally.superseded += 1;
      superseded.add(lineOf(record, reason, keyShown));
      done(record);
    },
    rejected(record, reason) {
      tally.rejected += 1;
      count(tally.reasons, reason.reason);
      // What was too long to keep is told of in the reasons alone.
      if (record.bytes.length > 0) {
        rejected.add(record.bytes);
      }
      reasons.add(lineOf(record, reason, keyShown));
      done(record);
    },
    waiting: () => rejected.waiting() + reasons.waiting() + superseded.waiting(),
    flush(finished = false) {
      // One after the other: a state must not be overtaken by an older one.
      last = last.catch(() => undefined).then(() => write(finished));
      return last;
    },
    async close() {
      await last.catch(() => undefined);
      await Promise.allSettled([log.close(), rejected.close(), reasons.close(), superseded.close()]);
    },
  };
}

function lineOf(
  record: RawRecord,
  { userKey, message, violations, ...reason }: Reason,
  keyShown: (userKey: string) => string,
): string {
  // Servers may repeat what they were sent.
  const hide = (text: string) =>
    userKey === undefined || keyShown(userKey) === userKey ? text : maskIn(text, userKey);
  return JSON.stringify({
    line: record.index,
    ...(userKey !== undefined && { userKey: keyShown(userKey) }),
    ...reason,
    message: hide(message),
    violations: violations.map(({ field, description }) => ({
      field: hide(field),
      description: hide(description),
    })),
  });
}
