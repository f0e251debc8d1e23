import type * as Driver from "cassandra-driver";

/** How often a statement is retried through another node after the first one got no quorum. */
const maxRetries = 2;

/**
 * Returns when the driver sends a statement to the next node, for statements that are idempotent: up to twice after a node
 * got no quorum in time, or saw too few nodes to try.
 *
 * By default, the driver rejects after a timeout, although only that node may be slow. It also rejects if the second node
 * that it tries sees no quorum, as a node that has just started may not.
 */
export function createRetryPolicy({ policies }: typeof Driver.default): Driver.policies.retry.RetryPolicy {
  const policy = new policies.retry.RetryPolicy();
  const decide = (
    { nbRetry }: Driver.policies.retry.OperationInfo,
    consistency: Driver.types.consistencies,
  ) => (nbRetry < maxRetries ? policy.retryResult(consistency, false) : policy.rethrowResult());
  return Object.assign(policy, { onReadTimeout: decide, onWriteTimeout: decide, onUnavailable: decide });
}
