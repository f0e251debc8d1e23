import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { replaceSecret } from "../../auth/secret-file.ts";
import { openPrivateFile } from "../../contract/file-owner.ts";

/** A log of states. The last complete one is the current state. */
type CheckpointLog = {
  /** Resolves when the state is on disk. If it rejects, the previous state is still current. */
  append(state: object): Promise<void>;
  close(): Promise<void>;
};

/** Maximum size of the log in bytes; then a new one begins. */
const maxSize = 4 * 1024 * 1024;

const lineEnd = 0x0a;

/** A state and the offset of its end in the log. */
export type LoggedState = { readonly state: unknown; readonly end: number };

/** Encodes a state as a line: the CRC-32 of the JSON in hexadecimal, a space, the JSON. */
export function writeState(state: object): Buffer {
  const json = JSON.stringify(state);
  return Buffer.from(`${crc32(json).toString(16).padStart(8, "0")} ${json}\n`);
}

/** Returns the last complete state of a log. Ignores incomplete or damaged lines after it. */
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

/** Opens a log to append after `end`, the end of its last complete state. Drops everything after it. */
export async function openCheckpointLog(path: string, end: number): Promise<CheckpointLog> {
  let file: FileHandle = await open(path, "r+").catch(() => openPrivateFile(path, "wx+"));
  await file.truncate(end);
  let length = end;

  async function startNewFile(line: Buffer): Promise<void> {
    await replaceSecret(path, line);
    const fresh = await open(path, "r+");
    await file.close();
    file = fresh;
    length = line.length;
  }

  return {
    async append(state) {
      const line = writeState(state);
      if (length > maxSize) {
        return startNewFile(line);
      }
      // At an explicit offset, so that the next attempt overwrites half a line that a full disk has left.
      await writeAll(file, line, length);
      await file.datasync();
      length += line.length;
    },
    close: () => file.close(),
  };
}

/** Writes all bytes at an offset of a file, because one write may store only some of them. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
    written += bytesWritten;
  }
}
