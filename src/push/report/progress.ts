import { grouped } from "./grouped-digits.ts";

/** Progress of a run. */
type ProgressState = {
  /** Records done since the run began, including earlier processes. */
  readonly done: number;
  readonly rejected: number;
  /** Fraction of the input that was read, from 0 to 1, if its size is known. */
  readonly part: number | undefined;
};

/** Where progress is written: standard error, or a replacement in tests. */
export type ProgressStream = { isTTY?: boolean; write(text: string): unknown };

/** How often progress is written, in milliseconds. */
const terminalMs = 250;
const plainMs = 10_000;

/**
 * Shows progress: on a terminal in one line that is overwritten, elsewhere in a new line every 10 s. Returns a function
 * that ends it and clears the line of the terminal.
 */
export function showProgress(stream: ProgressStream, state: () => ProgressState): () => void {
  const isTerminal = stream.isTTY === true;
  const describe = createProgressText(state(), performance.now());
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

/** The rate is measured over this time, in milliseconds. */
const windowMs = 10_000;

/** Creates the function that describes progress: records done, rate, rejections, and the time left at this rate. */
export function createProgressText(first: ProgressState, beganAt: number) {
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
