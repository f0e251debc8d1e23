import { randomUUID } from "node:crypto";
import { context } from "@opentelemetry/api";
import { countedBytes, onceAnswered } from "../connections/messages.ts";
import type { HttpHandler, HttpRequest } from "../http-handler.ts";
import { attachFacts, type CallFacts, type Outcome, settleOutcome } from "./call-facts.ts";
import { type CallSummary, methodNameOf } from "./call-summary.ts";
import { endTrace, startTrace, traceIdOf } from "./request-tracing.ts";

/** Serves a request and reports it when it has ended. */
export type ObserveRequest = (
  ...args: [...Parameters<HttpHandler>, serve: (call: CallFacts) => void]
) => void;

/** Header with the id of a request, in requests and responses. */
export const requestIdHeader = "x-request-id";

/** Ids that callers may choose: characters that are safe in logs and headers. */
const acceptableId = /^[A-Za-z0-9._~:/+=@-]{1,128}$/;

/**
 * Creates the observer of requests, from their header to the end of their response. Each request gets facts, with an
 * OpenTelemetry SDK a span and, when it has ended, a summary that every sink receives.
 */
export function createRequestObserver(
  sinks: readonly ((summary: CallSummary) => void)[],
  clientAddress: (request: HttpRequest) => string | undefined,
): ObserveRequest {
  return function observeRequest(request, response, serve) {
    const startedAt = performance.now();
    const trace = startTrace(request);
    const chosenId = request.headers[requestIdHeader];
    const call: CallFacts = {
      id: typeof chosenId === "string" && acceptableId.test(chosenId) ? chosenId : randomUUID(),
      traceId: traceIdOf(trace, request),
      clientAddress: clientAddress(request),
      protocol: undefined,
      method: undefined,
      asn: undefined,
      userKey: undefined,
      outcome: undefined,
      release: undefined,
    };
    attachFacts(request, call);
    onceAnswered(response, function reportRequest() {
      settleOutcome(call, { response });
      const summary: CallSummary = {
        call,
        outcome: call.outcome as Outcome,
        method: methodNameOf(call.method),
        httpMethod: request.method ?? "",
        httpStatus: response.statusCode,
        durationMs: performance.now() - startedAt,
        requestBytes: countedBytes(request),
        responseBytes: countedBytes(response),
      };
      for (const sink of sinks) {
        sink(summary);
      }
      if (trace !== undefined) {
        endTrace(trace, summary);
      }
    });
    if (trace === undefined) {
      serve(call);
    } else {
      context.with(trace.context, serve, undefined, call);
    }
  };
}
