import { create } from "@bufbuild/protobuf";
import { type Money, MoneySchema } from "#deps/google/type/money_pb.js";

export { type Money, MoneySchema };

/** Range of `google.type.Money.units`, an int64. */
const maxUnits = 2n ** 63n - 1n;
const minUnits = -(2n ** 63n);

/**
 * Returns an exact amount of money. `amount` is a decimal in a string, because numbers such as 0.1 + 0.2 are not exact.
 *
 * ```ts
 * const accountInfo = { accountBalance: money("12.50", "USD"), payAsYouGoCharge: money("-0.99", "USD") };
 * ```
 *
 * Throws RangeError unless `amount` is a plain decimal with at most nine digits after the point and units that fit into
 * 64 bits, and `currencyCode` is three capital letters (ISO 4217; the list of currencies is not checked).
 */
export function money(amount: string, currencyCode: string): Money {
  const match = /^([+-]?)(\d{1,19})(?:\.(\d{1,9}))?$/.exec(amount);
  if (match === null) {
    throw new RangeError(
      `money: ${JSON.stringify(amount)} must be a decimal such as -12.50, with at most nine digits after the point`,
    );
  }
  if (!/^[A-Z]{3}$/.test(currencyCode)) {
    throw new RangeError(`money: currency ${JSON.stringify(currencyCode)} must be three capital letters`);
  }
  const [, sign = "", whole = "", fraction = ""] = match;
  const units = sign === "-" ? -BigInt(whole) : BigInt(whole);
  const nanos = Number(fraction.padEnd(9, "0"));
  if (units < minUnits || units > maxUnits) {
    throw new RangeError(`money: ${amount} must have units that fit into 64 bits`);
  }
  // Both parts carry the sign; 0 - nanos, because -nanos would turn 0 into negative zero.
  return create(MoneySchema, { currencyCode, units, nanos: sign === "-" ? 0 - nanos : nanos });
}
