import { type ReadonlySignal, signal } from "@preact/signals";
import {
  type Clock,
  Clock_Mode as Mode,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { msOf } from "./durations.ts";

/**
 * What the emulator said about its clock, and when. Times of the page are those of `performance.now()`, which no change of
 * the clock of this machine moves.
 */
export type ClockReading = {
  readonly mode: Mode;
  /** The emulated time, in ms since the epoch. */
  readonly timeMs: number;
  /** How far it was ahead of the machine of the emulator, in ms. */
  readonly offsetMs: number;
  /** When the page assumes that the clock was read: in the middle between question and answer. */
  readonly readAtMs: number;
  /** By how much that may be wrong: half of the round trip. */
  readonly errorMs: number;
};

/** The latest time of the emulator's clock, at which it stands still: 9999-12-31T23:59:59.999Z. */
const latestMs = 253_402_300_799_999;

/** Returns the reading of an answer. `askedAtMs` and `answeredAtMs` are times of the page. */
export function readingOf(clock: Clock, askedAtMs: number, answeredAtMs: number): ClockReading {
  return {
    mode: clock.mode,
    timeMs: msOf(clock.time),
    offsetMs: msOf(clock.offset),
    readAtMs: (askedAtMs + answeredAtMs) / 2,
    errorMs: (answeredAtMs - askedAtMs) / 2,
  };
}

/** Returns the emulated time at a time of the page, in ms since the epoch. */
export function emulatedMsAt({ mode, timeMs, readAtMs }: ClockReading, pageMs: number): number {
  return mode === Mode.FROZEN ? timeMs : Math.min(timeMs + pageMs - readAtMs, latestMs);
}

/** Returns how far the emulated time is ahead of the machine of the emulator, in ms: a frozen clock falls behind. */
export function offsetMsAt(reading: ClockReading, pageMs: number): number {
  return reading.mode === Mode.FROZEN
    ? Math.round(reading.offsetMs - (pageMs - reading.readAtMs))
    : reading.offsetMs;
}

/**
 * Returns the better of two readings: the newer one, unless both agree within their errors and the older one is more exact.
 * So the shown time neither jitters with the network nor goes back.
 */
export function betterReading(known: ClockReading | undefined, next: ClockReading): ClockReading {
  const isSet =
    known?.mode !== next.mode ||
    (next.mode === Mode.FROZEN ? known.timeMs !== next.timeMs : known.offsetMs !== next.offsetMs);
  if (isSet || known.errorMs > next.errorMs) {
    return next;
  }
  const expected = emulatedMsAt(known, next.readAtMs);
  // A time in whole ms is up to 1 ms early.
  const agrees = Math.abs(expected - next.timeMs) <= known.errorMs + next.errorMs + 1;
  return agrees ? known : next;
}

const reading = signal<ClockReading | undefined>(undefined);
const second = signal(wholeSecond());

/**
 * The emulated time in whole seconds, in ms since the epoch. It changes once a second while the clock runs and the page is
 * visible, and at once when the clock is set: what depends on the time is drawn again.
 */
export const emulatedSecond: ReadonlySignal<number> = second;

/** Returns the emulated time, in ms since the epoch; that of the browser until it is known. Not a signal. */
export function emulatedNow(): number {
  const known = reading.peek();
  return known === undefined ? Date.now() : Math.floor(emulatedMsAt(known, performance.now()));
}

/** Returns how far the emulated time is ahead of the machine of the emulator, in ms. Not a signal. */
export function emulatedOffset(): number {
  const known = reading.peek();
  return known === undefined ? 0 : offsetMsAt(known, performance.now());
}

/** Takes over what the emulator has said. */
export function noteReading(next: ClockReading): void {
  reading.value = betterReading(reading.peek(), next);
  second.value = wholeSecond();
}

/** Lets `emulatedSecond` tick until the returned function is called. */
export function startTicking(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tick = () => {
    second.value = wholeSecond();
    // The timer may be early by a fraction of a ms.
    timer = setTimeout(tick, 1_001 - (emulatedNow() % 1_000));
  };
  tick();
  return () => clearTimeout(timer);
}

function wholeSecond(): number {
  return Math.floor(emulatedNow() / 1_000) * 1_000;
}
