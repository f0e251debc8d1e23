import type { PushTarget, StatusCheck } from "../../../src/console/playground/check-status.ts";
import type { TestEmulator } from "../../support/emulator/test-emulator.ts";
import type { VectorCase } from "../../vectors/case.ts";

/** The fields of the answer to a push that a check predicts; the names of notifications instead of numbers. */
export type PushAnswer = {
  readonly violations: StatusCheck["violations"];
  readonly notifications: readonly string[];
};

/** Pushes a text over REST, and returns what was answered. Throws unless it is stored or has violations. */
export async function pushStatus(
  { url }: TestEmulator,
  token: string,
  text: string,
  { method, parent, clientId, userKey }: Omit<PushTarget, "nowMs" | "clockSkewMs">,
): Promise<PushAnswer> {
  const key = encodeURIComponent(userKey.toWellFormed());
  const paths = {
    createUserPlanStatus: `clients/${encodeURIComponent(clientId)}/users/${key}/planStatus`,
    createPlanStatus: `planStatuses?user_key=${key}`,
    createPlanGroup: "planGroups",
  };
  const response = await fetch(`${url}/v1/${parent}/${paths[method]}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: text,
  });
  const answer = (await response.json()) as Answer;
  if (response.ok) {
    return { violations: [], notifications: answer.notifications ?? [] };
  }
  const violations = answer.error?.details.find((detail) => detail.fieldViolations)?.fieldViolations;
  if (violations === undefined) {
    throw new Error(`the push was answered with HTTP ${response.status}: ${JSON.stringify(answer)}`);
  }
  return { violations, notifications: [] };
}

type Answer = {
  notifications?: string[];
  error?: { details: { fieldViolations?: StatusCheck["violations"] }[] };
};

/** Returns the body and the target of a vector; undefined for one that REST cannot express, or that no rule rejects. */
export function pushOfVector({ method, token, request, error }: VectorCase) {
  const {
    parent = "",
    clientId = "",
    userKey = "",
    planStatus,
    ...others
  } = request as Record<string, string>;
  const isRefused = token !== "push" || error?.code === "PERMISSION_DENIED";
  if (isRefused || !/^operators\/[^/]+$/.test(parent)) {
    return undefined;
  }
  const body = method === "CreatePlanGroup" ? others : planStatus;
  const text = body === undefined ? "" : JSON.stringify(body);
  const name = `${method.charAt(0).toLowerCase()}${method.slice(1)}` as PushTarget["method"];
  return { text, target: { method: name, parent, clientId, userKey } };
}
