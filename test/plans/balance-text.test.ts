import { describe, expect, it } from "vitest";
import { byteBalance, minuteBalance } from "../../src/client/index.ts";
import { balanceText } from "../../src/plans/balance-text.ts";
import { planModule } from "../support/plan-statuses.ts";

describe("balanceText", () => {
  it.each<[Parameters<typeof planModule>[0], string, number | undefined]>([
    [{ balance: byteBalance({ quota: 2_000_000_000, remaining: 5e8 }) }, "500 MB of 2 GB left (25 %)", 0.25],
    [{ balance: byteBalance({ quota: 1_000, remaining: 2_500 }) }, "2.5 kB of 1 kB left (250 %)", 2.5],
    [{ balance: byteBalance({ quota: 0, remaining: 0 }) }, "0 B of 0 B left (0 %)", 0],
    [{ balance: byteBalance({ remaining: 3 * 1024 ** 2 }) }, "3 MiB left", undefined],
    [{ balance: byteBalance({ quota: 999 }) }, "quota 999 B", undefined],
    [{ balance: byteBalance({}) }, "", undefined],
    [{ balance: minuteBalance({ quota: 60, remaining: 15 }) }, "15 min of 60 min left (25 %)", 0.25],
    [{ balance: { case: undefined } }, "", undefined],
  ])("describes the balance %o as %j", (init, text, left) => {
    expect(balanceText(planModule(init))).toEqual({ text, left });
  });
});
