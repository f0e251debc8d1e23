/** Names of units as people type them, with their milliseconds. */
const units: readonly (readonly [names: RegExp, ms: number])[] = [
  [/^(ms|milliseconds?)$/, 1],
  [/^(s|secs?|seconds?)$/, 1_000],
  [/^(m|mins?|minutes?)$/, 60_000],
  [/^(h|hrs?|hours?)$/, 3_600_000],
  [/^(d|days?)$/, 86_400_000],
  [/^(w|weeks?)$/, 604_800_000],
];

const form = /^(\d{1,12}(\.\d{1,9})?\s*[a-z]+\s*)+$/;

/** The longest google.protobuf.Duration: about 10,000 years. */
const longestMs = 315_576_000_000_000;

/** What a duration may be, as the end of a message. */
export const expectedDuration = "a duration such as 36h, 1d12h or 0.5s (units: w, d, h, m, s, ms)";

/** Returns the whole milliseconds of a duration such as `36h`, `1d 12h` or `1.5 hours`; undefined for another text. */
export function parseDuration(text: string): number | undefined {
  const lower = text.trim().toLowerCase();
  if (!form.test(lower)) {
    return undefined;
  }
  let total = 0;
  for (const [, count, unit = ""] of lower.matchAll(/([\d.]+)\s*([a-z]+)/g)) {
    const ms = units.find(([names]) => names.test(unit))?.[1];
    if (ms === undefined) {
      return undefined;
    }
    total += Number(count) * ms;
  }
  return total <= longestMs ? Math.round(total) : undefined;
}

const shown: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** Returns a duration as people read it, such as `1 d 12 h`: its two largest units. Signs are left out. */
export function durationText(ms: number): string {
  let rest = Math.abs(Math.round(ms));
  if (rest < 1_000) {
    return `${rest} ms`;
  }
  const first = shown.findIndex(([, length]) => rest >= length);
  const parts: string[] = [];
  for (const [unit, length] of shown.slice(first, first + 2)) {
    // Parts of a second only matter to delays, which are short.
    const isLast = unit === "s" && rest < 60_000 && parts.length === 0;
    const count = isLast ? Math.round(rest / 100) / 10 : Math.floor(rest / length);
    rest -= Math.floor(count) * length;
    if (count > 0) {
      parts.push(`${count} ${unit}`);
    }
  }
  return parts.join(" ");
}

/** Returns a duration as `parseDuration` reads it back exactly, such as `1d12h` or `1.5s`. */
export function durationInput(ms: number): string {
  let rest = Math.round(ms);
  const parts = [];
  for (const [unit, length] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
  ] as const) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    parts.push(count > 0 ? `${count}${unit}` : "");
  }
  return parts.join("") + (rest > 0 || ms < 1 ? `${rest / 1_000}s` : "");
}

/** Returns a Timestamp or Duration in ms; 0 without one. */
export function msOf(time: { readonly seconds: bigint; readonly nanos: number } | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1_000 + time.nanos / 1_000_000;
}
