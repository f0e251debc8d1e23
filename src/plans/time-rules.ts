import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { ceilToMs, floorToMs, instantOf, isTimestamp } from "../contract/instant.ts";

/** How old an `updateTime` may be, in milliseconds: 30 days. */
export const oldestUpdateMs = 30 * 24 * 60 * 60 * 1000;

export type TimeRuleOptions = {
  /** Now, in milliseconds since the epoch. */
  nowMs: number;
  /** How far in the future an `updateTime` may lie, in milliseconds; 0 for not at all. */
  clockSkewMs: number;
};

/** Returns the rules about expireTime and updateTime that a status breaks now. Absent times are not its concern. */
export function brokenTimeRules(
  status: PlanStatus,
  path: string,
  options: TimeRuleOptions,
): FieldViolation[] {
  const { nowMs, clockSkewMs } = options;
  const found: FieldViolation[] = [];
  if (status.expireTime && isTimestamp(status.expireTime)) {
    const late = nowMs - ceilToMs(instantOf(status.expireTime));
    if (late >= 0) {
      found.push({
        field: `${path}.expireTime`,
        description: `must be in the future: it is ${spell(late)} in the past by the server's clock`,
      });
    }
  }
  if (status.updateTime && isTimestamp(status.updateTime)) {
    // Rounded to the side that breaks the rule: neither limit is passed by a nanosecond.
    const ahead = ceilToMs(instantOf(status.updateTime)) - nowMs;
    const age = nowMs - floorToMs(instantOf(status.updateTime));
    if (ahead > clockSkewMs) {
      found.push({
        field: `${path}.updateTime`,
        description: `must be in the past: it is ${spell(ahead)} ahead of the server's clock, at most ${spell(clockSkewMs)} is allowed`,
      });
    } else if (age > oldestUpdateMs) {
      found.push({
        field: `${path}.updateTime`,
        description: `must be at most 30 days old: it is ${spell(age)} old by the server's clock`,
      });
    }
  }
  return found;
}

function spell(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 120) {
    return `${Number(seconds.toFixed(3))} s`;
  }
  const hours = seconds / 3600;
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`;
}
