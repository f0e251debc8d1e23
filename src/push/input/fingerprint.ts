import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { whyUnreadable } from "../../contract/file-error.ts";
import { InputError } from "./input-error.ts";

/** Identifies the content of a file, to detect a change. */
export type Fingerprint = {
  /** Size of the file in bytes, compressed or not. */
  readonly size: number;
  /** When it was last written, in milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** SHA-256 of the whole file or, if it is large, of samples of it. */
  readonly digest: string;
  /** Whether the digest is of samples. */
  readonly sampled: boolean;
};

/** Files up to this size, in bytes, are read completely, which takes a tenth of a second. */
const defaultWholeSize = 64 * 1024 * 1024;

/** Samples of a larger file; together they are as long as the largest file that is read completely. */
const samples = 1024;

/** Returns the fingerprint of a file. Rejects with InputError. */
export async function fingerprintOf(file: string, wholeSize = defaultWholeSize): Promise<Fingerprint> {
  const sampleSize = wholeSize / samples;
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const { size, mtimeMs } = await handle.stat();
    const sampled = size > wholeSize;
    const hash = createHash("sha256");
    const count = sampled ? samples : Math.ceil(size / sampleSize);
    // The first and the last sample are the ends of the file.
    const step = sampled ? Math.floor((size - sampleSize) / (samples - 1)) : sampleSize;
    const buffer = Buffer.alloc(sampleSize);
    for (let index = 0; index < count; index++) {
      const at = sampled && index === count - 1 ? size - sampleSize : index * step;
      const { bytesRead } = await handle.read(buffer, 0, sampleSize, at);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return { size, mtimeMs, digest: hash.digest("hex"), sampled };
  } catch (error) {
    throw new InputError(`${file} ${whyUnreadable(error)}`);
  } finally {
    await handle?.close();
  }
}

/**
 * Describes how a file differs from its fingerprint, or returns `undefined` if it does not. Returns `"perhaps"` for a
 * large file that was written since and whose samples are equal: only a comparison of all its content can tell.
 */
export function differenceOf(was: Fingerprint, is: Fingerprint): string | "perhaps" | undefined {
  if (was.size !== is.size) {
    return `its size was ${was.size} bytes and is ${is.size}`;
  }
  if (was.digest !== is.digest) {
    return "its content is different";
  }
  return is.sampled && was.mtimeMs !== is.mtimeMs ? "perhaps" : undefined;
}
