import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { isArrayHead } from "./format.ts";
import { type Position, start } from "./record.ts";

/** Raised when an input cannot be read or has changed. The message says what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** An open input. */
export type Input = {
  /** The decompressed bytes after `from`. Rejects with InputError. */
  readonly chunks: AsyncIterable<Buffer>;
  readonly from: Position;
  /** Fraction of the input that was read, from 0 to 1; undefined if its size is not known. */
  part(): number | undefined;
};

/** Size of a read, in bytes. */
const blockSize = 64 * 1024;

/**
 * Opens a file, or standard input for `-`. Decompresses gzip, whatever the name of the file. Reading begins at `from` in
 * an uncompressed file of lines, and otherwise at the start.
 */
export async function openInput(file: string, from: Position = start): Promise<Input> {
  if (file === "-") {
    return { chunks: named("standard input", decompress(process.stdin)), from: start, part: () => undefined };
  }
  const { head, size } = await readHead(file);
  const canSeek = !isGzip(head) && !isArrayHead(head);
  const begin = canSeek ? from : start;
  const stream = createReadStream(file, { start: begin.end, highWaterMark: blockSize });
  return {
    chunks: named(file, decompress(stream)),
    from: begin,
    part: () => (size === 0 ? 1 : Math.min(1, (begin.end + stream.bytesRead) / size)),
  };
}

async function readHead(file: string): Promise<{ head: Buffer; size: number }> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      return { head: buffer.subarray(0, bytesRead), size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new InputError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function* decompress(source: Readable): AsyncGenerator<Buffer> {
  const blocks = source.iterator({ destroyOnReturn: true });
  const first = await blocks.next();
  if (first.done) {
    return;
  }
  const all = prepend(first.value as Buffer, blocks);
  if (!isGzip(first.value)) {
    yield* all;
    return;
  }
  const gunzip = createGunzip({ chunkSize: blockSize });
  // The iteration reports errors; no need to report them twice.
  pipeline(all, gunzip, () => undefined);
  yield* gunzip as AsyncIterable<Buffer>;
}

async function* prepend(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

async function* named(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(
      code?.startsWith("Z_")
        ? `${name} is damaged: it cannot be decompressed beyond this point (${message})`
        : `${name} cannot be read: ${message}`,
    );
  }
}
