import { type FileHandle, open } from "node:fs/promises";
import { writeAll } from "./checkpoint-log.ts";

/** A file of lines that grows, whose length is part of the checkpoint: what is behind it does not count. */
export type Ledger = {
  /** Adds a line, in memory at first. */
  add(line: string | Uint8Array): void;
  /** Bytes that wait to be written. */
  waiting(): number;
  /** Writes what waits and resolves with the length of the file, when all of it is on disk. */
  flush(): Promise<number>;
  close(): Promise<void>;
};

const newline = Buffer.from("\n");

/** Opens a ledger of so many bytes and drops what is behind them. The file is made when there is a first line. */
export async function openLedger(path: string, length: number): Promise<Ledger> {
  let file: FileHandle | undefined;
  let written = length;
  let lines: Uint8Array[] = [];
  let waiting = 0;
  file = await open(path, "r+").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && length === 0) {
      return undefined;
    }
    throw error;
  });
  await file?.truncate(length);
  return {
    add(line) {
      // A copy: the line may be a view of a whole block of the input.
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
          file ??= await open(path, "wx+", 0o600);
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
