import { setTimeout } from "node:timers/promises";

/** Asks again and again until a condition holds, and says whether it did within the time, in ms. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  intervalMs = 50,
): Promise<boolean> {
  const end = performance.now() + withinMs;
  for (;;) {
    if (await condition()) {
      return true;
    }
    if (performance.now() >= end) {
      return false;
    }
    await setTimeout(intervalMs);
  }
}
