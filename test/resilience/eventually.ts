import { setTimeout } from "node:timers/promises";

/** Polls until a condition holds or `withinMs` have passed, and returns whether it held. */
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
