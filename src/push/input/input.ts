import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { isArrayHead } from "./format.ts";
import { type Position, start } from "./record.ts";

/** Raised when an input cannot be read, or is not what it was; the message says what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** An input, open. */
export type Input = {
  /** The decompressed bytes, from `from` on. Rejects with InputError. */
  readonly chunks: AsyncIterable<Buffer>;
  readonly from: Position;
  /** The part of the input that was read so far, from 0 to 1; undefined where its size is not known. */
  part(): number | undefined;
};

/** How much is read at once, in bytes. */
const blockSize = 64 * 1024;

/**
 * Opens a file, or `-` for standard input; what is gzip is decompressed, whatever its name. Reading begins at `from`
 * where that can be found without reading what is before it: in a file of lines. Otherwise it begins at the start.
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
  const head = first.value as Buffer;
  if (!isGzip(head)) {
    yield head;
    yield* blocks as AsyncIterable<Buffer>;
    return;
  }
  const gunzip = createGunzip({ chunkSize: blockSize });
  // Errors come out of the iteration; here they would come twice.
  pipeline(prepend(head, blocks), gunzip, () => undefined);
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
        ? `${name} is damaged: its compressed data do not decompress (${message}); what was before has been read`
        : `${name} cannot be read: ${message}`,
    );
  }
}
