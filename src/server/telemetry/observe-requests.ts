import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { context } from "@opentelemetry/api";
import { codeOfHttpStatus } from "../../transcoding/index.ts";
import type { RequestListener } from "../http-handler.ts";
import { type CallSummary, otherMethod } from "./call-summary.ts";
import { bytesOf } from "./counted-messages.ts";
import { keepRecord, type RequestRecord } from "./request-record.ts";
import { endTrace, startTrace, traceIdOf } from "./request-tracing.ts";

/** What is told of each request when it has ended. */
export type RequestSink = (summary: CallSummary) => void;

/** Serves a request under observation. */
export type ObserveRequest = (
  ...args: [...Parameters<RequestListener>, serve: (record: RequestRecord) => void]
) => void;

/** Header by which a request is named, in requests and answers. */
export const requestIdHeader = "x-request-id";

/** What a caller may name a request by: what no log and no header can take for anything else. */
const acceptableId = /^[A-Za-z0-9._~:/+=@-]{1,128}$/;

/**
 * Creates what follows each request from its header to the end of its answer: it gets a record, a span and, when it has
 * ended however it did, a summary for the sinks.
 */
export function createRequestObserver(sinks: readonly RequestSink[]): ObserveRequest {
  return (request, response, serve) => {
    const startedAt = performance.now();
    const trace = startTrace(request);
    const named = request.headers[requestIdHeader];
    const record: RequestRecord = {
      id: typeof named === "string" && acceptableId.test(named) ? named : randomUUID(),
      traceId: traceIdOf(trace, request),
      protocol: undefined,
      method: undefined,
      asn: undefined,
      userKey: undefined,
      failure: undefined,
      leave: undefined,
    };
    keepRecord(request, record);
    response.once("close", () => {
      const { code, reason } = outcomeOf(record, response);
      const summary: CallSummary = {
        record,
        method: record.method ? `${record.method.parent.typeName}/${record.method.name}` : otherMethod,
        code,
        reason,
        httpStatus: response.statusCode,
        httpMethod: request.method ?? "",
        durationMs: performance.now() - startedAt,
        requestBytes: bytesOf(request),
        responseBytes: bytesOf(response),
      };
      for (const sink of sinks) {
        sink(summary);
      }
      endTrace(trace, summary);
    });
    context.with(trace.context, serve, undefined, record);
  };
}

function outcomeOf(
  { failure }: RequestRecord,
  response: Parameters<RequestListener>[1],
): { code: Code | undefined; reason: string | undefined } {
  if (failure !== undefined) {
    return failure;
  }
  // Not writableFinished, which node:http2 sets on every close.
  if (!response.writableEnded) {
    return { code: Code.Canceled, reason: undefined };
  }
  const { statusCode } = response;
  return { code: statusCode < 400 ? undefined : codeOfHttpStatus(statusCode), reason: undefined };
}
