import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { ConnectError, HandlerContext } from "@connectrpc/connect";
import { Health } from "#deps/grpc/health/v1/health_pb.js";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { principalKey } from "../../auth/principal.ts";
import type { RequestGate } from "../../auth/request-gate.ts";
import { apiError } from "../../contract/api-error.ts";
import { type CallSubject, subjectOf } from "../../contract/call-subject.ts";
import { parentOf } from "../../contract/resource-names.ts";
import { reflectionServices } from "../../services/reflection/service.ts";
import { contractServices } from "../../services/routes.ts";
import { pathFieldsKey } from "../../transcoding/index.ts";
import type { OperatorRates } from "../limits/operator-rates.ts";
import type { CallerClass, OverloadGuard } from "../limits/overload.ts";
import { type CallFacts, callFactsKey } from "../telemetry/call-facts.ts";

type AdmissionOptions = { requestGate: RequestGate; overload: OverloadGuard; rates: OperatorRates };

/** Checks a call whose request has been read; rejects it by throwing. */
export type Admit = (request: Message, context: HandlerContext) => Promise<void> | undefined;

/** The checks that a call passes before its implementation runs. Both record facts about the call. */
export type Admission = {
  /** Before the body is read: the concurrency limit, then authorization. */
  readonly requestGate: RequestGate;
  /** Once the request is read: the rate of the operator. */
  readonly admit: Admit;
};

/**
 * Returns the callers that a method is for, by whom concurrency is limited; undefined for no limit. Load balancers
 * check health without a token and without a limit. Reflection returns the contract, which is public.
 */
export function callersOf(method: DescMethod): CallerClass | undefined {
  if (method.parent === Health) {
    return method === Health.method.watch ? "watching" : undefined;
  }
  if (reflectionServices.includes(method.parent)) {
    return "anonymous";
  }
  if ((contractServices as readonly DescService[]).includes(method.parent)) {
    return "authenticated";
  }
  // Of an extension, which decides itself whom it answers.
  return method.methodKind === "unary" ? undefined : "watching";
}

/** Creates the admission of calls. */
export function createAdmission({ requestGate, overload, rates }: AdmissionOptions): Admission {
  return {
    requestGate(context) {
      const subject = subjectOfPath(context);
      const call = context.values.get(callFactsKey);
      if (call !== undefined) {
        call.method = context.method;
        call.asn = subject?.asn;
      }
      const verified = call && takePlaces(callersOf(context.method), call);
      try {
        const checked = requestGate(context);
        if (checked !== undefined) {
          return settle(checked, { context, call, verified });
        }
        requireTimeLeft(context);
      } catch (error) {
        freePlace(call);
        verified?.();
        throw error;
      }
      verified?.();
      return undefined;
    },

    admit(request, context) {
      const { parent, name, userKey, planGroupId } = request as Message & Naming;
      const { asn, id } = subjectOf({ parent, name }, context);
      const call = context.values.get(callFactsKey);
      if (call !== undefined) {
        call.asn = asn;
        call.userKey = userKey ?? planGroupId ?? id;
      }
      requireTimeLeft(context);
      // Check authorization first: unauthorized callers must not consume the operator's rate limit.
      if (asn === undefined || context.values.get(principalKey)?.asns.has(asn) !== true) {
        return undefined;
      }
      const wait = rates.take(asn);
      return wait === 0 ? undefined : requireNoWait(asn, wait);
    },
  };

  /** Returns the function to call once the credentials of the call are verified. */
  function takePlaces(callers: CallerClass | undefined, call: CallFacts): (() => void) | undefined {
    if (callers === undefined) {
      return undefined;
    }
    call.release = enter(callers, call);
    if (callers !== "authenticated") {
      return undefined;
    }
    try {
      return enter("unverified", call);
    } catch (error) {
      freePlace(call);
      throw error;
    }
  }

  /** Settles like the check of a call's credentials, unless its deadline passes meanwhile. */
  async function settle(checked: Promise<void>, { context, call, verified }: Checking): Promise<void> {
    try {
      await checked;
      requireTimeLeft(context);
    } catch (error) {
      freePlace(call);
      throw error;
    } finally {
      verified?.();
    }
  }

  function enter(callers: CallerClass, { clientAddress }: CallFacts): () => void {
    const release = overload.enter(callers, clientAddress);
    if (release === undefined) {
      throw overloaded(callers);
    }
    return release;
  }

  async function requireNoWait(asn: number, wait: number | Promise<number>): Promise<void> {
    const waitMs = await wait;
    if (waitMs > 0) {
      throw rateExceeded(asn, rates.rateOf(asn)?.perSecond ?? 0, waitMs);
    }
  }
}

