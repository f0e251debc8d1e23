import type { Money } from "#deps/google/type/money_pb.js";
import { escapeInvisible } from "../contract/field-violation.ts";

/** Value of ByteQuota.quotaBytes that means unlimited. */
export const unlimitedBytes = 2n ** 63n - 1n;

/** Returns a formatter of bytes: in binary units for multiples of 1 MiB, else in decimal units. */
export function byteFormat(bytes: bigint): (amount: bigint) => string {
  const isBinary = bytes > 0n && bytes % (1024n * 1024n) === 0n;
  const [base, units] = isBinary
    ? [1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]]
    : [1000, ["B", "kB", "MB", "GB", "TB", "PB", "EB"]];
  return (amount) => {
    let value = Number(amount);
    let unit = 0;
    while (value >= base && unit < units.length - 1) {
      value /= base;
      unit += 1;
    }
    return `${Number(value.toFixed(value < 100 ? 1 : 0))} ${units[unit]}`;
  };
}

/** Formats an amount with at least two decimals. */
export function moneyText({ units, nanos, currencyCode }: Money): string {
  const total = units * 1_000_000_000n + BigInt(nanos);
  const digits = String(total < 0n ? -total : total).padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0{1,7}$/, "");
  return `${total < 0n ? "-" : ""}${digits.slice(0, -9)}.${fraction} ${escapeInvisible(currencyCode)}`;
}
