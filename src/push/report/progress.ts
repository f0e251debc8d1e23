import { shortenText } from "../../contract/field-violation.ts";
import { grouped } from "./grouped-digits.ts";

/** Progress of a run. */
type ProgressState = {
  /** Records done since the run began, including earlier processes. */
  readonly done: number;
  readonly rejected: number;
  /** Fraction of the input that was read, from 0 to 1, if its size is known. */
  readonly part: number | undefined;
  /** For how long no request has succeeded, in milliseconds, and why. */
  readonly waiting?: { readonly ms: number; readonly reason: string } | undefined;
};

/** Where progress is written: standard error, or a replacement in tests. */
export type ProgressStream = { isTTY?: boolean; columns?: number; write(text: string): unknown };

/** How often progress is written, in milliseconds. */
const terminalMs = 250;
const plainMs = 10_000;

/** How often to look whether a line is due that is not on a terminal, in milliseconds. */
const checkMs = 1_000;

/** Waiting is shown from this many milliseconds on. */
const noticeableMs = 2_000;

/**
 * Shows progress: on a terminal in one line that is overwritten, elsewhere in a new line every 10 s, and as soon as the run
 * has been waiting for 2 s. Returns a function that ends it and clears the line of the terminal.
 */
export function showProgress(stream: ProgressStream, state: () => ProgressState): () => void {
  const isTerminal = stream.isTTY === true;
  const write = createProgress(stream, state(), performance.now());
  const timer = setInterval(() => write(state(), performance.now()), isTerminal ? terminalMs : checkMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (isTerminal) {
      stream.write("\r\x1b[K");
    }
  };
}

/** Creates the function that writes a line of progress, if one is due. Times are in milliseconds from any point in time. */
export function createProgress(stream: ProgressStream, first: ProgressState, beganAt: number) {
  const describe = createProgressText(first, beganAt);
  let writtenAt = beganAt;
  let wasWaiting = false;
  return function write(state: ProgressState, now: number): void {
    if (stream.isTTY) {
      const line = describe(state, now);
      // A line that is wrapped would not be overwritten.
      stream.write(`\r\x1b[K${stream.columns ? shortenText(line, stream.columns - 1) : line}`);
      return;
    }
    const isWaiting = isNoticeable(state);
    if (now - writtenAt >= plainMs || (isWaiting && !wasWaiting)) {
      stream.write(`${describe(state, now)}\n`);
      writtenAt = now;
    }
    wasWaiting = isWaiting;
  };
}

function isNoticeable({ waiting }: ProgressState): boolean {
  return waiting !== undefined && waiting.ms >= noticeableMs;
}

/** The rate is measured over this time, in milliseconds. */
const windowMs = 10_000;

/** Creates the function that describes progress: records done, rate, rejections, and the time left at this rate. */
export function createProgressText(first: ProgressState, beganAt: number) {
  const past: { at: number; done: number }[] = [{ at: beganAt, done: first.done }];
  return (state: ProgressState, now: number): string => {
    const { done, rejected, part, waiting } = state;
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
      if (gained > 0 && !isNoticeable(state)) {
        words.push(`${duration(((now - beganAt) * (1 - part)) / gained)} left`);
      }
    }
    if (waiting !== undefined && isNoticeable(state)) {
      words.push(`waiting ${duration(waiting.ms)}: ${waiting.reason}`);
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
