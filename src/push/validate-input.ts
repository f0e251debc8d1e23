import { systemClock } from "../contract/clock.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { openInput } from "./input/input.ts";
import type { RecordOptions } from "./input/push-request.ts";
import { readRecords } from "./input/reader.ts";
import { createRecordParser } from "./input/record-parser.ts";
import { countNotifications } from "./run/counts.ts";
import { keyDisplay, listedViolations } from "./run/mask.ts";

/** A violation of a record. */
export type Finding = FieldViolation & {
  readonly line: number;
  /** Masked, unless `reveal` is set. Absent if the record has none. */
  readonly userKey?: string;
};

/** Counts of an input. */
export type Validation = {
  readonly records: number;
  readonly valid: number;
  readonly invalid: number;
  /** Invalid records whose violations were not reported; absent if there are none. */
  readonly unlisted?: number;
  readonly violations: number;
  /** The record after which the validation ended because too many are invalid; absent if all were validated. */
  readonly stoppedAt?: number;
  /** Notifications that the valid records would trigger, by type. */
  readonly notifications: Readonly<Record<string, number>>;
};

export type ValidateOptions = {
  record: RecordOptions;
  clockSkewMs: number;
  reveal: boolean;
  /** Called with the findings of each of the first invalid records, and awaited. */
  report(findings: readonly Finding[]): Promise<void> | void;
};

/** Invalid records whose violations are reported; further ones are only counted. */
const maxListed = 1_000;

/** Invalid records after which the validation ends. A small compressed file can have a hundred million. */
const maxInvalid = 1_000_000;

/**
 * Validates every record of an input without a server, unless a million of them are invalid: then the rest is not read.
 * Rejects with InputError.
 */
export async function validateInput(file: string, options: ValidateOptions): Promise<Validation> {
  const { record: recordOptions, clockSkewMs, reveal } = options;
  const parse = createRecordParser(recordOptions, () => ({ nowMs: systemClock.now(), clockSkewMs }));
  const notifications: Record<string, number> = {};
  const display = keyDisplay(reveal);
  let [valid, invalid, violations] = [0, 0, 0];
  const counts = () => ({
    records: valid + invalid,
    valid,
    invalid,
    ...(invalid > maxListed && { unlisted: invalid - maxListed }),
    violations,
    notifications,
  });
  for await (const block of readRecords(await openInput(file))) {
    for (const record of block) {
      if (record.bytes.length === 0 && record.problem === undefined) {
        continue;
      }
      const parsed = parse(record);
      if ("request" in parsed) {
        valid += 1;
        countNotifications(notifications, parsed.request.notifications);
        continue;
      }
      invalid += 1;
      violations += parsed.violations.length;
      if (invalid > maxListed) {
        if (invalid === maxInvalid) {
          return { ...counts(), stoppedAt: record.index };
        }
        continue;
      }
      const { userKey } = parsed;
      const hide = (text: string) => display.text(text, userKey);
      await options.report(
        listedViolations(parsed.violations, hide).map((violation) => ({
          line: record.index,
          ...violation,
          ...(userKey !== undefined && { userKey: display.key(userKey) }),
        })),
      );
    }
  }
  return counts();
}
