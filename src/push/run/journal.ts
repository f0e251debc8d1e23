import { join } from "node:path";
import { type FieldViolation, shortenText } from "../../contract/field-violation.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { RawRecord } from "../input/record.ts";
import { openAppendFile } from "./append-file.ts";
import { openCheckpointLog } from "./checkpoint-log.ts";
import {
  type Counts,
  countName,
  countNotifications,
  countWarnings,
  createCounts,
  createGrouping,
  withoutIndexes,
} from "./counts.ts";
import { createDoneRecords, type DoneRecordsInit } from "./done-records.ts";
import { type KeyDisplay, listedViolations } from "./mask.ts";
import { type RunDirectory, runFiles } from "./run-directory.ts";

/** Why a record was not accepted, as in rejected-reasons.ndjson and superseded.ndjson. */
export type Reason = {
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  readonly violations: readonly FieldViolation[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly userKey?: string | undefined;
};

/** The state of a run; each line of checkpoint.log is one. */
export type Checkpoint = DoneRecordsInit & {
  readonly tally: Counts;
  /** Lengths of the files of the run, in bytes. */
  readonly lengths: { readonly rejected: number; readonly reasons: number; readonly superseded: number };
  /** Time spent on the run so far, in milliseconds. */
  readonly elapsedMs: number;
  readonly finished: boolean;
};

/** Stores the outcome of every record: in memory at once, on disk with the next flush. */
export type Journal = {
  readonly counts: Counts;
  elapsedMs(): number;
  /** Whether the outcome of a record is stored already. */
  isDone(index: number): boolean;
  skipped(record: RawRecord): void;
  retried(): void;
  pushed(record: RawRecord, request: PushRequest): void;
  superseded(record: RawRecord, reason: Reason): void;
  rejected(record: RawRecord, reason: Reason): void;
  /** Bytes that are not on disk yet. Callers that add more should wait while there are many. */
  waiting(): number;
  /** Resolves when everything up to now is on disk. If it rejects, the previous checkpoint is still valid. */
  flush(finished?: boolean): Promise<void>;
  close(): Promise<void>;
};

/** Returns the last checkpoint of a run. */
export function checkpointOf({ logged }: RunDirectory): Checkpoint | undefined {
  return logged?.state as Checkpoint | undefined;
}

/** Opens the journal of a run. Cuts its files to the lengths in the checkpoint, because a crash may have left more. */
export async function openJournal(run: RunDirectory, display: KeyDisplay): Promise<Journal> {
  const before = checkpointOf(run);
  const done = createDoneRecords(before);
  const counts = createCounts(before?.tally);
  const countGroup = createGrouping(counts.rejections);
  const { lengths = { rejected: 0, reasons: 0, superseded: 0 } } = before ?? {};
  const beganAt = performance.now();
  let endedAt: number | undefined;
  const elapsedMs = () => Math.round((before?.elapsedMs ?? 0) + (endedAt ?? performance.now()) - beganAt);
  const at = (name: keyof typeof runFiles) => join(run.path, runFiles[name]);
  const [log, rejected, reasons, superseded] = await Promise.all([
    openCheckpointLog(at("checkpoint"), run.logged?.end ?? 0),
    openAppendFile(at("rejected"), lengths.rejected),
    openAppendFile(at("reasons"), lengths.reasons),
    openAppendFile(at("superseded"), lengths.superseded),
  ]);
  let isChanged = before === undefined;
  let last: Promise<void> = Promise.resolve();

  function settle(record: RawRecord): void {
    const { index, blankLines = 0, otherLines = 0 } = record;
    counts.blank += blankLines;
    done.add(record, index - blankLines - otherLines);
    isChanged = true;
  }

  async function write(finished: boolean): Promise<void> {
    if (!isChanged && !finished) {
      return;
    }
    isChanged = false;
    endedAt = finished ? performance.now() : undefined;
    // The state and the lines that belong to it are taken together, before anything is awaited.
    const state = {
      watermark: done.watermark(),
      ranges: [...done.ranges()],
      tally: createCounts(counts),
      elapsedMs: elapsedMs(),
      finished,
    };
    const flushed = [rejected.flush(), reasons.flush(), superseded.flush()] as const;
    try {
      const [rejectedLength, reasonsLength, supersededLength] = await Promise.all(flushed);
      await log.append({
        ...state,
        lengths: { rejected: rejectedLength, reasons: reasonsLength, superseded: supersededLength },
      } satisfies Checkpoint);
    } catch (error) {
      isChanged = true;
      await Promise.allSettled(flushed);
      throw error;
    }
  }

  return {
    counts,
    elapsedMs,
    isDone: done.has,
    retried() {
      counts.repeated += 1;
    },
    skipped(record) {
      counts.blank += 1;
      settle(record);
    },
    pushed(record, { notifications, warnings }) {
      counts.pushed += 1;
      countWarnings(counts.warnings, warnings);
      countNotifications(counts.notifications, notifications);
      settle(record);
    },
    superseded(record, reason) {
      counts.superseded += 1;
      superseded.append(lineOf(record, reason, display));
      settle(record);
    },
    rejected(record, reason) {
      counts.rejected += 1;
      countName(counts.reasons, reason.reason);
      countGroup({ reason: reason.reason, rule: ruleOf(reason, display), line: record.index });
      // The text of a record that was too long is not stored.
      if (record.bytes.length > 0) {
        rejected.append(record.bytes);
      }
      reasons.append(lineOf(record, reason, display));
      settle(record);
    },
    waiting: () => rejected.waiting() + reasons.waiting() + superseded.waiting(),
    flush(finished = false) {
      // One after the other, so that an older state never overwrites a newer one.
      last = last.catch(() => undefined).then(() => write(finished));
      return last;
    },
    async close() {
      await last.catch(() => undefined);
      await Promise.allSettled([log.close(), rejected.close(), reasons.close(), superseded.close()]);
    },
  };
}

/** Longest message that is stored, in characters. Servers choose theirs. */
const maxMessageLength = 1_000;

/** Longest name and value of the metadata that is stored, in characters. */
const maxMetadataLength = 256;

/** Longest rule that is stored, in characters. */
const maxRuleLength = 200;

/** Returns the rule by which rejected records are grouped. */
function ruleOf({ violations: [first], message, userKey }: Reason, display: KeyDisplay): string {
  const rule = first === undefined ? message : `${withoutIndexes(first.field)}: ${first.description}`;
  return shortenText(display.text(rule, userKey), maxRuleLength);
}

function lineOf(
  record: RawRecord,
  { userKey, message, violations, metadata, ...reason }: Reason,
  display: KeyDisplay,
): string {
  const hide = (text: string) => display.text(text, userKey);
  return JSON.stringify({
    line: record.index,
    ...(userKey !== undefined && { userKey: display.key(userKey) }),
    ...reason,
    ...(metadata && { metadata: listedMetadata(metadata, hide) }),
    // Hidden first, because a key that is cut is not found.
    message: shortenText(hide(message), maxMessageLength),
    violations: listedViolations(violations, hide),
  });
}

function listedMetadata(metadata: Readonly<Record<string, string>>, hide: (text: string) => string) {
  const listed = (text: string) => shortenText(hide(text), maxMetadataLength);
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [listed(name), listed(value)]));
}