/** A call whose credentials are being checked. */
type Checking = {
  readonly context: HandlerContext;
  readonly call: CallFacts | undefined;
  readonly verified: (() => void) | undefined;
};

/** Frees the place of a rejected call. It is for callers with a token: a caller without one decides how long its request lasts. */
function freePlace(call: CallFacts | undefined): void {
  call?.release?.();
  if (call !== undefined) {
    call.release = undefined;
  }
}

/**
 * Throws if the deadline of a call has passed: it must change nothing then. After authorization, because the error
 * counts as a failure of the server.
 */
function requireTimeLeft(context: HandlerContext): void {
  if ((context.timeoutMs() ?? 1) <= 0) {
    throw apiError(ErrorReason.DEADLINE_PASSED, { message: "the deadline of the request passed" });
  }
}

/** Parses the operator in the URL of a REST call; RPC calls carry it in the request message. */
function subjectOfPath(context: HandlerContext): CallSubject | undefined {
  const pathFields = context.values.get(pathFieldsKey);
  const parent = pathFields?.("parent");
  const name = parent === undefined ? pathFields?.("name") : undefined;
  return (parent ?? name) === undefined ? undefined : subjectOf({ parent, name }, context);
}

/** The fields by which requests of the contract name their operator, user or group. */
type Naming = { parent?: string; name?: string; userKey?: string; planGroupId?: string };

/**
 * How far retries are spread, in ms, so that callers rejected together do not all come back together. For one operator:
 * the longest that one of its callers should wait.
 */
const rateJitterMs = 1_000;
const overloadWaitMs = 500;
const overloadJitterMs = 2_000;

function jittered(leastMs: number, spreadMs: number): number {
  return Math.ceil(leastMs + Math.random() * spreadMs);
}

/** Returns when a call that its operator's rate rejects may be retried, in ms. `waitMs` is the time until the next call. */
export function jitteredRateWait(waitMs: number): number {
  return jittered(waitMs, rateJitterMs);
}

function rateExceeded(asn: number, perSecond: number, waitMs: number): ConnectError {
  return apiError(ErrorReason.OPERATOR_RATE_EXCEEDED, {
    message: `operator ${asn} may make ${perSecond} calls per second; retry after the delay in RetryInfo and send more slowly`,
    metadata: { parent: parentOf(asn), callsPerSecond: String(perSecond) },
    retryAfterMs: jitteredRateWait(waitMs),
  });
}

function overloaded(callers: CallerClass): ConnectError {
  const retryAfterMs = jittered(overloadWaitMs, overloadJitterMs);
  switch (callers) {
    case "authenticated":
      return apiError(ErrorReason.SERVER_OVERLOADED, {
        message: "the server is overloaded; the request was not processed, retry later",
        retryAfterMs,
      });
    case "anonymous":
    case "unverified":
      return apiError(ErrorReason.SERVER_OVERLOADED, {
        message:
          "too many calls without a valid token are in flight, in total or from this address; close some or retry later",
        retryAfterMs,
      });
    case "watching":
      return apiError(ErrorReason.WATCHES_EXHAUSTED, {
        message: "too many watches are open, in total or from this address; close some or retry later",
        retryAfterMs,
      });
  }
}
