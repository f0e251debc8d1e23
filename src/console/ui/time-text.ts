/** A point in time as Timestamp has it. */
export type Instant = { readonly seconds: bigint; readonly nanos: number };

/** Returns a time in UTC, such as `2026-11-30 05:16:18.25 UTC`. */
export function absoluteText({ seconds, nanos }: Instant): string {
  const date = new Date(Number(seconds) * 1_000);
  if (Number.isNaN(date.getTime())) {
    return "a time out of range";
  }
  const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
  return `${date.toISOString().slice(0, -5).replace("T", " ")}${fraction} UTC`;
}

/** Returns a time in UTC, in ms since the epoch, without its fraction of a second: `2026-12-24 18:00:00 UTC`. */
export function utcText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/**
 * Returns how far a time is from another, in ms since the epoch: `in 3 h`, `2 d ago`, `now` within a second. Rounded down to a
 * whole unit.
 */
export function relativeText(time: Instant, nowMs: number): string {
  const distance = Number(time.seconds) + time.nanos / 1e9 - nowMs / 1_000;
  const size = Math.abs(distance);
  const [name, length] = units.find(([, length]) => size >= length) ?? [];
  if (name === undefined || length === undefined) {
    return "now";
  }
  const text = `${Math.floor(size / length)} ${name}`;
  return distance > 0 ? `in ${text}` : `${text} ago`;
}
