import type { Instant } from "../../contract/instant.ts";
import type { PutOutcome, PutRecord, RecordKey } from "../plan-store.ts";
import { isLater } from "./puts.ts";

/** Commits records with different keys and returns what became of each. Rejects if that of none is known. */
export type WriteBatch = (records: readonly PutRecord[]) => Promise<readonly (PutOutcome | Error)[]>;

/** The puts of one key that have no outcome yet, in the order of their calls. */
type Line = {
  waiting: { readonly record: PutRecord; readonly place: number }[];
  /** Update time of a record that is stored and has not expired; undefined if there may be none. */
  known: Instant | undefined;
};

/** What is to be written next of a line. */
type Step = {
  /** Where in `waiting` the record to write is. */
  readonly candidate: number;
  /** What becomes of the first puts of `waiting` if the candidate is stored. If it is stale, so are they all. */
  readonly verdicts: readonly PutOutcome[];
};

const stored: PutOutcome = { outcome: "stored" };

/**
 * Puts a batch in which keys may come more than once, as if one put came after the other.
 *
 * A statement takes each key once (with a key twice, PostgreSQL fails it with 21000). So the first put of each key is
 * written first; from then on it is known what is stored, and the outcomes of the others follow from each other.
 * Of them only the last one that takes effect is written: two statements, however often a key comes.
 */
export async function putWithDuplicateKeys(
  records: readonly PutRecord[],
  now: number,
  write: WriteBatch,
): Promise<readonly (PutOutcome | Error)[]> {
  let lines = linesOf(records);
  if (lines.length === records.length) {
    return write(records);
  }

  const outcomes: (PutOutcome | Error)[] = new Array(records.length);
  while (lines.length > 0) {
    const steps = lines.map((line) => nextStep(line, now));
    const candidates = steps.map(({ candidate }, index) => lines[index]?.waiting[candidate]?.record);
    let answers: readonly (PutOutcome | Error)[];
    try {
      answers = await write(candidates as PutRecord[]);
    } catch (error) {
      for (const { waiting } of lines) {
        for (const { place } of waiting) {
          outcomes[place] = error as Error;
        }
      }
      return outcomes;
    }
    for (const [index, line] of lines.entries()) {
      settle(line, steps[index] as Step, answers[index] as PutOutcome | Error, now, outcomes);
    }
    lines = lines.filter(({ waiting }) => waiting.length > 0);
  }
  return outcomes;
}

function linesOf(records: readonly PutRecord[]): Line[] {
  const lines = new Map<string, Line>();
  for (const [place, record] of records.entries()) {
    const text = textOf(record.key);
    const line = lines.get(text);
    if (line) {
      line.waiting.push({ record, place });
    } else {
      lines.set(text, { waiting: [{ record, place }], known: undefined });
    }
  }
  return [...lines.values()];
}

function textOf({ kind, asn, clientId, id }: RecordKey): string {
  return `${kind} ${asn} ${clientId.length} ${clientId}${id}`;
}

function nextStep({ waiting, known }: Line, now: number): Step {
  if (known) {
    const step = nextOfOrder(waiting, known, now);
    if (step) {
      return step;
    }
  }
  // Without an update time each one takes effect, and only the last one shows.
  let candidate = 0;
  while (isUntimed(waiting[candidate]) && isUntimed(waiting[candidate + 1])) {
    candidate++;
  }
  return { candidate, verdicts: new Array(candidate + 1).fill(stored) };
}

/** Goes through puts that nothing but their order decides on, as far as there are any and one takes effect. */
function nextOfOrder(waiting: Line["waiting"], known: Instant, now: number): Step | undefined {
  const verdicts: PutOutcome[] = [];
  let candidate: number | undefined;
  let newest = known;
  for (const [index, { record }] of waiting.entries()) {
    if (!record.updateTime || isExpired(record, now)) {
      break;
    }
    if (isLater(newest, record.updateTime)) {
      verdicts.push({ outcome: "stale", storedUpdateTime: newest });
    } else {
      verdicts.push(stored);
      newest = record.updateTime;
      candidate = index;
    }
  }
  return candidate === undefined ? undefined : { candidate, verdicts };
}

function settle(
  line: Line,
  { candidate, verdicts }: Step,
  answer: PutOutcome | Error,
  now: number,
  outcomes: (PutOutcome | Error)[],
): void {
  const { record, place } = line.waiting[candidate] as Line["waiting"][number];
  if (answer instanceof Error) {
    outcomes[place] = answer;
    line.waiting.splice(candidate, 1);
    line.known = undefined;
    return;
  }
  const isStale = answer.outcome === "stale";
  for (const [index, verdict] of verdicts.entries()) {
    outcomes[line.waiting[index]?.place as number] = isStale ? answer : verdict;
  }
  line.waiting = line.waiting.slice(verdicts.length);
  if (isStale) {
    line.known = answer.storedUpdateTime;
  } else {
    line.known = isExpired(record, now) ? undefined : record.updateTime;
  }
}

function isUntimed(waiting: Line["waiting"][number] | undefined): boolean {
  return waiting !== undefined && waiting.record.updateTime === undefined;
}

function isExpired({ expiresAtMs }: PutRecord, now: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= now;
}
