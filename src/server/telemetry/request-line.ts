import { type CallSummary, statusOf } from "./call-summary.ts";
import type { HashUserKey } from "./user-key-hash.ts";

/** Writes the line of a request that has ended, with the time in ms since the epoch. */
export type WriteRequestLine = (level: string, timeMs: number, summary: CallSummary) => string;

/**
 * Creates the writer of the lines of requests: the JSON that pino writes of the same fields, in less than half the time,
 * because only the values are not known beforehand. `pid` is that of the process.
 */
export function createRequestLine(pid: number, hashUserKey: HashUserKey): WriteRequestLine {
  const timeOf = createTimeText();
  const afterTime = `","pid":${pid},"requestId":`;
  return function writeRequestLine(level, timeMs, summary) {
    const { call, outcome, method, httpMethod, httpStatus, durationMs, requestBytes, responseBytes } =
      summary;
    // The method, the protocol and the code are words of the contract and of this server, which need no escapes.
    return (
      `{"level":"${level}","time":"${timeOf(timeMs)}${afterTime}${JSON.stringify(call.id)}` +
      `${text("traceId", call.traceId)}${text("peer", call.clientAddress)}` +
      `,"protocol":"${call.protocol ?? "http"}","httpMethod":${JSON.stringify(httpMethod)}` +
      `,"method":"${method}","code":"${statusOf(outcome)}"` +
      `${text("reason", outcome.reason)}${text("cause", outcome.cause)},"httpStatus":${httpStatus}` +
      `${call.asn === undefined ? "" : `,"asn":${call.asn}`}` +
      `${text("userKeyHash", call.userKey && hashUserKey(call.userKey))}` +
      `,"durationMs":${Math.round(durationMs * 1000) / 1000}` +
      `,"requestBytes":${requestBytes},"responseBytes":${responseBytes},"msg":"request"}\n`
    );
  };
}

function text(name: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${name}":${JSON.stringify(value)}`;
}

/** Creates the function that returns a time in RFC 3339, in UTC with milliseconds. It keeps the text of the last second. */
function createTimeText(): (timeMs: number) => string {
  let second = Number.NaN;
  let text = "";
  return function timeText(timeMs) {
    const current = Math.floor(timeMs / 1000);
    if (current !== second) {
      second = current;
      text = new Date(current * 1000).toISOString().slice(0, -4);
    }
    const ms = timeMs - current * 1000;
    return `${text}${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}Z`;
  };
}
