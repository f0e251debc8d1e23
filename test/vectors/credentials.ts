import { invalid, parent, status } from "./build.ts";
import type { CaseInit, ExpectedError, JsonObject, TokenName } from "./case.ts";

const missing: ExpectedError = { code: "UNAUTHENTICATED", reason: "CREDENTIALS_MISSING" };
const wrong: ExpectedError = { code: "UNAUTHENTICATED", reason: "CREDENTIALS_INVALID" };
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

/** Calls whose token decides. None of them stores anything. */
export const credentials: readonly CaseInit[] = [
  push("a push without a token", "none", missing),
  push("a push with a token that is none", "malformed", wrong),
  push("a push with the token of another operator", "foreign", notLinked),
  push("a push for an operator that the token is not for", "push", notLinked, {
    parent: "operators/4294967295",
    planStatus: status(),
  }),
  push("a wrong push without a token: what is wrong with it is not said", "none", missing, {
    planStatus: {},
  }),
  push("a wrong push with the token of another operator: what is wrong is not said", "foreign", notLinked, {
    planStatus: {},
  }),
  push("a push for no operator, with the token of another one", "foreign", invalid("parent"), {
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
    name: "a status for every client with the token of another operator",
    method: "CreatePlanStatus",
    token: "foreign",
    request: { parent, userKey: "vector-credentials", planStatus: status() },
    error: notLinked,
  },
];
