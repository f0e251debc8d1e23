import { create } from "@bufbuild/protobuf";
import type { Call } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  WatchCallsRequestSchema,
  type WatchCallsResponse,
  WatchCallsResponseSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { ContractRules } from "../../plans/contract-rules.ts";
import { openStreamKey } from "../../transcoding/index.ts";
import type { EmulatorMethods } from "../emulator-methods.ts";
import { requireValid } from "../require-valid.ts";
import { callFilter } from "./call-filter.ts";
import { callMessage } from "./call-message.ts";
import type { Journal } from "./journal.ts";
import type { RecordedCall } from "./recorded-call.ts";

/** Most watches that are open at once. */
export const maxWatches = 64;

/**
 * Creates the implementation of WatchCalls. A watch holds no calls: it reads the journal at the pace of its caller, so
 * that a slow caller misses what the journal drops.
 */
export function createWatchCalls(
  journal: Journal,
  rules: ContractRules,
  stopping: AbortSignal,
): EmulatorMethods<"watchCalls">["watchCalls"] {
  let open = 0;

  return async function* watchCalls(request, { signal, values }) {
    const violations: FieldViolation[] = [];
    const matches = callFilter(request, violations);
    const after = /^calls\/(\d+)$/.exec(request.afterCall)?.[1];
    if (Number(after) >= journal.calls.next) {
      const newest = `calls/${journal.calls.next - 1}`;
      const description = `must be a call that has ended, at most ${newest}; if the emulator was restarted, begin with calls/0`;
      violations.push({ field: "afterCall", description });
    }
    requireValid(rules, WatchCallsRequestSchema, request, violations);
    if (open >= maxWatches) {
      throw apiError(ErrorReason.EMULATOR_LIMIT_REACHED, {
        message: `${maxWatches} watches of calls are open; end one before you open another`,
      });
    }
    open += 1;
    try {
      values.get(openStreamKey)?.();
      yield* callsFrom(
        journal,
        after === undefined ? journal.calls.next : Number(after) + 1,
        (number, call) => (matches(call) ? callMessage(number, call, request.view) : undefined),
        AbortSignal.any([signal, stopping]),
      );
    } finally {
      open -= 1;
    }
  };
}

/** Yields the calls that are shown from a number on, until the signal aborts. */
async function* callsFrom(
  journal: Journal,
  number: number,
  show: (number: number, call: RecordedCall) => Call | undefined,
  signal: AbortSignal,
): AsyncGenerator<WatchCallsResponse> {
  let next = number;
  let missed = 0;
  while (!signal.aborted) {
    // Calls that were cleared are not missed: somebody wanted to forget them.
    next = Math.max(next, journal.clearedBefore);
    if (next < journal.calls.first) {
      missed += journal.calls.first - next;
      next = journal.calls.first;
    }
    const recorded = journal.calls.at(next);
    if (recorded === undefined) {
      await nextCall(journal, signal);
    } else {
      const call = show(next, recorded);
      next += 1;
      if (call !== undefined) {
        const missedCalls = BigInt(missed);
        missed = 0;
        yield create(WatchCallsResponseSchema, { call, missedCalls });
      }
    }
  }
}

/** Resolves when a call is added or the signal aborts. */
function nextCall(journal: Journal, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const ignore = journal.onAdded(settle);
    signal.addEventListener("abort", settle);
    function settle(): void {
      ignore();
      signal.removeEventListener("abort", settle);
      resolve();
    }
  });
}
