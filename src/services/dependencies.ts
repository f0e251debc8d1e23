import type { Clock } from "../contract/clock.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import type { PlanStore } from "../store/plan-store.ts";

export type ServiceDependencies = {
  readonly store: PlanStore;
  readonly clock: Clock;
  /** Maximum time that an `updateTime` may lie in the future, in milliseconds. */
  readonly clockSkewMs: number;
  readonly rules: ContractRules;
  /**
   * Returns whether a device has registered a user key, so that a push can notify it. Defaults to: every key is
   * registered.
   */
  readonly isReachable?: ((asn: number, userKey: string) => boolean) | undefined;
  /** Aborted when the server starts to shut down. */
  readonly stopping: AbortSignal;
};
