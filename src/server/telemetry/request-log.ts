import { Code } from "@connectrpc/connect";
import pino, { type Logger } from "pino";
import type { CallFacts } from "./call-facts.ts";
import { type CallSummary, statusOf } from "./call-summary.ts";
import type { HashUserKey } from "./user-key-hash.ts";

/** Least weight of what is written. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export type LogOptions = {
  level: LogLevel;
  /** Takes the lines. Defaults to standard error, without waiting for whoever reads it. */
  destination?: { write(line: string): void };
};

/** What the server writes down: lines of JSON. */
export type ServerLog = {
  /** One line for each request. */
  request(summary: CallSummary): void;
  /** A mistake of ours, with its stack. */
  failure(cause: unknown, what: string, call?: CallFacts): void;
  info(message: string, values?: object): void;
  warn(message: string, values?: object): void;
  /** Lines that were lost since the start, for whoever reads them is too slow. */
  dropped(): number;
  /** Writes out what is left, and waits for it. */
  flush(): void;
};

/** Bytes that may wait for a slow reader; more are dropped, for the server must not stop for its log. */
const mostWaitingBytes = 16 * 1024 * 1024;

/** Creates the log. User keys appear in it as hashes only, paths and messages of errors not at all: they may have some. */
export function createServerLog({ level, destination }: LogOptions, hashUserKey: HashUserKey): ServerLog {
  let dropped = 0;
  const stream =
    destination ??
    pino.destination({ dest: 2, sync: false, maxLength: mostWaitingBytes }).on("drop", () => {
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
    request(summary) {
      const weight = weightOf(summary);
      if (logger.isLevelEnabled(weight)) {
        logger[weight](fieldsOf(summary, hashUserKey), "request");
      }
    },
    failure(cause, what, call) {
      const err = cause instanceof Error ? cause : new Error(String(cause));
      logger.error({ ...(call && { requestId: call.id, traceId: call.traceId }), err }, `${what} failed`);
    },
    info: (message, values = {}) => logger.info(values, message),
    warn: (message, values = {}) => logger.warn(values, message),
    dropped: () => dropped,
    flush: () => flushAll(logger, stream),
  };
}

function fieldsOf(summary: CallSummary, hashUserKey: HashUserKey): object {
  const { call, outcome, method, httpMethod, httpStatus, durationMs, requestBytes, responseBytes } = summary;
  return {
    requestId: call.id,
    traceId: call.traceId,
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

/** Ours: error. A state that passes: warn. What probes and tools ask all the time: debug. All else: info. */
function weightOf({ outcome: { code }, call: { method } }: CallSummary): "error" | "warn" | "info" | "debug" {
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

function flushAll(logger: Logger, stream: object): void {
  if ("flushSync" in stream && typeof stream.flushSync === "function") {
    try {
      stream.flushSync();
    } catch {
      // Nobody reads any more.
    }
    return;
  }
  logger.flush();
}
