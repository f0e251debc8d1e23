type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Timeout of a request in milliseconds, undefined if it has none; or the problem with its header. */
export type ParsedTimeout = { readonly timeoutMs: number | undefined } | { readonly problem: string };

/** Units of grpc-timeout, in ms (gRPC over HTTP/2, "Timeout"). */
const grpcUnits: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

const timeoutHeaders = [
  {
    name: "x-server-timeout",
    form: /^(\d{1,9}(?:\.\d{1,9})?)$/,
    unit: 1000,
    expected: "a number of seconds",
  },
  {
    name: "grpc-timeout",
    form: /^(\d{1,8})([HMSmun])$/,
    unit: grpcUnits,
    expected: "up to eight digits and a unit",
  },
  { name: "connect-timeout-ms", form: /^(\d{1,10})$/, unit: 1, expected: "up to ten digits" },
];

/** Longest delay of setTimeout, 24 days. It fires at once for longer ones. */
const maxDelayMs = 2 ** 31 - 1;

/**
 * Reads the timeout of a request from `X-Server-Timeout` (Google's, in seconds with a fraction), `Grpc-Timeout` and
 * `Connect-Timeout-Ms`. If it has several, the shortest applies. A timeout of zero has passed; others are rounded up to
 * milliseconds.
 */
export function parseTimeoutHeader(headers: RequestHeaders): ParsedTimeout {
  let timeoutMs: number | undefined;
  for (const { name, form, unit, expected } of timeoutHeaders) {
    const header = headers[name];
    if (header !== undefined) {
      const [, amount, suffix = ""] = form.exec(String(header)) ?? [];
      const ms = Number(amount) * (typeof unit === "number" ? unit : (unit[suffix] ?? Number.NaN));
      if (Number.isNaN(ms)) {
        return { problem: `${name} must be ${expected}` };
      }
      timeoutMs = Math.min(Math.ceil(ms), timeoutMs ?? maxDelayMs);
    }
  }
  return { timeoutMs };
}
