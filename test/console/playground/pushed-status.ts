import type { PushTarget, StatusCheck } from "../../../src/console/playground/check-status.ts";
import type { TestEmulator } from "../../support/emulator/test-emulator.ts";
import type { VectorCase } from "../../vectors/case.ts";

/** The fields of the answer to a push that a check predicts; the names of notifications instead of numbers. */
export type PushAnswer = {
  readonly violations: StatusCheck["violations"];
  readonly notifications: readonly string[];
};

/** Pushes the text of a status over REST, and returns what was answered. Throws unless it is stored or has violations. */
export async function pushStatus(
  { url }: TestEmulator,
  token: string,
  text: string,
  { method, parent, clientId, userKey }: Omit<PushTarget, "nowMs" | "clockSkewMs">,
): Promise<PushAnswer> {
  const key = encodeURIComponent(userKey.toWellFormed());
  const path =
    method === "createPlanStatus"
      ? `planStatuses?user_key=${key}`
      : `clients/${encodeURIComponent(clientId)}/users/${key}/planStatus`;
  const response = await fetch(`${url}/v1/${parent}/${path}`, {
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

/** Returns the body and the target of a vector that pushes a status; undefined for one that REST cannot express. */
export function pushOfVector({ method, token, request, error }: VectorCase) {
  const { parent = "", clientId = "", userKey = "", planStatus } = request as Record<string, string>;
  const isRefused = token !== "push" || error?.code === "PERMISSION_DENIED";
  if (method === "CreatePlanGroup" || isRefused || !/^operators\/[^/]+$/.test(parent)) {
    return undefined;
  }
  const name =
    method === "CreatePlanStatus" ? ("createPlanStatus" as const) : ("createUserPlanStatus" as const);
  const text = planStatus === undefined ? "" : JSON.stringify(planStatus);
  return { text, target: { method: name, parent, clientId, userKey } };
}
