import { pipeline, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { blockSize } from "../source.ts";
import { prepend, withHead } from "./chunks.ts";

/** Formats that are decompressed, by their first bytes. */
const compressions: readonly { readonly magic: Buffer; readonly create: () => Transform }[] = [
  { magic: Buffer.from("1f8b", "hex"), create: () => createGunzip({ chunkSize: blockSize }) },
  { magic: Buffer.from("28b52ffd", "hex"), create: () => createZstdDecompress({ chunkSize: blockSize }) },
];

/** Bytes that tell every format. */
const magicSize = 4;

/** Whether an input with these first bytes is compressed, in a format that is decompressed. */
export function isCompressed(head: Uint8Array): boolean {
  return compressionOf(head) !== undefined;
}

/** Decompresses gzip and Zstandard, and yields everything else as it is. Rejects with the error of the decompression. */
export async function* decompress(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const blocks = withHead(chunks, magicSize);
  const first = await blocks.next();
  if (first.done) {
    return;
  }
  const all = prepend(first.value, blocks);
  const compression = compressionOf(first.value);
  if (compression === undefined) {
    yield* all;
    return;
  }
  const decompressed = compression.create();
  // The iteration reports errors; no need to report them twice.
  pipeline(all, decompressed, () => undefined);
  yield* decompressed as AsyncIterable<Buffer>;
}

function compressionOf(head: Uint8Array) {
  return compressions.find(({ magic }) => magic.equals(head.subarray(0, magic.length)));
}
