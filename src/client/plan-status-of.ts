import { create, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";

/** A span of time; its parts add up. */
export type Lifetime = { days?: number; hours?: number; minutes?: number; seconds?: number };

/** A point in time: a Date, or milliseconds since the epoch. */
export type Moment = Date | number;

/** Last millisecond that a Timestamp holds: 9999-12-31T23:59:59.999Z. */
const lastMs = 253_402_300_799_999;

/**
 * Returns the time so long after `now`, which defaults to this moment: `expiresIn({ hours: 24 })`. Raises RangeError
 * unless it lies after `now` and before the year 10000.
 */
export function expiresIn(lifetime: Lifetime, now: Moment = Date.now()): Timestamp {
  const { days = 0, hours = 0, minutes = 0, seconds = 0 } = lifetime;
  const ms = Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
  const end = Number(now) + ms;
  if (!(ms > 0 && end <= lastMs)) {
    throw new RangeError(
      `expiresIn: ${JSON.stringify(lifetime)} must be a span of time that ends before year 10000`,
    );
  }
  return timestampFromMs(end);
}

/** What {@link planStatusOf} makes a status of: fields of the message, and how long it lives. */
export type PlanStatusInit = Exclude<MessageInitShape<typeof PlanStatusSchema>, Message> & {
  /** Sets `expireTime` so long after the update, unless that is given. */
  expiresIn?: Lifetime;
};

/**
 * Makes a status that was read from the operator's backend at `now`, which is this moment unless said otherwise:
 * `updateTime` is that, and `expireTime` follows from `expiresIn`. A time that is given stays.
 *
 * ```ts
 * planStatusOf({
 *   languageCode: "en-US",
 *   expiresIn: { hours: 24 },
 *   plans: [{ planId: "acme-199", planModules: [{ moduleName: "Data", description: "2 GB", balance: unlimitedBytes() }] }],
 * });
 * ```
 *
 * Make it once and push that same message again if a push fails: a newer `updateTime` would be another status. Raises
 * RangeError as {@link expiresIn} does; the rules of the contract are for `validate` to check.
 */
export function planStatusOf(init: PlanStatusInit, { now = Date.now() }: { now?: Moment } = {}): PlanStatus {
  const { expiresIn: lifetime, ...fields } = init;
  const status = create(PlanStatusSchema, fields);
  status.updateTime ??= timestampFromMs(Number(now));
  if (lifetime !== undefined) {
    status.expireTime ??= expiresIn(lifetime, now);
  }
  return status;
}
