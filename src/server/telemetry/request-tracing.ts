import { Code } from "@connectrpc/connect";
import {
  type Context,
  context,
  ProxyTracer,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { HttpRequest } from "../http-handler.ts";
import { type CallSummary, statusOf, systemNameOf } from "./call-summary.ts";

/** Name of the tracer, by which an OpenTelemetry SDK selects its spans. */
const tracerName = "mobile-data-plan-sharing";

/** The span of a request, and the context in which it is served, so that further spans become its children. */
export type RequestTrace = { readonly span: Span; readonly context: Context };

/**
 * Returns the tracer of an OpenTelemetry SDK; undefined while none is registered. Operators of the server may register one at
 * any time. Without one no span is created, because nothing would record it.
 */
export function registeredTracer(): Tracer | undefined {
  const tracer = trace.getTracer(tracerName);
  return tracer instanceof ProxyTracer ? undefined : tracer;
}

/** Starts the span of a request, as a child of the one in its traceparent; undefined without an OpenTelemetry SDK. */
export function startTrace(request: HttpRequest): RequestTrace | undefined {
  const tracer = registeredTracer();
  if (tracer === undefined) {
    return undefined;
  }
  const parent = propagation.extract(context.active(), request.headers);
  // Not named by the path, which may contain a user key: endTrace names the span by the method.
  const span = tracer.startSpan(request.method ?? "HTTP", { kind: SpanKind.SERVER }, parent);
  return { span, context: trace.setSpan(parent, span) };
}

/** Ends the span with the outcome of the request (semantic conventions for RPC spans). */
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
      ...(call.clientAddress !== undefined && { "client.address": call.clientAddress }),
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

/** W3C Trace Context, version 00. Fields that later versions append are ignored. */
const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;

/** Returns the trace of a request: that of its span, else the one in its traceparent. */
export function traceIdOf(traced: RequestTrace | undefined, request: HttpRequest): string | undefined {
  const own = traced?.span.spanContext();
  if (own !== undefined && trace.isSpanContextValid(own)) {
    return own.traceId;
  }
  const header = request.headers.traceparent;
  const callerTraceId = typeof header === "string" ? traceparent.exec(header)?.[1] : undefined;
  return callerTraceId === undefined || /^0+$/.test(callerTraceId) ? undefined : callerTraceId;
}
