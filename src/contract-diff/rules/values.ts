import type { Json } from "../json.ts";

const nanosPerSecond = 1_000_000_000n;

/**
 * Returns a value that compares with `<` and `===`: numbers, 64-bit integers (text in JSON), durations and timestamps.
 * Undefined for anything else.
 */
export function orderOf(value: Json): number | bigint | undefined {
  if (typeof value === "number") {
    return value;
  }
  if (typeof value !== "string") {
    return undefined;
  }
  if (/^-?\d+$/.test(value)) {
    return BigInt(value);
  }
  const duration = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(value);
  if (duration !== null) {
    const [, sign, seconds = "0", fraction = ""] = duration;
    const nanos = BigInt(seconds) * nanosPerSecond + BigInt(fraction.padEnd(9, "0"));
    return sign === "-" ? -nanos : nanos;
  }
  const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(value);
  if (time !== null) {
    const [, seconds = "", fraction = ""] = time;
    return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
  }
  return value === "Infinity" || value === "-Infinity" ? Number(value) : undefined;
}
