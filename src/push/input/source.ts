import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { whyUnreadable } from "../../contract/file-error.ts";
import { InputError } from "./input-error.ts";

/** The bytes of an input, as they are stored or sent. */
export type Source = {
  /** For messages: the path, or `standard input`. */
  readonly name: string;
  readonly stream: Readable;
  /** Fraction that was read, from 0 to 1; undefined if the size is not known. */
  part(): number | undefined;
};

/** Size of a read, in bytes. */
export const blockSize = 64 * 1024;

/** Other names of standard input. They are not opened, because a socket cannot be opened by its name. */
const standardInput = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/** Whether a name stands for standard input. */
export function isStandardInput(file: string): boolean {
  return standardInput.includes(file);
}

/**
 * Returns whether a file can be read at any place and twice. Pipes cannot: standard input, named pipes, and `<(command)`.
 * Rejects with InputError.
 */
export async function isSeekable(file: string): Promise<boolean> {
  if (isStandardInput(file)) {
    return false;
  }
  const found = await stat(file).catch((error) => {
    throw unreadable(file, error);
  });
  if (found.isDirectory()) {
    throw new InputError(`${file} is a directory: pass a file`);
  }
  return found.isFile();
}

/** Opens an input, a seekable one at an offset. Rejects with InputError. */
export async function openSource(file: string, offset = 0): Promise<Source> {
  if (isStandardInput(file)) {
    return { name: "standard input", stream: process.stdin, part: () => undefined };
  }
  const canSeek = await isSeekable(file);
  const handle = await open(file).catch((error) => {
    throw unreadable(file, error);
  });
  const { size } = await handle.stat();
  const stream = createReadStream(file, {
    fd: handle,
    highWaterMark: blockSize,
    // A pipe has no offsets.
    ...(canSeek && { start: offset }),
  });
  const part = () => (size === 0 ? 1 : Math.min(1, (offset + stream.bytesRead) / size));
  return { name: file, stream, part: canSeek ? part : () => undefined };
}

/** Returns the first bytes of a seekable file, at most 4,096. Rejects with InputError. */
export async function readHead(file: string): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): InputError {
  return new InputError(`${file} ${whyUnreadable(error)}`);
}
