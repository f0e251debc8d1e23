const minuteMs = 60_000;

/** Describes a length of time in minutes, hours or days, such as `20 days`. */
export function spanText(ms: number): string {
  const minutes = Math.round(ms / minuteMs);
  if (minutes < 120) {
    return `${minutes} min`;
  }
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
