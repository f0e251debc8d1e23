import type { Message } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createWithDates, type InitWithDates, type Moment, msOf } from "./dates.ts";

/** A span of time: the sum of its parts. */
export type Lifetime = { days?: number; hours?: number; minutes?: number; seconds?: number };

/** Last millisecond that a Timestamp can represent: 9999-12-31T23:59:59.999Z. */
const lastMs = 253_402_300_799_999;

/**
 * Returns the time that lies `lifetime` after `now`, which defaults to the current time. Throws RangeError unless that
 * is after `now` and before the year 10000.
 *
 * ```ts
 * const expireTime = expiresIn({ days: 1, hours: 12 });
 * ```
 */
export function expiresIn(lifetime: Lifetime, now: Moment = Date.now()): Timestamp {
  const { days = 0, hours = 0, minutes = 0, seconds = 0 } = lifetime;
  const ms = Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
  const end = msOf(now, "now") + ms;
  if (!(ms > 0 && end <= lastMs)) {
    throw new RangeError(
      `expiresIn: ${JSON.stringify(lifetime)} must be a positive span of time that ends before the year 10000`,
    );
  }
  return timestampFromMs(end);
}

/** The fields of a status for {@link planStatusOf}, with Dates or Timestamps, and its lifetime. */
export type PlanStatusInit = Exclude<InitWithDates<PlanStatus>, Message> & {
  /** Sets `expireTime`, unless given, to this long after `now`. */
  expiresIn?: Lifetime;
};

/**
 * Returns a status with `updateTime` set to `now`, the time at which the operator's backend was read (defaults to the
 * current time), and `expireTime` from `expiresIn`. Times given in `init` take precedence. Each may be a Date.
 *
 * ```ts
 * const planStatus = planStatusOf({
 *   languageCode: "en-US",
 *   expiresIn: { hours: 24 },
 *   plans: [{ planId: "acme-199", planModules: [{ moduleName: "Data", description: "2 GB", balance: unlimitedBytes() }] }],
 * });
 * ```
 *
 * Create a status once and push the same message again if a push fails: one with a newer `updateTime` is a different
 * status. Throws RangeError as {@link expiresIn} does, and TypeError, which names the
 * field, for a time that is neither a Date nor a Timestamp; it does not check the contract's rules, `validate` does.
 */
export function planStatusOf(init: PlanStatusInit, { now = Date.now() }: { now?: Moment } = {}): PlanStatus {
  const { expiresIn: lifetime, ...fields } = init;
  const status = createWithDates(PlanStatusSchema, fields);
  status.updateTime ??= timestampFromMs(msOf(now, "now"));
  if (lifetime !== undefined) {
    status.expireTime ??= expiresIn(lifetime, now);
  }
  return status;
}
