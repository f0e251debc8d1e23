import { setTimeout } from "node:timers/promises";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { Fault_Cut as Cut } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { principalKey, requireOperator } from "../../auth/principal.ts";
import { subjectOf } from "../../contract/call-subject.ts";
import type { ServerHooks, ServerParts } from "../../server/server-extension.ts";
import { callFactsKey } from "../../server/telemetry/call-facts.ts";
import { exchangeOf } from "../journal/exchange.ts";
import { cutAnswer, cutConnection } from "./cut-answer.ts";
import type { AppliedFault, Faults } from "./faults.ts";
import { injectedError } from "./injected-error.ts";

type Named = Message & { parent?: string; name?: string; clientId?: string };

/**
 * Creates the wrapper that lets calls go wrong. Faults apply to calls that the server would process: their callers are
 * authorized, and their requests can be decoded. Whether the fields are valid is checked later, by the method.
 */
export function createFaultHook(
  faults: Faults,
  { clock, stopping }: Pick<ServerParts, "clock" | "stopping">,
): ServerHooks["around"] {
  return function withFaults(method, call) {
    async function callWithFaults(request: Message, context: HandlerContext): Promise<unknown> {
      const { asn, applied } = takeFault(faults, method, request, context);
      if (applied === undefined) {
        return await call(request, context);
      }
      const facts = context.values.get(callFactsKey);
      const exchange = facts && exchangeOf(facts);
      if (exchange !== undefined) {
        exchange.fault = applied.name;
      }
      const { delayMs, cleared } = applied;
      if (!(await delay(delayMs, { caller: context.signal, stopping, cleared }))) {
        if (exchange !== undefined) {
          exchange.isForgotten = true;
          cutConnection(exchange.response);
        }
        throw cut();
      }
      if (applied.error !== undefined) {
        throw injectedError(applied.name, applied.error, { request, context, asn, clock });
      }
      if (applied.cut === Cut.BEFORE_PROCESSING) {
        exchange && cutConnection(exchange.response);
        throw cut();
      }
      if (applied.cut !== undefined) {
        exchange && cutAnswer(exchange.response, applied.cut === Cut.WITHIN_ANSWER ? "half" : "nothing");
      }
      return await call(request, context);
    }

    return (request, context) =>
      faults.size === 0 ? call(request, context) : callWithFaults(request, context);
  };
}

/** Returns the fault of a call. Throws PERMISSION_DENIED if its caller may not act for the operator. */
function takeFault(
  faults: Faults,
  method: DescMethod,
  request: Named,
  context: HandlerContext,
): { asn: number | undefined; applied: AppliedFault | undefined } {
  const { asn } = subjectOf(request, context);
  if (asn !== undefined) {
    requireOperator(context.values.get(principalKey), asn);
  }
  const userKey = context.values.get(callFactsKey)?.userKey;
  return { asn, applied: faults.take({ method, asn, clientId: request.clientId, userKey }) };
}

function cut(): ConnectError {
  return new ConnectError("the emulator cut the connection", Code.Canceled);
}

/**
 * Resolves with true after a time or when the server stops, and with false if the faults are cleared before. Rejects if the
 * caller hangs up or its deadline passes before.
 */
async function delay(
  ms: number,
  { caller, stopping, cleared }: Record<"caller" | "stopping" | "cleared", AbortSignal>,
): Promise<boolean> {
  if (ms > 0) {
    try {
      await setTimeout(ms, undefined, { signal: AbortSignal.any([caller, stopping, cleared]) });
    } catch {
      caller.throwIfAborted();
    }
  }
  return !cleared.aborted;
}
