import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import { ceilToMs, floorToMs, instantOf } from "../contract/instant.ts";

/** Maximum age of an `updateTime`, in milliseconds: 30 days. */
const maxUpdateAgeMs = 30 * 24 * 60 * 60 * 1000;

export type TimeRuleOptions = {
  /** The current time, in milliseconds since the epoch. */
  nowMs: number;
  /** How far in the future an `updateTime` may lie, in milliseconds. */
  clockSkewMs: number;
  /** Violations of the contract's rules. A time that one of them names is not checked again. */
  violations?: readonly FieldViolation[];
  /** Whose time it is, for the descriptions. Defaults to `the server's clock`. */
  clockName?: string;
};

/** Returns the violations of the rules that compare `expireTime` and `updateTime` with the current time. */
export function brokenTimeRules(
  status: PlanStatus,
  path: string,
  options: TimeRuleOptions,
): FieldViolation[] {
  const { nowMs, clockSkewMs, violations = [], clockName = "the server's clock" } = options;
  const isValid = (field: string) => !violations.some((violation) => violation.field === `${path}.${field}`);
  const found: FieldViolation[] = [];
  if (status.expireTime && isValid("expireTime")) {
    const late = nowMs - ceilToMs(instantOf(status.expireTime));
    if (late >= 0) {
      found.push({
        field: `${path}.expireTime`,
        description: `must be in the future: it is ${formatDuration(late)} in the past by ${clockName}`,
      });
    }
  }
  if (status.updateTime && isValid("updateTime")) {
    // Both are rounded so that exceeding a limit by one nanosecond breaks the rule.
    const ahead = ceilToMs(instantOf(status.updateTime)) - nowMs;
    const age = nowMs - floorToMs(instantOf(status.updateTime));
    if (ahead > clockSkewMs) {
      found.push({
        field: `${path}.updateTime`,
        description: `must be in the past: it is ${formatDuration(ahead)} ahead of ${clockName}, at most ${formatDuration(clockSkewMs)} is allowed`,
      });
    } else if (age > maxUpdateAgeMs) {
      found.push({
        field: `${path}.updateTime`,
        description: `must be at most 30 days old: it is ${formatDuration(age)} old by ${clockName}`,
      });
    }
  }
  return found;
}

function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 120) {
    return `${Number(seconds.toFixed(3))} s`;
  }
  const hours = seconds / 3600;
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`;
}
