import { type Instant, isLater } from "../../contract/instant.ts";
import type { PutOutcome, PutRecord } from "../plan-store.ts";
import { isExpired, keyText } from "../record.ts";

/** The outcome of one put of a batch; an Error rejects only that put. */
export type BatchOutcome = PutOutcome | Error;

/** The puts of one key without an outcome, in the order of their calls. */
type KeyPuts = {
  waiting: { readonly record: PutRecord; readonly position: number }[];
  /** Update time of the stored, unexpired record; undefined if there may be none. */
  known: Instant | undefined;
};

/** The next write of a key. */
type Step = {
  /** Index in `waiting` of the record to write. */
  readonly candidate: number;
  /** Outcomes of the first puts of `waiting` if the candidate is stored. If it is stale, so are all of them. */
  readonly outcomes: readonly PutOutcome[];
};

const stored: PutOutcome = { outcome: "stored" };

/**
 * Puts a batch in which keys may occur more than once, with the outcomes of one put after the other.
 *
 * A statement may have each key only once (otherwise PostgreSQL fails with 21000). The first put of each key is written
 * first. Then the stored record is known, the outcomes of the other puts follow from each other, and only the last one
 * that takes effect is written: two statements, however often a key occurs.
 *
 * `write` commits records with different keys and returns their outcomes. It rejects if no outcome is known.
 */
export async function putWithDuplicateKeys(
  records: readonly PutRecord[],
  now: number,
  write: (records: readonly PutRecord[]) => Promise<readonly BatchOutcome[]>,
): Promise<readonly BatchOutcome[]> {
  let keys = putsByKey(records);
  if (keys.length === records.length) {
    return write(records);
  }

  const outcomes: BatchOutcome[] = new Array(records.length);
  while (keys.length > 0) {
    const steps = keys.map((puts) => nextStep(puts, now));
    const candidates = steps.map(({ candidate }, index) => keys[index]?.waiting[candidate]?.record);
    let answers: readonly BatchOutcome[];
    try {
      answers = await write(candidates as PutRecord[]);
    } catch (error) {
      for (const { waiting } of keys) {
        for (const { position } of waiting) {
          outcomes[position] = error as Error;
        }
      }
      return outcomes;
    }
    for (const [index, puts] of keys.entries()) {
      settle(puts, steps[index] as Step, answers[index] as BatchOutcome, now, outcomes);
    }
    keys = keys.filter(({ waiting }) => waiting.length > 0);
  }
  return outcomes;
}

function putsByKey(records: readonly PutRecord[]): KeyPuts[] {
  const keys = new Map<string, KeyPuts>();
  for (const [position, record] of records.entries()) {
    const text = keyText(record.key);
    const puts = keys.get(text);
    if (puts) {
      puts.waiting.push({ record, position });
    } else {
      keys.set(text, { waiting: [{ record, position }], known: undefined });
    }
  }
  return [...keys.values()];
}

function nextStep({ waiting, known }: KeyPuts, now: number): Step {
  if (known) {
    const step = nextByUpdateTime(waiting, known, now);
    if (step) {
      return step;
    }
  }
  // Each put without an update time takes effect, and only the last one remains visible.
  let candidate = 0;
  while (isUntimed(waiting[candidate]) && isUntimed(waiting[candidate + 1])) {
    candidate++;
  }
  return { candidate, outcomes: new Array(candidate + 1).fill(stored) };
}

/** Settles the first puts, as far as only their update times matter. Returns undefined if none of them takes effect. */
function nextByUpdateTime(waiting: KeyPuts["waiting"], known: Instant, now: number): Step | undefined {
  const outcomes: PutOutcome[] = [];
  let candidate: number | undefined;
  let newest = known;
  for (const [index, { record }] of waiting.entries()) {
    if (!record.updateTime || isExpired(record, now)) {
      break;
    }
    if (isLater(newest, record.updateTime)) {
      outcomes.push({ outcome: "stale", storedUpdateTime: newest });
    } else {
      outcomes.push(stored);
      newest = record.updateTime;
      candidate = index;
    }
  }
  return candidate === undefined ? undefined : { candidate, outcomes };
}

function settle(
  puts: KeyPuts,
  step: Step,
  answer: BatchOutcome,
  now: number,
  outcomes: BatchOutcome[],
): void {
  const { record, position } = puts.waiting[step.candidate] as KeyPuts["waiting"][number];
  if (answer instanceof Error) {
    outcomes[position] = answer;
    puts.waiting.splice(step.candidate, 1);
    puts.known = undefined;
    return;
  }
  const isStale = answer.outcome === "stale";
  for (const [index, outcome] of step.outcomes.entries()) {
    outcomes[puts.waiting[index]?.position as number] = isStale ? answer : outcome;
  }
  puts.waiting = puts.waiting.slice(step.outcomes.length);
  if (isStale) {
    puts.known = answer.storedUpdateTime;
  } else {
    puts.known = isExpired(record, now) ? undefined : record.updateTime;
  }
}

function isUntimed(waiting: KeyPuts["waiting"][number] | undefined): boolean {
  return waiting !== undefined && waiting.record.updateTime === undefined;
}
