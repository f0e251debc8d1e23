import type { BuiltInScenario } from "./built-in-scenario.ts";

const pushes = { method: "mobiledataplansharing.v1.PlanStatusService" };

/** Scenarios of calls that go wrong. */
export const faultScenarios: readonly BuiltInScenario[] = [
  {
    id: "overload",
    description: "The next three calls are answered 503 with Retry-After: 1, then all is well.",
    content: {
      faults: [{ error: { reason: "SERVER_OVERLOADED", retryDelay: "1s" }, nextCalls: 3 }],
    },
  },
  {
    id: "rate-limit",
    description: "Every second call is answered 429 with Retry-After: 1.",
    content: {
      faults: [{ error: { reason: "OPERATOR_RATE_EXCEEDED", retryDelay: "1s" }, everyNth: 2 }],
    },
  },
  {
    id: "lost-answers",
    description: "Every second push of a status is stored, but its connection is cut before the answer.",
    content: { faults: [{ match: pushes, cut: "BEFORE_ANSWER", everyNth: 2 }] },
  },
  {
    id: "slow",
    description: "Every call takes two seconds longer.",
    content: { faults: [{ delay: "2s" }] },
  },
];
