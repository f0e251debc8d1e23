import { Code } from "@connectrpc/connect";
import pino from "pino";
import type { CallFacts } from "./call-facts.ts";
import { type CallSummary, statusOf } from "./call-summary.ts";
import type { HashUserKey } from "./user-key-hash.ts";

/** Minimum log level. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export type LogOptions = {
  level: LogLevel;
  /** Receives the lines. Defaults to standard error, without waiting for its reader. */
  destination?: { write(line: string): void; flushSync?(): void };
};

/** The log of a server: lines of JSON. */
export type ServerLog = {
  /** Logs a request. */
  request(summary: CallSummary): void;
  /** Logs an unexpected error of the server, with its stack. */
  failure(cause: unknown, what: string, call?: CallFacts): void;
  info(message: string, values?: object): void;
  warn(message: string, values?: object): void;
  /** Lines dropped since the start because the reader was too slow. */
  dropped(): number;
  /** Writes out all pending lines. */
  flush(): void;
};

/** Bytes buffered for a slow reader; further lines are dropped, because the log must not stop the server. */
const maxBufferedBytes = 16 * 1024 * 1024;

/** Creates the log. User keys appear as hashes only; paths and error messages, which may contain them, never. */
export function createServerLog({ level, destination }: LogOptions, hashUserKey: HashUserKey): ServerLog {
  let dropped = 0;
  const stream: NonNullable<LogOptions["destination"]> =
    destination ??
    pino.destination({ dest: 2, sync: false, maxLength: maxBufferedBytes }).on("drop", () => {
      dropped += 1;
    });
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return {
    request: function logRequest(summary) {
      const requestLevel = levelOf(summary);
      if (logger.isLevelEnabled(requestLevel)) {
        logger[requestLevel](fieldsOf(summary, hashUserKey), "request");
      }
    },
    failure(cause, what, call) {
      const err = cause instanceof Error ? cause : new Error(String(cause));
      logger.error({ ...(call && { requestId: call.id, traceId: call.traceId }), err }, `${what} failed`);
    },
    info: (message, values = {}) => logger.info(values, message),
    warn: (message, values = {}) => logger.warn(values, message),
    dropped: () => dropped,
    flush() {
      try {
        stream.flushSync?.();
      } catch {
        // The reader has closed the stream.
      }
    },
  };
}

function fieldsOf(summary: CallSummary, hashUserKey: HashUserKey): object {
  const { call, outcome, method, httpMethod, httpStatus, durationMs, requestBytes, responseBytes } = summary;
  return {
    requestId: call.id,
    traceId: call.traceId,
    peer: call.clientAddress,
    protocol: call.protocol ?? "http",
    httpMethod,
    method,
    code: statusOf(outcome),
    reason: outcome.reason,
    cause: outcome.cause,
    httpStatus,
    asn: call.asn,
    userKeyHash: call.userKey && hashUserKey(call.userKey),
    durationMs: Math.round(durationMs * 1000) / 1000,
    requestBytes,
    responseBytes,
  };
}

/** Errors of the server: error. Unavailability, which passes: warn. Successful health checks and reflection: debug. */
function levelOf({ outcome: { code }, call: { method } }: CallSummary): "error" | "warn" | "info" | "debug" {
  switch (code) {
    case Code.Internal:
    case Code.Unknown:
    case Code.DataLoss:
      return "error";
    case Code.Unavailable:
      return "warn";
    default:
      return method?.parent.typeName.startsWith("grpc.") && code === undefined ? "debug" : "info";
  }
}
