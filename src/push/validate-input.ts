import { systemClock } from "../contract/clock.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { openInput } from "./input/input.ts";
import { readRecords } from "./input/reader.ts";
import { createRecordParser, type ParserOptions } from "./input/record-parser.ts";
import { createViolationGroups, type ViolationGroup } from "./report/violation-groups.ts";
import { createNewWarnings } from "./report/warnings.ts";
import { countNotifications, countWarnings } from "./run/counts.ts";
import { keyDisplay, listedViolations } from "./run/mask.ts";

/** A violation of a record, or a warning. */
export type Finding = FieldViolation & {
  /** Set for a warning: the record is valid. Each warning is reported once, for the first record. */
  readonly severity?: "warning";
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
  /** The largest groups of equal violations, at most 50; absent if all records are valid. */
  readonly groups?: readonly ViolationGroup[];
  /** The record after which the validation ended because too many are invalid; absent if all were validated. */
  readonly stoppedAt?: number;
  /** Notifications that the valid records would trigger, by type. */
  readonly notifications: Readonly<Record<string, number>>;
  /** Valid records with a warning, by path and description; absent if there are none. */
  readonly warnings?: Readonly<Record<string, number>>;
};

export type ValidateOptions = {
  record: ParserOptions;
  clockSkewMs: number;
  reveal: boolean;
  /** Called with the findings of each of the first invalid records and with new warnings, and awaited. */
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
  const warnings: Record<string, number> = {};
  const newWarnings = createNewWarnings();
  const groups = createViolationGroups();
  const display = keyDisplay(reveal);
  let [valid, invalid, violations] = [0, 0, 0];
  const counts = () => ({
    records: valid + invalid,
    valid,
    invalid,
    ...(invalid > maxListed && { unlisted: invalid - maxListed }),
    violations,
    ...(invalid > 0 && { groups: groups.largest() }),
    notifications,
    ...(Object.keys(warnings).length > 0 && { warnings }),
  });
  for await (const block of readRecords(await openInput(file, recordOptions))) {
    for (const record of block) {
      if (record.bytes.length === 0 && record.problem === undefined) {
        continue;
      }
      const parsed = parse(record);
      if ("request" in parsed) {
        valid += 1;
        countNotifications(notifications, parsed.request.notifications);
        countWarnings(warnings, parsed.request.warnings);
        const found = newWarnings(parsed.request.warnings);
        if (found.length > 0) {
          const userKey = display.key(parsed.request.userKey);
          await options.report(
            found.map((each) => ({ line: record.index, severity: "warning", ...each, userKey })),
          );
        }
        continue;
      }
      invalid += 1;
      violations += parsed.violations.length;
      const { userKey } = parsed;
      const first = {
        line: record.index,
        ...(userKey !== undefined && { userKey: display.key(userKey) }),
      };
      const hide = (text: string) => display.text(text, userKey);
      for (const violation of parsed.violations) {
        groups.add(violation, first, () => listedViolations([violation], hide)[0] ?? violation);
      }
      if (invalid <= maxListed) {
        const listed = listedViolations(parsed.violations, hide);
        await options.report(listed.map((violation) => ({ ...first, ...violation })));
      } else if (invalid === maxInvalid) {
        return { ...counts(), stoppedAt: record.index };
      }
    }
  }
  return counts();
}
