import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MoneySchema } from "#deps/google/type/money_pb.js";
import { formatMoney } from "../../../../src/console/subscribers/phone/money-format.ts";

/** Formats an amount, with plain spaces and without marks of direction. */
function format(locale: string | undefined, units: bigint, nanos = 0, currencyCode = "USD") {
  const text = formatMoney(create(MoneySchema, { units, nanos, currencyCode }), locale);
  return text.replace(/[\u00a0\u202f]/g, " ").replace(/[\u200e\u200f\u061c]/g, "");
}

describe("formatMoney", () => {
  it.each([
    ["en-US", 12n, 500_000_000, "USD", "$12.50"],
    ["de-DE", 1234n, 0, "EUR", "1.234,00 €"],
    ["ja", 100n, 0, "JPY", "￥100"],
    ["en-IN", 1_234_567n, 0, "INR", "₹12,34,567.00"],
    ["en-US", -1n, -750_000_000, "USD", "-$1.75"],
    ["en-US", 0n, -5_000_000, "USD", "-$0.005"],
    ["en-US", 0n, 0, "USD", "$0.00"],
  ])("writes in %s the amount %d and %d billionths of %s as %s", (locale, units, nanos, currency, text) => {
    expect(format(locale, units, nanos, currency)).toBe(text);
  });

  it("writes digits as the language does", () => {
    expect(format("fa", 5n, 0, "EUR")).toContain("۵");
  });

  it("shows every digit, also those that the currency does not have", () => {
    expect(format("en-US", 1n, 1)).toBe("$1.000000001");
    expect(format("ja", 100n, 500_000_000, "JPY")).toBe("￥100.5");
    expect(format("en-US", 9_223_372_036_854_775_807n, 999_999_999)).toBe(
      "$9,223,372,036,854,775,807.999999999",
    );
  });

  it("writes currencies that nobody has, and languages that Intl does not know", () => {
    expect(format("en-US", 1n, 0, "QQQ")).toBe("QQQ 1.00");
    expect(format(undefined, 1n)).toBe("$1.00");
    expect(format("en-US", 1n, 0, "no")).toBe("1.00 no");
  });
});
