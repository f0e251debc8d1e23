import type { PlanModule } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { byteFormat, unlimitedBytes } from "./amount-text.ts";

/**
 * Describes the balance of a module. `text` is empty without an exact balance; `left` is the remaining share of the
 * quota, from 0 to 1, if both are known.
 */
export function balanceText({ balance }: PlanModule): { text: string; left: number | undefined } {
  switch (balance.case) {
    case "byteBalance": {
      const { quotaBytes, remainingBytes } = balance.value;
      return quotaBytes === unlimitedBytes
        ? { text: "unlimited", left: 1 }
        : describe(quotaBytes, remainingBytes, byteFormat(quotaBytes ?? remainingBytes ?? 0n));
    }
    case "timeBalance":
      return describe(
        balance.value.quotaMinutes,
        balance.value.remainingMinutes,
        (minutes) => `${minutes} min`,
      );
    default:
      return { text: "", left: undefined };
  }
}

function describe(
  quota: bigint | undefined,
  remaining: bigint | undefined,
  write: (amount: bigint) => string,
): { text: string; left: number | undefined } {
  if (quota === undefined || remaining === undefined) {
    const text =
      remaining !== undefined
        ? `${write(remaining)} left`
        : quota !== undefined
          ? `quota ${write(quota)}`
          : "";
    return { text, left: undefined };
  }
  // May exceed 1.
  const left = quota === 0n ? 0 : Number(remaining) / Number(quota);
  return { text: `${write(remaining)} of ${write(quota)} left (${Math.round(left * 100)} %)`, left };
}
