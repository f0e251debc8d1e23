import {
  ClearCallsRequestSchema,
  ListCallsRequestSchema,
  ListNotificationsRequestSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { ServerParts } from "../../server/server-extension.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { numberOfPageToken, pageSizeOf, pageToken } from "../page.ts";
import { requireValid } from "../require-valid.ts";
import { callFilter, filterValues, subjectFilter } from "./call-filter.ts";
import { callMessage, notificationMessage } from "./call-message.ts";
import type { Journal } from "./journal.ts";
import { listNewest } from "./list-newest.ts";
import { createWatchCalls } from "./watch-calls.ts";

type Methods = EmulatorMethods<"listCalls" | "watchCalls" | "clearCalls" | "listNotifications">;

/** Implements the methods that show what has arrived and what was sent. */
export function createJournalMethods(
  journal: Journal,
  { rules, stopping }: Pick<ServerParts, "rules" | "stopping">,
): Methods {
  return {
    listCalls(request) {
      const violations: FieldViolation[] = [];
      const filters = filterValues(request);
      const matches = callFilter(request, violations);
      const newest = numberOfPageToken(request.pageToken, filters, violations);
      requireValid(rules, ListCallsRequestSchema, request, violations);
      const { shown, next } = listNewest(journal.calls, {
        newest,
        pageSize: pageSizeOf(request.pageSize),
        matches,
        show: callMessage,
        sizeOf: (call) => call.requestJson.length + call.target.length + Number(call.bodySize) + 1_000,
      });
      return {
        calls: shown,
        nextPageToken: next === undefined ? "" : pageToken(next, filters),
        droppedCalls: BigInt(journal.calls.dropped),
      };
    },

    watchCalls: createWatchCalls(journal, rules, stopping),

    clearCalls(request) {
      requireValid(rules, ClearCallsRequestSchema, request);
      journal.clear();
      return {};
    },

    listNotifications(request) {
      const violations: FieldViolation[] = [];
      const filters = filterValues(request);
      const matches = subjectFilter(request, violations);
      const newest = numberOfPageToken(request.pageToken, filters, violations);
      requireValid(rules, ListNotificationsRequestSchema, request, violations);
      const { shown, next } = listNewest(journal.notifications, {
        newest,
        pageSize: pageSizeOf(request.pageSize),
        matches,
        show: (_, sent) => notificationMessage(sent),
        sizeOf: ({ text, userKey }) => 2 * (text.length + userKey.length) + 100,
      });
      return {
        notifications: shown,
        nextPageToken: next === undefined ? "" : pageToken(next, filters),
      };
    },
  };
}
