import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import pino from "pino";
import { contractServices } from "../../services/routes.ts";
import type { CallFacts } from "./call-facts.ts";
import type { CallSummary } from "./call-summary.ts";
import { type LogOutput, standardErrorOutput } from "./log-output.ts";
import { createRequestLine } from "./request-line.ts";
import type { HashUserKey } from "./user-key-hash.ts";

/** Minimum log level. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export type LogOptions = {
  level: LogLevel;
  /** Receives the lines. Defaults to standard error, without waiting for its reader. */
  destination?: Pick<LogOutput, "write">;
};

/** Logs an unexpected error of the server, with the call that it failed. */
export type LogFailure = (cause: unknown, method: string, call?: CallFacts) => void;

/** The log of a server: lines of JSON. */
export type ServerLog = {
  /** Logs a request. */
  request(summary: CallSummary): void;
  /** Logs an unexpected error of the server, with its stack. */
  failure(cause: unknown, what: string, call?: CallFacts): void;
  info(message: string, values?: object): void;
  warn(message: string, values?: object): void;
  /** Lines dropped since the start because they could not be written in time. */
  dropped(): number;
  /** Resolves when all lines are written, or cannot be written soon. */
  flush(): Promise<void>;
};

/** Creates the log. User keys appear as hashes only; paths and error messages, which may contain them, never. */
export function createServerLog({ level, destination }: LogOptions, hashUserKey: HashUserKey): ServerLog {
  const output = destination ? undefined : standardErrorOutput();
  const lines = destination ?? standardErrorOutput();
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  );
  const requestLine = createRequestLine(process.pid, hashUserKey);
  return {
    request: function logRequest(summary) {
      const requestLevel = levelOf(summary);
      if (logger.isLevelEnabled(requestLevel)) {
        lines.write(requestLine(requestLevel, Date.now(), summary));
      }
    },
    failure(cause, what, call) {
      const err = cause instanceof Error ? cause : new Error(String(cause));
      logger.error({ ...(call && { requestId: call.id, traceId: call.traceId }), err }, `${what} failed`);
    },
    info: (message, values = {}) => logger.info(values, message),
    warn: (message, values = {}) => logger.warn(values, message),
    dropped: () => output?.dropped() ?? 0,
    flush: async () => output?.flush(),
  };
}

/** Errors of the server: error. Unavailability, which passes: warn. What succeeds and is no call of the contract: debug. */
function levelOf({ outcome: { code }, call, httpMethod }: CallSummary): "error" | "warn" | "info" | "debug" {
  switch (code) {
    case Code.Internal:
    case Code.Unknown:
    case Code.DataLoss:
      return "error";
    case Code.Unavailable:
      return "warn";
    case undefined:
      return isOfContract(call.method, httpMethod) ? "info" : "debug";
    default:
      return "info";
  }
}

/**
 * Whether a request is for the contract or for a token. Others, such as health checks, documents and what the console of the
 * emulator reads, come every few seconds and would hide what matters.
 */
function isOfContract(method: DescMethod | undefined, httpMethod: string): boolean {
  return method === undefined
    ? httpMethod !== "GET" && httpMethod !== "HEAD"
    : contractServices.some((service) => service === method.parent);
}
