import { systemClock } from "../contract/clock.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { openInput } from "./input/input.ts";
import type { RecordOptions } from "./input/push-request.ts";
import { readRecords } from "./input/reader.ts";
import { createRecordParser } from "./input/record-parser.ts";
import { countNotifications } from "./run/counts.ts";
import { maskIn, maskKey } from "./run/mask.ts";

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
  readonly violations: number;
  /** Notifications that the valid records would trigger, by type. */
  readonly notifications: Readonly<Record<string, number>>;
};

export type ValidateOptions = {
  record: RecordOptions;
  clockSkewMs: number;
  reveal: boolean;
  /** Called with the findings of each invalid record, and awaited. */
  report(findings: readonly Finding[]): Promise<void> | void;
};

/** Validates every record of an input without a server. Rejects with InputError. */
export async function validateInput(file: string, options: ValidateOptions): Promise<Validation> {
  const { record: recordOptions, clockSkewMs, reveal } = options;
  const parse = createRecordParser(recordOptions, () => ({ nowMs: systemClock.now(), clockSkewMs }));
  const notifications: Record<string, number> = {};
  let [valid, invalid, violations] = [0, 0, 0];
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
      const { userKey } = parsed;
      const hide = (text: string) => (reveal || userKey === undefined ? text : maskIn(text, userKey));
      await options.report(
        parsed.violations.map(({ field, description }) => ({
          line: record.index,
          field: hide(field),
          description: hide(description),
          ...(userKey !== undefined && { userKey: reveal ? userKey : maskKey(userKey) }),
        })),
      );
    }
  }
  return { records: valid + invalid, valid, invalid, violations, notifications };
}
