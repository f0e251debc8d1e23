import { CallView } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  ClearCallsRequestSchema,
  GetCallRequestSchema,
  ListCallsRequestSchema,
  ListNotificationsRequestSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { ServerParts } from "../../server/server-extension.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { numberOfPageToken, pageSizeOf, pageToken } from "../page.ts";
import { requireValid } from "../require-valid.ts";
import { callFilter, filterValues, subjectFilter } from "./call-filter.ts";
import { callMessage, callName, notificationMessage, sizeOfMessage } from "./call-message.ts";
import type { Journal } from "./journal.ts";
import { listNewest } from "./list-newest.ts";
import { createWatchCalls } from "./watch-calls.ts";

type Methods = EmulatorMethods<"listCalls" | "getCall" | "watchCalls" | "clearCalls" | "listNotifications">;

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
        show: (number, call) => callMessage(number, call, request.view),
        sizeOf: sizeOfMessage,
      });
      return {
        calls: shown,
        nextPageToken: next === undefined ? "" : pageToken(next, filters),
        droppedCalls: BigInt(journal.calls.dropped),
      };
    },

    getCall(request) {
      requireValid(rules, GetCallRequestSchema, request);
      const number = Number(request.name.slice("calls/".length));
      const call = journal.calls.at(number);
      if (call === undefined) {
        throw apiError(ErrorReason.EMULATOR_RESOURCE_NOT_FOUND, { message: whyNotHeld(journal, number) });
      }
      return callMessage(number, call, CallView.FULL);
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

/** Returns why the journal does not hold the call with a number. */
function whyNotHeld({ calls, clearedBefore }: Journal, number: number): string {
  if (number >= calls.next) {
    const newest =
      calls.next === 1 ? "no call has" : `the newest call that has is ${callName(calls.next - 1)}`;
    return `no call with this number has ended yet: ${newest}; if the emulator was restarted, it counts from 1 again`;
  }
  return number < clearedBefore
    ? "the call was removed by ClearCalls or Reset"
    : `the call was dropped because the journal was full: the oldest one that it holds is ${callName(calls.first)}`;
}
