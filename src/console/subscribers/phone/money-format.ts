import type { Money } from "#deps/google/type/money_pb.js";
import { moneyText } from "../../../plans/amount-text.ts";

/** Formats an amount exactly, with its currency, as the language does. */
export function formatMoney(money: Money, locale: string | undefined): string {
  const { units, nanos, currencyCode } = money;
  const total = units * 1_000_000_000n + BigInt(nanos);
  const digits = String(total < 0n ? -total : total).padStart(10, "0");
  const decimal = `${total < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}` as `${number}`;
  try {
    // Without fraction digits of our own it would round to those of the currency.
    return new Intl.NumberFormat(locale ?? "en", {
      style: "currency",
      currency: currencyCode,
      maximumFractionDigits: 9,
    }).format(decimal);
  } catch {
    return moneyText(money);
  }
}
