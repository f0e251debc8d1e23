import { create } from "@bufbuild/protobuf";
import {
  type ByteQuota,
  ByteQuotaSchema,
  type TimeQuota,
  TimeQuotaSchema,
} from "../../gen/mobiledataplansharing/v1/plans_pb.ts";

/** A balance in bytes, as `PlanModule.balance` takes it. */
export type ByteBalance = { case: "byteBalance"; value: ByteQuota };

/** A balance in minutes, as `PlanModule.balance` takes it. */
export type TimeBalance = { case: "timeBalance"; value: TimeQuota };

/** The quota that means "unlimited" (ByteQuota.quotaBytes), also the most that an int64 holds. */
const unlimited = 2n ** 63n - 1n;

/**
 * Returns the balance of a module without a limit: `create(PlanModuleSchema, { …, balance: unlimitedBytes() })`.
 * Nothing is said to remain: what is left of it is not a number.
 */
export function unlimitedBytes(): ByteBalance {
  return { case: "byteBalance", value: create(ByteQuotaSchema, { quotaBytes: unlimited }) };
}

/**
 * Returns a balance in bytes: `byteBalance({ quota: 2 * 1024 ** 3, remaining: 214_748_364 })`. Either may be left
 * out; a module that warns of a low balance needs what remains, which may exceed the quota. Raises RangeError for
 * what is no whole number from 0 to 2^63 - 1, and for a `number` beyond 2^53 - 1, which would not be exact.
 */
export function byteBalance(bytes: { quota?: number | bigint; remaining?: number | bigint }): ByteBalance {
  const quotaBytes = quantity("quota", bytes.quota);
  const remainingBytes = quantity("remaining", bytes.remaining);
  return {
    case: "byteBalance",
    value: create(ByteQuotaSchema, {
      ...(quotaBytes !== undefined && { quotaBytes }),
      ...(remainingBytes !== undefined && { remainingBytes }),
    }),
  };
}

/** Returns a balance in minutes; for the rest like {@link byteBalance}. */
export function minuteBalance(minutes: {
  quota?: number | bigint;
  remaining?: number | bigint;
}): TimeBalance {
  const quotaMinutes = quantity("quota", minutes.quota);
  const remainingMinutes = quantity("remaining", minutes.remaining);
  return {
    case: "timeBalance",
    value: create(TimeQuotaSchema, {
      ...(quotaMinutes !== undefined && { quotaMinutes }),
      ...(remainingMinutes !== undefined && { remainingMinutes }),
    }),
  };
}

function quantity(name: string, value: number | bigint | undefined): bigint | undefined {
  if (value === undefined) {
    return undefined;
  }
  const isExact = typeof value === "bigint" || Number.isSafeInteger(value);
  if (!isExact || value < 0 || value > unlimited) {
    throw new RangeError(
      `${name}: ${value} must be a whole number from 0 to 2^63 - 1, from 2^53 on a bigint`,
    );
  }
  return BigInt(value);
}
