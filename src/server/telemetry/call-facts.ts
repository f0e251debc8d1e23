import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";
import { countedError, errorReasonOf, isFailure } from "../../contract/api-error.ts";
import { codeOfHttpStatus } from "../../transcoding/index.ts";
import type { HttpRequest, HttpResponse } from "../http-handler.ts";

export type CallProtocol = "connect" | "grpc" | "grpc-web" | "rest";

/** Facts about a call, collected for logs and metrics while it runs and reported once, when it has ended. */
export type CallFacts = {
  /** Identifies the request in the log and in its response. */
  readonly id: string;
  /** From the W3C traceparent of the request, or from the span created for it. */
  readonly traceId: string | undefined;
  /** IP address of the client; undefined if it has disconnected. */
  readonly clientAddress: string | undefined;
  protocol: CallProtocol | undefined;
  method: DescMethod | undefined;
  /** Operator that the request names, if it is valid. */
  asn: number | undefined;
  /** User key or plan group id. Personal data: it leaves this process only as a hash. */
  userKey: string | undefined;
  /** Undefined while the call runs. Only `settleOutcome` writes it. */
  outcome: Outcome | undefined;
  /** Frees the place of the call in the overload guard. */
  release: (() => void) | undefined;
};

/** How a call ended. */
export type Outcome = {
  /** Canonical code; undefined for success. */
  readonly code: Code | undefined;
  /** Name of an ErrorReason, if the error has one. */
  readonly reason: string | undefined;
  /** Message of the underlying error; for the log only. */
  readonly cause?: string | undefined;
  /** The error that the caller received. Undefined for unexpected errors, and if only its code is known. */
  readonly error?: ConnectError | undefined;
  /** Path that the answer leaves out of the error's message and violations: that of the field that is a REST body. */
  readonly bodyPath?: string | undefined;
};

/** Context value with the facts about a call. */
export const callFactsKey = createContextKey<CallFacts | undefined>(undefined, {
  description: "facts about the call",
});

// A property. An entry for each request in a WeakMap makes garbage collection slow.
const facts = Symbol("facts about the call");

type WithFacts = { [facts]?: CallFacts };

/** Attaches facts to a request, for code that has no context values. */
export function attachFacts(request: HttpRequest, call: CallFacts): void {
  (request as WithFacts)[facts] = call;
}

/** Returns the facts attached to a request. */
export function factsOf(request: HttpRequest): CallFacts | undefined {
  return (request as WithFacts)[facts];
}

/**
 * Evidence of how a call ended: its error, the gRPC status of its answer, an answer that is no error whatever its HTTP
 * status, or its closed response.
 */
export type Evidence =
  | { readonly error: unknown; readonly bodyPath?: string | undefined }
  | { readonly grpcStatus: number }
  | { readonly answered: true }
  | { readonly response: HttpResponse };

/** Decides the outcome of a call by the first evidence: later errors are consequences of the first one. */
export function settleOutcome(call: CallFacts | undefined, evidence: Evidence): void {
  if (call !== undefined && call.outcome === undefined) {
    call.outcome = outcomeOf(evidence);
  }
}

function outcomeOf(evidence: Evidence): Outcome | undefined {
  if ("error" in evidence) {
    return outcomeOfError(evidence.error, evidence.bodyPath);
  }
  if ("grpcStatus" in evidence) {
    return outcomeOfStatus(evidence.grpcStatus);
  }
  return "response" in evidence
    ? outcomeOfResponse(evidence.response)
    : { code: undefined, reason: undefined };
}

/** Callers see every unexpected error as SERVER_FAILURE. */
function outcomeOfError(error: unknown, bodyPath: string | undefined): Outcome {
  const counted = countedError(error);
  if (!(error instanceof ConnectError && counted instanceof ConnectError) || isFailure(error)) {
    return { code: Code.Internal, reason: "SERVER_FAILURE" };
  }
  const cause = counted.cause instanceof Error ? counted.cause.message : undefined;
  return { code: counted.code, reason: errorReasonOf(counted), cause, error, bodyPath };
}

/** A status of 0, or an invalid one, leaves the decision to the HTTP response. */
function outcomeOfStatus(status: number): Outcome | undefined {
  return status > 0 && status <= 16 ? { code: status as Code, reason: undefined } : undefined;
}

function outcomeOfResponse({ statusCode, writableEnded }: HttpResponse): Outcome {
  // Not writableFinished: node:http2 sets it on every close.
  if (!writableEnded) {
    return { code: Code.Canceled, reason: undefined };
  }
  return { code: statusCode < 400 ? undefined : codeOfHttpStatus(statusCode), reason: undefined };
}
