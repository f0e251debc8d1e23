import type { VerifyToken } from "../../auth/token-verifier.ts";
import type { ServerMetrics } from "./metrics.ts";

/** Wraps the verification of access tokens so that it is measured. */
export function observeTokens(verify: VerifyToken, metrics: ServerMetrics | undefined): VerifyToken {
  if (metrics === undefined) {
    return verify;
  }
  type Result = ReturnType<VerifyToken>;

  function count(startedAt: number, result: Awaited<Result> | undefined): void {
    const outcome = result === undefined ? "failed" : "rejected" in result ? "refused" : "accepted";
    metrics?.tokenVerified(outcome, (performance.now() - startedAt) / 1000);
  }

  async function countLater(startedAt: number, verification: Result): Promise<Awaited<Result>> {
    let result: Awaited<Result> | undefined;
    try {
      result = await verification;
      return result;
    } finally {
      count(startedAt, result);
    }
  }

  return function verifyMeasured(token) {
    const startedAt = performance.now();
    let result: Result | undefined;
    try {
      result = verify(token);
      return result instanceof Promise ? countLater(startedAt, result) : result;
    } finally {
      if (!(result instanceof Promise)) {
        count(startedAt, result);
      }
    }
  };
}
