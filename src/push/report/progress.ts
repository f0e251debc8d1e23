import { grouped } from "./grouped-digits.ts";

/** Where a run is. */
export type ProgressState = {
  /** Records done, in this run as a whole. */
  readonly done: number;
  readonly rejected: number;
  /** The part of the input that was read, from 0 to 1, if its size is known. */
  readonly part: number | undefined;
};

/** Where progress is shown: standard error, or what a test puts in its place. */
export type ProgressStream = { isTTY?: boolean; write(text: string): unknown };

/** How often it is shown, in milliseconds. */
const terminalMs = 250;
const plainMs = 10_000;

/**
 * Shows how a run goes: on a terminal in one line that is written over, elsewhere in a line every ten seconds. Returns
 * how to end it, which leaves the terminal's line empty.
 */
export function showProgress(stream: ProgressStream, state: () => ProgressState): () => void {
  const isTerminal = stream.isTTY === true;
  const describe = createDescription(state(), performance.now());
  const timer = setInterval(
    () => {
      const line = describe(state(), performance.now());
      stream.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
    },
    isTerminal ? terminalMs : plainMs,
  );
  timer.unref();
  return () => {
    clearInterval(timer);
    if (isTerminal) {
      stream.write("\r\x1b[K");
    }
  };
}

/** How far back the shown rate looks, in milliseconds. */
const windowMs = 10_000;

/** Creates the words for a state: done, rate, errors, and how long it will take if it goes on so. */
export function createDescription(first: ProgressState, beganAt: number) {
  const past: { at: number; done: number }[] = [{ at: beganAt, done: first.done }];
  return ({ done, rejected, part }: ProgressState, now: number): string => {
    past.push({ at: now, done });
    while (past.length > 2 && now - (past[1]?.at ?? now) > windowMs) {
      past.shift();
    }
    const oldest = past[0] ?? { at: beganAt, done: 0 };
    const rate = now > oldest.at ? ((done - oldest.done) * 1000) / (now - oldest.at) : 0;
    const words = [
      `${grouped(done)} done`,
      `${grouped(Math.round(rate))}/s`,
      `${grouped(rejected)} rejected`,
    ];
    if (part !== undefined) {
      words.push(`${Math.floor(part * 100)} %`);
      const gained = part - (first.part ?? 0);
      if (gained > 0) {
        words.push(`${duration(((now - beganAt) * (1 - part)) / gained)} left`);
      }
    }
    return words.join(", ");
  };
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
