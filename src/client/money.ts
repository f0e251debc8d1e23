import { create } from "@bufbuild/protobuf";
import { type Money, MoneySchema } from "#deps/google/type/money_pb.js";

/** What google.type.Money holds: an int64 of units. */
const mostUnits = 2n ** 63n - 1n;
const leastUnits = -(2n ** 63n);

/**
 * Returns an amount of money, exactly, from a decimal: `money("12.50", "USD")`, `money("-0.99", "EUR")`.
 *
 * Numbers are not taken: 0.1 + 0.2 is no amount. Raises RangeError for what is no plain decimal, has more than nine
 * digits after the point or more units than 64 bits hold, and for a currency that is not three capital letters (ISO
 * 4217; whether the currency exists, or has cents, is not looked at).
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
  if (units < leastUnits || units > mostUnits) {
    throw new RangeError(`money: ${amount} has more units than 64 bits hold`);
  }
  // Both parts carry the sign. 0 - nanos, for -nanos makes a negative zero of none.
  return create(MoneySchema, { currencyCode, units, nanos: sign === "-" ? 0 - nanos : nanos });
}
