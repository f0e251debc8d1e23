import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MoneySchema } from "#deps/google/type/money_pb.js";
import {
  byteBalance,
  expiresIn,
  minuteBalance,
  money,
  planStatusOf,
  unlimitedBytes,
  validate,
} from "../../src/client/index.ts";
import { day, hour, second } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";

describe("money", () => {
  it.each<[string, object]>([
    ["12.50", { units: "12", nanos: 500_000_000 }],
    ["12", { units: "12" }],
    ["+12", { units: "12" }],
    ["0", {}],
    ["-0", {}],
    ["0.10", { nanos: 100_000_000 }],
    ["-1.75", { units: "-1", nanos: -750_000_000 }],
    ["-0.99", { nanos: -990_000_000 }],
    ["0.000000001", { nanos: 1 }],
    ["007.5", { units: "7", nanos: 500_000_000 }],
    ["9223372036854775807.999999999", { units: "9223372036854775807", nanos: 999_999_999 }],
    ["-9223372036854775808", { units: "-9223372036854775808" }],
  ])("money splits %s exactly into units and nanos", (amount, parts) => {
    expect(toJson(MoneySchema, money(amount, "USD"))).toEqual({ currencyCode: "USD", ...parts });
  });

  it.each([
    "",
    " 1",
    "1.",
    ".5",
    "1,5",
    "1e3",
    "1.2.3",
    "--1",
    "0x10",
    "٣",
    "NaN",
    "1.0000000001",
    "9223372036854775808",
    "-9223372036854775809",
    "10000000000000000000",
  ])("money throws RangeError for the amount %j", (amount) => {
    expect(() => money(amount, "USD")).toThrow(RangeError);
  });

  it.each(["usd", "US", "USDT", "$", ""])("money throws RangeError for the currency %j", (currency) => {
    expect(() => money("1", currency)).toThrow(RangeError);
  });

  it("money returns the exact amount, with units and nanos of the same sign, for any decimal", () => {
    const digits = (most: number) =>
      fc
        .array(fc.constantFrom(..."0123456789"), { minLength: 1, maxLength: most })
        .map((all) => all.join(""));
    fc.assert(
      fc.property(fc.constantFrom("", "-"), digits(18), digits(9), (sign, whole, fraction) => {
        const { units, nanos } = money(`${sign}${whole}.${fraction}`, "EUR");
        const exact = units * 1_000_000_000n + BigInt(nanos);
        expect(exact).toBe(BigInt(`${whole}${fraction.padEnd(9, "0")}`) * (sign === "-" ? -1n : 1n));
        expect(units > 0n && nanos < 0).toBe(false);
        expect(units < 0n && nanos > 0).toBe(false);
      }),
    );
  });
});

describe("byteBalance, minuteBalance and unlimitedBytes", () => {
  it("unlimitedBytes returns the quota that means unlimited, without remaining bytes", () => {
    expect(unlimitedBytes()).toMatchObject({
      case: "byteBalance",
      value: { quotaBytes: 9223372036854775807n },
    });
    expect(unlimitedBytes().value.remainingBytes).toBeUndefined();
  });

  it("balances accept numbers and bigints, in bytes or minutes", () => {
    expect(byteBalance({ quota: 2 ** 31, remaining: 0n }).value).toMatchObject({
      quotaBytes: 2_147_483_648n,
      remainingBytes: 0n,
    });
    expect(minuteBalance({ remaining: 30 })).toMatchObject({
      case: "timeBalance",
      value: { remainingMinutes: 30n },
    });
    expect(byteBalance({ remaining: 1 }).value.quotaBytes).toBeUndefined();
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53, -1n, 2n ** 63n])(
    "balances throw RangeError for the quantity %s",
    (quota) => {
      expect(() => byteBalance({ quota })).toThrow(`quota: ${quota} must be a whole number`);
      expect(() => minuteBalance({ remaining: quota })).toThrow(RangeError);
    },
  );
});

describe("expiresIn", () => {
  it("expiresIn adds the parts of the span to the time", () => {
    const end = expiresIn({ days: 1, hours: 2, minutes: 30, seconds: 1.5 }, testTime);
    expect(timestampMs(end)).toBe(testTime + day + 2.5 * hour + 1.5 * second);
    expect(expiresIn({ hours: 24 }, new Date(testTime))).toEqual(timestampFromMs(testTime + day));
  });

  it.each([{}, { hours: 0 }, { hours: -1 }, { days: Number.NaN }, { days: 3_000_000 }])(
    "expiresIn throws RangeError for the span %j",
    (span) => {
      expect(() => expiresIn(span, testTime)).toThrow(RangeError);
    },
  );
});

describe("planStatusOf", () => {
  it("planStatusOf returns a valid status with updateTime and expireTime", () => {
    const status = planStatusOf(
      {
        languageCode: "en-US",
        expiresIn: { hours: 24 },
        plans: [
          {
            planId: "acme-199",
            planModules: [{ moduleName: "Data", description: "Everything", balance: unlimitedBytes() }],
          },
        ],
      },
      { now: testTime },
    );
    expect(validate(status, { now: testTime })).toEqual({ violations: [], notifications: [] });
    expect([status.updateTime, status.expireTime]).toEqual([
      timestampFromMs(testTime),
      timestampFromMs(testTime + day),
    ]);
  });

  it("planStatusOf keeps times that are given", () => {
    const [updateTime, expireTime] = [timestampFromMs(1_000), timestampFromMs(2_000)];
    const status = planStatusOf({ updateTime, expireTime, expiresIn: { days: 1 } });
    expect([status.updateTime, status.expireTime]).toEqual([updateTime, expireTime]);
  });

  it("planStatusOf sets updateTime to the current time by default", () => {
    const before = Date.now();
    const { updateTime } = planStatusOf({});
    expect(updateTime && timestampMs(updateTime)).toBeGreaterThanOrEqual(before);
  });
});
