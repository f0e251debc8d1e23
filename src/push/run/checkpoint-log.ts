import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

/** A log of states, each complete: the last one that was written whole is the state. */
export type CheckpointLog = {
  /** Resolves when the state is on disk. Rejects when it cannot be; the state before then stands. */
  append(state: object): Promise<void>;
  close(): Promise<void>;
};

/** How large the log may become, in bytes, before it is begun anew with its last state. */
const largest = 4 * 1024 * 1024;

const lineEnd = 0x0a;

/** A state and where it ends in the log. */
export type LoggedState = { readonly state: unknown; readonly end: number };

/** Writes a state as a line: its CRC-32 in hexadecimal, a blank, JSON. */
export function writeState(state: object): Buffer {
  const json = JSON.stringify(state);
  return Buffer.from(`${crc32(json).toString(16).padStart(8, "0")} ${json}\n`);
}

/** Returns the last state of a log that is whole. What a crash has torn off behind it does not count. */
export function readLastState(bytes: Buffer): LoggedState | undefined {
  let end = bytes.lastIndexOf(lineEnd);
  while (end !== -1) {
    const begin = end === 0 ? 0 : bytes.lastIndexOf(lineEnd, end - 1) + 1;
    const line = bytes.toString("utf8", begin, end);
    const json = line.slice(9);
    if (line[8] === " " && Number.parseInt(line.slice(0, 8), 16) === crc32(json)) {
      return { state: JSON.parse(json), end: end + 1 };
    }
    end = begin - 1;
  }
  return undefined;
}

/** Opens a log to go on behind `end`, the end of its last whole state; everything after it is dropped. */
export async function openCheckpointLog(path: string, end: number): Promise<CheckpointLog> {
  let file: FileHandle = await open(path, "r+").catch(() => open(path, "wx+", 0o600));
  await file.truncate(end);
  let length = end;

  async function beginAnew(line: Buffer): Promise<void> {
    const fresh = await open(`${path}.new`, "w", 0o600);
    try {
      await fresh.write(line);
      await fresh.sync();
      await rename(`${path}.new`, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      await fresh.close();
      throw error;
    }
    await file.close();
    file = fresh;
    length = line.length;
  }

  return {
    async append(state) {
      const line = writeState(state);
      if (length > largest) {
        return beginAnew(line);
      }
      // At its place, so that half a line which a full disk has left is written over by the next attempt.
      await writeAll(file, line, length);
      await file.datasync();
      length += line.length;
    },
    close: () => file.close(),
  };
}

/** Writes all bytes at a place of a file; a write may take only some of them. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
    written += bytesWritten;
  }
}

/** Makes new entries of a directory outlast a power loss, where the system can. */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    const entries = await open(directory, "r");
    await entries.sync().finally(() => entries.close());
  } catch {
    // Windows has no such thing.
  }
}
