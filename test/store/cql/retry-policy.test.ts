import driver from "cassandra-driver";
import { expect, test } from "vitest";
import { createRetryPolicy } from "../../../src/store/cql/retry-policy.ts";

const policy = createRetryPolicy(driver);
const { localQuorum } = driver.types.consistencies;
const decisions: Record<string, (nbRetry: number) => unknown> = {
  "a read timeout": (nbRetry) => policy.onReadTimeout(info(nbRetry), localQuorum, 1, 2, false),
  "a write timeout": (nbRetry) => policy.onWriteTimeout(info(nbRetry), localQuorum, 1, 2, "SIMPLE"),
  "a node that sees no quorum": (nbRetry) => policy.onUnavailable(info(nbRetry), localQuorum, 2, true),
};

function info(nbRetry: number): driver.policies.retry.OperationInfo {
  return { query: "SELECT", executionOptions: {} as driver.ExecutionOptions, nbRetry };
}

test.each(Object.keys(decisions))(
  "after %s, a statement is retried on two more nodes, not on the same",
  (name) => {
    const after = (nbRetry: number) => decisions[name]?.(nbRetry);
    const next = policy.retryResult(localQuorum, false);
    expect([after(0), after(1)]).toEqual([next, next]);
    expect(after(2)).toEqual(policy.rethrowResult());
  },
);
