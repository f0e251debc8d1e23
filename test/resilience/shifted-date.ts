import { readFileSync } from "node:fs";

/**
 * Preloaded into a program (`--import`), shifts its `Date` by the number of milliseconds in the file MDPS_TEST_CLOCK,
 * which may change at any time. Timers are not affected, as when the clock of a machine is set.
 */
const file = process.env.MDPS_TEST_CLOCK ?? "";
const RealDate = Date;
/** How long a value read from the file is used, in ms. */
const maxAgeMs = 20;
let shiftMs = 0;
let readAt = Number.NEGATIVE_INFINITY;

function now(): number {
  if (performance.now() - readAt > maxAgeMs) {
    readAt = performance.now();
    shiftMs = Number(readFileSync(file, "utf8"));
  }
  return RealDate.now() + shiftMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, property, receiver) => (property === "now" ? now : Reflect.get(target, property, receiver)),
});
