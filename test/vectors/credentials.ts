import { invalid, parent, status } from "./build.ts";
import type { CaseInit, ExpectedError, JsonObject, TokenName } from "./case.ts";

const missing: ExpectedError = { code: "UNAUTHENTICATED", reason: "CREDENTIALS_MISSING" };
const malformed: ExpectedError = { code: "UNAUTHENTICATED", reason: "CREDENTIALS_INVALID" };
const notLinked: ExpectedError = { code: "PERMISSION_DENIED", reason: "OPERATOR_NOT_LINKED" };

function push(
  name: string,
  token: TokenName,
  error: ExpectedError,
  request: JsonObject = { planStatus: status() },
): CaseInit {
  return {
    name,
    method: "CreateUserPlanStatus",
    token,
    request: { parent, clientId: "mobiledataplan", userKey: "vector-credentials", ...request },
    error,
  };
}

/** Calls whose result depends on the token. None of them stores anything. */
export const credentials: readonly CaseInit[] = [
  push("a push without a token", "none", missing),
  push("a push with a malformed token", "malformed", malformed),
  push("a push with the token of another operator", "foreign", notLinked),
  push("a push for an operator that the token does not allow", "push", notLinked, {
    parent: "operators/4294967295",
    planStatus: status(),
  }),
  push("an invalid push without a token: its violations are not reported", "none", missing, {
    planStatus: {},
  }),
  push(
    "an invalid push with the token of another operator: its violations are not reported",
    "foreign",
    notLinked,
    {
      planStatus: {},
    },
  ),
  push("a push for an invalid operator with the token of another one", "foreign", invalid("parent"), {
    parent: "operators/0",
    planStatus: status(),
  }),
  {
    name: "a plan group without a token",
    method: "CreatePlanGroup",
    token: "none",
    request: { parent, planGroupId: "vector-credentials" },
    error: missing,
  },
  {
    name: "a plan group with the token of another operator",
    method: "CreatePlanGroup",
    token: "foreign",
    request: { parent, planGroupId: "vector-credentials" },
    error: notLinked,
  },
  {
    name: "a status for all clients with the token of another operator",
    method: "CreatePlanStatus",
    token: "foreign",
    request: { parent, userKey: "vector-credentials", planStatus: status() },
    error: notLinked,
  },
];
