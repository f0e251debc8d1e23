type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Timeout of a request in milliseconds, undefined if it has none; or the problem with its header. */
export type ParsedTimeout = { readonly timeoutMs: number | undefined } | { readonly problem: string };

/** Units of grpc-timeout, in milliseconds (gRPC over HTTP/2, "Timeout"). */
const grpcUnits: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Reads the timeout of a request from the first of these headers that it has: `X-Server-Timeout` (Google's, in seconds
 * with a fraction), `Grpc-Timeout`, `Connect-Timeout-Ms`.
 */
export function parseTimeoutHeader(headers: RequestHeaders): ParsedTimeout {
  const server = headers["x-server-timeout"];
  if (server !== undefined) {
    const seconds = /^(?:\d{1,9})(?:\.\d{1,9})?$/.test(String(server)) ? Number(server) : Number.NaN;
    return toTimeout(seconds * 1000, "x-server-timeout must be a number of seconds");
  }
  const grpc = headers["grpc-timeout"];
  if (grpc !== undefined) {
    const [, amount = "", unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(String(grpc)) ?? [];
    const ms = amount === "" ? Number.NaN : Number(amount) * (grpcUnits[unit] ?? Number.NaN);
    return toTimeout(ms, "grpc-timeout must be up to eight digits and a unit");
  }
  const connect = headers["connect-timeout-ms"];
  if (connect !== undefined) {
    const ms = /^\d{1,10}$/.test(String(connect)) ? Number(connect) : Number.NaN;
    return toTimeout(ms, "connect-timeout-ms must be up to ten digits");
  }
  return { timeoutMs: undefined };
}

/** Longest delay of setTimeout, 24 days. It fires at once for longer ones. */
const maxDelayMs = 2 ** 31 - 1;

function toTimeout(ms: number, problem: string): ParsedTimeout {
  return Number.isNaN(ms) ? { problem } : { timeoutMs: Math.min(Math.ceil(ms), maxDelayMs) };
}
