import type { VerifyToken } from "../../auth/token-verifier.ts";
import type { ServerMetrics } from "./metrics.ts";

/** Wraps the verification of access tokens so that it is measured. */
export function observeTokens(verify: VerifyToken, metrics: ServerMetrics | undefined): VerifyToken {
  if (metrics === undefined) {
    return verify;
  }
  return async function verifyMeasured(token) {
    const startedAt = performance.now();
    let outcome: "accepted" | "refused" | "failed" = "failed";
    try {
      const result = await verify(token);
      outcome = "rejected" in result ? "refused" : "accepted";
      return result;
    } finally {
      metrics.tokenVerified(outcome, (performance.now() - startedAt) / 1000);
    }
  };
}
