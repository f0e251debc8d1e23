/** Length of a bar, in cells. */
const width = 20;

/** Draws a share from 0 to 1. Only 0 is drawn as empty, and only 1 as full. */
export function bar(left: number): string {
  const full = left <= 0 ? 0 : left >= 1 ? width : Math.min(width - 1, Math.max(1, Math.round(left * width)));
  return "█".repeat(full) + "░".repeat(width - full);
}
