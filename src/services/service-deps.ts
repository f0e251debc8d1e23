import type { Clock } from "../contract/clock.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import type { PlanStore } from "../store/plan-store.ts";

/** What the services work with. */
export type ServiceDeps = {
  readonly store: PlanStore;
  readonly clock: Clock;
  /** How far in the future an `updateTime` may lie, in milliseconds. */
  readonly clockSkewMs: number;
  readonly rules: ContractRules;
  /** Aborted when the server begins to stop. */
  readonly stopping: AbortSignal;
};
