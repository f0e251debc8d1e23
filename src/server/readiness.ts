import type { PlanStore } from "../store/plan-store.ts";

/** Returns why the server should receive no calls now; undefined if it should. */
export type Readiness = () => Promise<string | undefined>;

/** Time from an answer of the store to the next question, in ms: health checks need no token and may be frequent. */
const reuseMs = 1_000;

/** Creates the readiness check of a server: it is not stopping, its data directory is in place and its store can serve. */
export function createReadiness(
  store: Pick<PlanStore, "health">,
  stopping: AbortSignal,
  requireDirectory: () => void = () => undefined,
): Readiness {
  let answer: Promise<string | undefined> | undefined;
  let askAgainAt = 0;
  return async function checkReadiness() {
    if (stopping.aborted) {
      return "the server is stopping";
    }
    try {
      requireDirectory();
    } catch (error) {
      return (error as Error).message;
    }
    if (answer === undefined || performance.now() >= askAgainAt) {
      // Not before the store has answered: a slow one would get more and more questions.
      askAgainAt = Number.POSITIVE_INFINITY;
      answer = store
        .health()
        .then(
          () => undefined,
          (error: unknown) => `the store cannot serve: ${(error as Error).message}`,
        )
        .finally(() => {
          askAgainAt = performance.now() + reuseMs;
        });
    }
    return answer;
  };
}
