import { constants, fstatSync, openSync, write, writeSync } from "node:fs";

/** Writes lines without ever waiting for their reader or for space on the disk. */
export type LogOutput = {
  /** Drops the line if too many others wait. */
  write(line: string): void;
  /** Lines dropped since the start. */
  dropped(): number;
  /** Resolves when all lines are written, or cannot be written soon. */
  flush(): Promise<void>;
};

/** Bytes that wait for a slow reader or a full disk; further lines are dropped, because the log must not stop the server. */
const maxWaitingBytes = 16 * 1024 * 1024;

/** Time after a failed write until the next attempt, in ms. The reader of a full pipe may continue at any moment. */
const retryMs = { full: 10, failed: 100 };

/** Time in which lines are gathered for one write, in ms: each write occupies two threads for longer than a line takes. */
const gatherMs = 5;

/** How long a stopping server tries to write its last lines, in ms. */
const flushMs = 500;

/**
 * Creates the output to an open file. `unblock` switches it to non-blocking mode, which other processes may change. A write
 * that blocks would occupy a thread, and the process could not end.
 */
export function createLogOutput(file: number, unblock: () => void = () => undefined): LogOutput {
  let lines: string[] = [];
  let waitingBytes = 0;
  /** What the running write has not written yet. */
  let rest = Buffer.alloc(0);
  let restLines = 0;
  /** Whether a write runs or is to come: soon, or again because it has failed. */
  let busy = false;
  let isWriting = false;
  let dropped = 0;
  let written = Promise.withResolvers<void>();

  function takeLines(): void {
    rest = Buffer.from(lines.join(""));
    restLines = lines.length;
    lines = [];
  }

  function writeOn(): void {
    if (rest.length === 0) {
      takeLines();
    }
    busy = rest.length > 0;
    isWriting = busy;
    if (busy) {
      unblock();
      write(file, rest, settle);
    } else {
      written.resolve();
      written = Promise.withResolvers();
    }
  }

  function settle(error: NodeJS.ErrnoException | null, count: number): void {
    isWriting = false;
    if (error === null) {
      waitingBytes -= count;
      rest = rest.subarray(count);
      writeOn();
      return;
    }
    if (error.code === "EPIPE") {
      // There is no reader any longer.
      dropped += restLines + lines.length;
      lines = [];
      rest = Buffer.alloc(0);
      waitingBytes = 0;
    }
    // The disk may have space later, and the reader continue. Does not keep the process alive.
    setTimeout(writeOn, error.code === "EAGAIN" ? retryMs.full : retryMs.failed).unref();
  }

  process.once("exit", () => {
    if (isWriting) {
      // The process ends after the running write.
      rest = Buffer.alloc(0);
    }
    try {
      while (rest.length > 0 || lines.length > 0) {
        if (rest.length === 0) {
          takeLines();
        }
        unblock();
        rest = rest.subarray(writeSync(file, rest));
      }
    } catch {
      // The lines are lost.
    }
  });

  return {
    write(line) {
      const bytes = Buffer.byteLength(line);
      if (waitingBytes + bytes > maxWaitingBytes) {
        dropped += 1;
        return;
      }
      lines.push(line);
      waitingBytes += bytes;
      if (!busy) {
        busy = true;
        setTimeout(writeOn, gatherMs);
      }
    },
    dropped: () => dropped,
    async flush() {
      if (busy) {
        const late = Promise.withResolvers<void>();
        const timer = setTimeout(late.resolve, flushMs);
        await Promise.race([written.promise, late.promise]);
        clearTimeout(timer);
      }
    },
  };
}

let standardError: LogOutput | undefined;

/** Returns the output to standard error, the same one for all logs of the process. */
export function standardErrorOutput(): LogOutput {
  standardError ??= openStandardError();
  return standardError;
}

function openStandardError(): LogOutput {
  const pipe = reopenPipe();
  if (pipe !== undefined) {
    return createLogOutput(pipe);
  }
  // Sockets cannot be opened again, so all processes share one mode. Node sets it to blocking when it starts a worker, and
  // when a worker ends. Files and terminals have no such handle.
  const { _handle: handle } = process.stderr as { _handle?: { setBlocking?(isBlocking: boolean): void } };
  return createLogOutput(2, () => handle?.setBlocking?.(false));
}

/** Opens the pipe of standard error again, with a mode of its own. Returns undefined if it is none, or the system refuses. */
function reopenPipe(): number | undefined {
  try {
    return fstatSync(2).isFIFO()
      ? openSync("/proc/self/fd/2", constants.O_WRONLY | constants.O_NONBLOCK)
      : undefined;
  } catch {
    return undefined;
  }
}
