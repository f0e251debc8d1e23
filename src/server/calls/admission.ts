import type { DescService, Message } from "@bufbuild/protobuf";
import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { principalKey } from "../../auth/principal.ts";
import type { RequestGate } from "../../auth/request-gate.ts";
import { apiError } from "../../contract/api-error.ts";
import { type CallSubject, subjectOf } from "../../contract/call-subject.ts";
import { parentOf } from "../../contract/resource-names.ts";
import { pathFieldsKey } from "../../transcoding/index.ts";
import type { OperatorRates } from "../limits/operator-rates.ts";
import type { OverloadGuard } from "../limits/overload.ts";
import type { BeforeCall } from "../telemetry/observed-routes.ts";
import { noteFailure, requestRecordKey } from "../telemetry/request-record.ts";

export type AdmissionOptions = {
  gate: RequestGate;
  /** Who calls a service: nobody that counts, as for health, whoever may connect, or those with a token. */
  callersOf: (service: DescService) => "exempt" | "anybody" | "known";
  overload: OverloadGuard;
  rates: OperatorRates;
};

/** What a call passes on its way in. */
export type Admission = {
  /** Before the body is read: room for one more call, then the gate. */
  readonly gate: RequestGate;
  /** When the request has been read: the rate of the operator. */
  readonly before: BeforeCall;
};

/** Creates the admission of calls, which also notes what becomes known of them. */
export function createAdmission({ gate, callersOf, overload, rates }: AdmissionOptions): Admission {
  return {
    async gate(context) {
      const record = context.values.get(requestRecordKey);
      const subject = subjectOfPath(context);
      try {
        if (record !== undefined) {
          record.method = context.method;
          record.asn = subject?.asn;
          const callers = callersOf(context.service);
          if (callers !== "exempt") {
            record.leave = overload.enter(callers);
            if (record.leave === undefined) {
              throw overloaded();
            }
          }
        }
        await gate(context);
      } catch (cause) {
        noteFailure(record, cause);
        throw cause;
      }
    },

    before(request, context) {
      const named = request as Message & Naming;
      const { asn, id } = subjectOf(named, context);
      const record = context.values.get(requestRecordKey);
      if (record !== undefined) {
        record.asn = asn;
        record.userKey = named.userKey ?? named.planGroupId ?? id;
      }
      // Who may not act for the operator is refused for that, and must not use up its rate.
      if (asn === undefined || context.values.get(principalKey)?.asns.has(asn) !== true) {
        return undefined;
      }
      const wait = rates.take(asn);
      if (wait === 0) {
        return undefined;
      }
      return settle(asn, wait);
    },
  };

  async function settle(asn: number, wait: number | Promise<number>): Promise<void> {
    const waitMs = await wait;
    if (waitMs > 0) {
      throw tooOften(asn, waitMs);
    }
  }

  function tooOften(asn: number, waitMs: number): ConnectError {
    const perSecond = rates.rateOf(asn)?.perSecond ?? 0;
    return apiError(ErrorReason.OPERATOR_RATE_EXCEEDED, {
      message: `operator ${asn} may make ${perSecond} calls a second; wait as RetryInfo says, and send more slowly`,
      metadata: { parent: parentOf(asn), callsPerSecond: String(perSecond) },
      retryAfterMs: jittered(waitMs, rateJitterMs),
    });
  }
}

/**
 * How far repetitions are spread, in ms. All who are refused at one moment would else come back at one moment; those of
 * one operator by as much as the longest of its callers should wait.
 */
const rateJitterMs = 1_000;
const overloadWaitMs = 500;
const overloadJitterMs = 2_000;

function jittered(leastMs: number, spreadMs: number): number {
  return Math.ceil(leastMs + Math.random() * spreadMs);
}

/** The refusal of a call for which there is no room. */
function overloaded(): ConnectError {
  return apiError(ErrorReason.SERVER_OVERLOADED, {
    message: "the server has as much to do as it can; nothing was done, repeat the request later",
    retryAfterMs: jittered(overloadWaitMs, overloadJitterMs),
  });
}

/** Parses the operator in the URL of a REST call; RPC calls carry it in the request message. */
function subjectOfPath(context: HandlerContext): CallSubject | undefined {
  const pathFields = context.values.get(pathFieldsKey);
  const parent = pathFields?.("parent");
  const name = parent ?? pathFields?.("name");
  return name === undefined ? undefined : subjectOf(parent === undefined ? { name } : { parent }, context);
}

/** The fields by which requests of the contract name their operator, user or group. */
type Naming = { parent?: string; name?: string; userKey?: string; planGroupId?: string };
