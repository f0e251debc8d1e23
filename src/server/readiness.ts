import type { PlanStore } from "../store/plan-store.ts";

/** Says why the server should get no calls now; undefined if it should. */
export type Readiness = () => Promise<string | undefined>;

/** For how long an answer of the store holds, in ms: whoever may ask, may ask often. */
const heldMs = 1_000;

/** Creates the readiness of a server: its store could take a put, and it is not about to stop. */
export function createReadiness(store: Pick<PlanStore, "health">, stopping: AbortSignal): Readiness {
  let answer: Promise<string | undefined> | undefined;
  let askAgainAt = 0;
  return async () => {
    if (stopping.aborted) {
      return "the server is stopping";
    }
    if (answer === undefined || performance.now() >= askAgainAt) {
      askAgainAt = performance.now() + heldMs;
      answer = store.health().then(
        () => undefined,
        (error: unknown) => `the store cannot serve: ${(error as Error).message}`,
      );
    }
    return answer;
  };
}
