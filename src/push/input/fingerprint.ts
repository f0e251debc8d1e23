import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { InputError } from "./input.ts";

/** What tells whether a file is still the one that it was. */
export type Fingerprint = {
  /** Bytes of the file as it is, compressed or not. */
  readonly size: number;
  /** When it was last written, in milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** SHA-256 of the whole file or, if it is large, of samples of it. */
  readonly digest: string;
  /** Whether the digest is of samples. */
  readonly sampled: boolean;
};

/** Up to this size, in bytes, a file is read as a whole: that takes a tenth of a second. */
export const wholeSize = 64 * 1024 * 1024;

const samples = 1024;
const sampleSize = wholeSize / samples;

/** Takes the fingerprint of a file. Raises InputError. */
export async function fingerprintOf(file: string): Promise<Fingerprint> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const { size, mtimeMs } = await handle.stat();
    const sampled = size > wholeSize;
    const hash = createHash("sha256");
    const count = sampled ? samples : Math.ceil(size / sampleSize);
    // The first and the last sample touch the ends of the file.
    const step = sampled ? Math.floor((size - sampleSize) / (samples - 1)) : sampleSize;
    const buffer = Buffer.alloc(sampleSize);
    for (let index = 0; index < count; index++) {
      const at = sampled && index === count - 1 ? size - sampleSize : index * step;
      const { bytesRead } = await handle.read(buffer, 0, sampleSize, at);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return { size, mtimeMs, digest: hash.digest("hex"), sampled };
  } catch (error) {
    throw new InputError(`${file} cannot be read: ${(error as Error).message}`);
  } finally {
    await handle?.close();
  }
}

/**
 * Says in which way a file is not the one that it was, or `undefined` if it is. Samples alone do not vouch for a large
 * file that was written since: `"perhaps"` asks for a look at all that was read of it.
 */
export function differenceOf(was: Fingerprint, is: Fingerprint): string | "perhaps" | undefined {
  if (was.size !== is.size) {
    return `it had ${was.size} bytes and has ${is.size}`;
  }
  if (was.digest !== is.digest) {
    return "its content is another";
  }
  return is.sampled && was.mtimeMs !== is.mtimeMs ? "perhaps" : undefined;
}
