import { readFileSync } from "node:fs";

/**
 * Loaded before a program (`--import`), it lets the program's clock jump: time is off by as many milliseconds as stand
 * in the file that MDPS_TEST_CLOCK names, whatever stands there at the moment. Timers go by another clock, as they do
 * when somebody sets a machine's.
 */
const file = process.env.MDPS_TEST_CLOCK ?? "";
const RealDate = Date;
/** How long a reading of the file holds, in ms. */
const holdsMs = 20;
let shiftMs = 0;
let readAt = Number.NEGATIVE_INFINITY;

function now(): number {
  if (performance.now() - readAt > holdsMs) {
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
