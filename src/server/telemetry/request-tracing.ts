import { Code } from "@connectrpc/connect";
import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { HttpRequest } from "../http-handler.ts";
import { type CallSummary, statusOf, systemNameOf } from "./call-summary.ts";

/** Name of the tracer: whoever configures an SDK may single out its spans by it. */
export const tracerName = "mobile-data-plan-sharing";

/** A span of a request, and the context in which the request is served, so that further spans are inside. */
export type RequestTrace = { readonly span: Span; readonly context: Context };

/**
 * Starts the span of a request, below the one that its traceparent names. Without an OpenTelemetry SDK, which is for
 * whoever runs the server to load, it costs next to nothing and leads nowhere.
 */
export function startTrace(request: HttpRequest): RequestTrace {
  const parent = propagation.extract(context.active(), request.headers);
  // Not the path, which may have a user key: the name is given when the method is known.
  const span = trace
    .getTracer(tracerName)
    .startSpan(request.method ?? "HTTP", { kind: SpanKind.SERVER }, parent);
  return { span, context: trace.setSpan(parent, span) };
}

/** Ends the span, with what has become of the request (semantic conventions for RPC spans). */
export function endTrace({ span }: RequestTrace, summary: CallSummary): void {
  if (span.isRecording()) {
    const { call, outcome, method, httpStatus } = summary;
    const status = statusOf(outcome);
    span.updateName(method);
    span.setAttributes({
      "rpc.system.name": systemNameOf(call.protocol),
      "rpc.method": method,
      "rpc.response.status_code": status,
      "http.response.status_code": httpStatus,
      ...(call.asn !== undefined && { "mdps.asn": call.asn }),
      ...(outcome.code !== undefined && { "error.type": outcome.reason ?? status }),
    });
    if (outcome.code !== undefined && serverErrors.has(outcome.code)) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
  }
  span.end();
}

/** Codes that are an error of the server, not of its caller (semantic conventions for gRPC). */
const serverErrors: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** W3C Trace Context, version 00; what is behind it in later versions is not looked at. */
const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;

/** Returns the trace that a request belongs to: that of its span, else the one that the caller names. */
export function traceIdOf({ span }: RequestTrace, request: HttpRequest): string | undefined {
  const { traceId } = span.spanContext();
  if (trace.isSpanContextValid(span.spanContext())) {
    return traceId;
  }
  const header = request.headers.traceparent;
  const named = typeof header === "string" ? traceparent.exec(header)?.[1] : undefined;
  return named === undefined || /^0+$/.test(named) ? undefined : named;
}
