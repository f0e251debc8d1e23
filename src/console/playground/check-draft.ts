import { type NotificationText, notificationTexts } from "../../plans/notification-text.ts";
import type { Draft, PushMethod } from "../ui/push-draft.ts";
import { checkStatus, type PushTarget } from "./check-status.ts";
import { type PlacedViolation, placeViolations } from "./place-violations.ts";
import { pushBody } from "./push/push-body.ts";

/** What the emulator would answer to a push of a draft. */
export type DraftCheck = {
  readonly violations: readonly PlacedViolation[];
  readonly notifications: readonly NotificationText[];
};

const methods = {
  CreateUserPlanStatus: "createUserPlanStatus",
  CreatePlanStatus: "createPlanStatus",
  CreatePlanGroup: "createPlanGroup",
} as const satisfies Record<PushMethod, PushTarget["method"]>;

/** How far in the future an `updateTime` may lie by default, in ms. */
const clockSkewMs = 60_000;

/** Checks a draft by the rules of the emulator, at an emulated time. */
export function checkDraft(draft: Draft, nowMs: number): DraftCheck {
  const body = pushBody(draft, "rest");
  const { violations, status } = checkStatus(body.text, {
    method: methods[draft.method],
    parent: `operators/${draft.operator}`,
    clientId: draft.clientId,
    userKey: draft.userKey,
    nowMs,
    clockSkewMs,
  });
  return {
    violations: placeViolations(violations, draft, body),
    notifications: status === undefined ? [] : notificationTexts(status),
  };
}
