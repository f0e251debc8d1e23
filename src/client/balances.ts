import { create } from "@bufbuild/protobuf";
import {
  type ByteQuota,
  ByteQuotaSchema,
  type TimeQuota,
  TimeQuotaSchema,
} from "../../gen/mobiledataplansharing/v1/plans_pb.ts";

/** A balance in bytes, for `PlanModule.balance`. */
export type ByteBalance = { case: "byteBalance"; value: ByteQuota };

/** A balance in minutes, for `PlanModule.balance`. */
export type TimeBalance = { case: "timeBalance"; value: TimeQuota };

/** The value of `ByteQuota.quotaBytes` that means "unlimited": the largest int64. */
const unlimited = 2n ** 63n - 1n;

/**
 * Returns the balance of a module without a data limit. Its remaining bytes are not set.
 *
 * ```ts
 * const planModule = { moduleName: "Data", description: "Everything", balance: unlimitedBytes() };
 * ```
 */
export function unlimitedBytes(): ByteBalance {
  return { case: "byteBalance", value: create(ByteQuotaSchema, { quotaBytes: unlimited }) };
}

/**
 * Returns a balance in bytes. Both parts are optional, but a module that warns of a low balance requires `remaining`,
 * which may exceed the quota. Throws RangeError unless each is a whole number from 0 to 2^63 - 1; from 2^53 on it must
 * be a bigint, because a `number` would not be exact.
 *
 * ```ts
 * const balance = byteBalance({ quota: 2 * 1024 ** 3, remaining: 214_748_364 }); // 205 MiB of 2 GiB left
 * ```
 */
export function byteBalance(bytes: { quota?: number | bigint; remaining?: number | bigint }): ByteBalance {
  const quotaBytes = quantity("quota", bytes.quota);
  const remainingBytes = quantity("remaining", bytes.remaining);
  return { case: "byteBalance", value: create(ByteQuotaSchema, { quotaBytes, remainingBytes }) };
}

/**
 * Returns a balance in minutes, under the same rules as {@link byteBalance}.
 *
 * ```ts
 * const balance = minuteBalance({ quota: 600, remaining: 45 });
 * ```
 */
export function minuteBalance(minutes: {
  quota?: number | bigint;
  remaining?: number | bigint;
}): TimeBalance {
  const quotaMinutes = quantity("quota", minutes.quota);
  const remainingMinutes = quantity("remaining", minutes.remaining);
  return { case: "timeBalance", value: create(TimeQuotaSchema, { quotaMinutes, remainingMinutes }) };
}

function quantity(name: string, value: number | bigint | undefined): bigint | undefined {
  if (value === undefined) {
    return undefined;
  }
  const isExact = typeof value === "bigint" || Number.isSafeInteger(value);
  if (!isExact || value < 0 || value > unlimited) {
    throw new RangeError(
      `${name}: ${value} must be a whole number from 0 to 2^63 - 1, as a bigint from 2^53 on`,
    );
  }
  return BigInt(value);
}
