import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";
import { errorReasonOf } from "../../contract/api-error.ts";
import type { RequestListener } from "../http-handler.ts";

/** How a call came. */
export type CallProtocol = "connect" | "grpc" | "grpc-web" | "rest";

/** What becomes known of a request on its way. It is written down once, when the request has ended. */
export type RequestRecord = {
  /** Names the request in the log and in its answer. */
  readonly id: string;
  /** Of the W3C traceparent that came with the request, or of the span made for it. */
  traceId: string | undefined;
  protocol: CallProtocol | undefined;
  method: DescMethod | undefined;
  /** Operator that it is about, as far as it names one. */
  asn: number | undefined;
  /** User key or plan group id. Personal: it leaves this process only as a hash. */
  userKey: string | undefined;
  /** Canonical code and reason of the error that it was answered with. */
  failure: Failure | undefined;
  /** Counts it out where it counts as under way. */
  leave: (() => void) | undefined;
};

/** What an error says to programs and, for the log alone, what was behind it. */
export type Failure = {
  readonly code: Code;
  readonly reason: string | undefined;
  readonly cause?: string | undefined;
};

/** The record of a call, for whatever sees its context. */
export const requestRecordKey = createContextKey<RequestRecord | undefined>(undefined, {
  description: "what is written down of a request",
});

const records = new WeakMap<Parameters<RequestListener>[0], RequestRecord>();

/** Keeps the record of a request, for those who have only the request. */
export function keepRecord(request: Parameters<RequestListener>[0], record: RequestRecord): void {
  records.set(request, record);
}

/** Returns the record of a request that is observed. */
export function recordOf(request: Parameters<RequestListener>[0]): RequestRecord | undefined {
  return records.get(request);
}

/** Notes what a call fails with, if it is the first to be noted: what comes after it follows from it. */
export function noteFailure(record: RequestRecord | undefined, cause: unknown): void {
  if (record !== undefined && record.failure === undefined) {
    record.failure = failureOf(cause);
  }
}

/** What is no ConnectError, or is one of a mistake of ours, is answered with SERVER_FAILURE. */
function failureOf(cause: unknown): Failure {
  if (!(cause instanceof ConnectError) || cause.code === Code.Internal || cause.code === Code.Unknown) {
    return { code: Code.Internal, reason: "SERVER_FAILURE" };
  }
  const behind = cause.cause instanceof Error ? cause.cause.message : undefined;
  return { code: cause.code, reason: errorReasonOf(cause), cause: behind };
}
