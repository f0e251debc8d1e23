import { type FileHandle, open } from "node:fs/promises";
import { openPrivateFile } from "../../contract/file-owner.ts";
import { writeAll } from "./checkpoint-log.ts";

/** An append-only file of lines. Its length is part of the checkpoint; bytes beyond that length are dropped. */
type AppendFile = {
  /** Adds a line in memory. */
  append(line: string | Uint8Array): void;
  /** Bytes that are not on disk yet. */
  waiting(): number;
  /** Writes all lines and resolves with the length of the file once they are on disk. Can be tried again. */
  flush(): Promise<number>;
  close(): Promise<void>;
};

const newline = Buffer.from("\n");

/** Opens a file and cuts it to `length` bytes. A new file is created with the first line, readable by its owner only. */
export async function openAppendFile(path: string, length: number): Promise<AppendFile> {
  let written = length;
  let lines: Uint8Array[] = [];
  let waiting = 0;
  let file: FileHandle | undefined = await open(path, "r+").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && length === 0) {
      return undefined;
    }
    throw error;
  });
  await file?.truncate(length);
  return {
    append(line) {
      // A copy, because the line may be a view of a whole block of the input.
      const bytes = Buffer.from(line);
      lines.push(bytes, newline);
      waiting += bytes.length + 1;
    },
    waiting: () => waiting,
    async flush() {
      if (waiting > 0) {
        const bytes = Buffer.concat(lines);
        lines = [];
        waiting = 0;
        try {
          file ??= await openPrivateFile(path, "wx+");
          await writeAll(file, bytes, written);
          await file.datasync();
        } catch (error) {
          lines.unshift(bytes);
          waiting += bytes.length;
          throw error;
        }
        written += bytes.length;
      }
      return written;
    },
    async close() {
      await file?.close();
    },
  };
}
