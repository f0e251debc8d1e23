import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { access, constants, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { syncDirectory } from "../auth/secret-file.ts";
import { isSystemError, messageOfFileError } from "../contract/file-error.ts";
import { openPrivateFile } from "../contract/file-owner.ts";
import { ExportError } from "./export-error.ts";
import { type ExportOptions, exportRecords } from "./export-records.ts";
import { createRecordSum } from "./record-digest.ts";

/** Rejects with ExportError if a file cannot be replaced by an export, as far as can be known beforehand. */
export async function requireReplaceable(file: string): Promise<void> {
  await orExportError(file, async () => {
    const target = await targetOf(file);
    await access(dirname(target), constants.W_OK | constants.X_OK);
  });
}

/**
 * Exports a store to a file that only its owner can read. The file has its old content, or all of the new: a failed export
 * changes nothing. Returns the number of records. Rejects with ExportError.
 */
export async function replaceExport({
  file,
  ...options
}: Pick<ExportOptions, "store" | "rules"> & { file: string }): Promise<number> {
  return orExportError(file, async () => {
    const target = await targetOf(file);
    const draft = `${target}.${randomUUID()}`;
    const removeDraft = () => rmSync(draft, { force: true });
    // A second signal ends the process at once.
    process.once("exit", removeDraft);
    try {
      const sum = createRecordSum();
      const output = await openPrivateFile(draft, "wx");
      try {
        const write = (lines: string) => output.appendFile(lines);
        await exportRecords({ ...options, snapshot: false, sum, write });
        await output.sync();
      } finally {
        await output.close();
      }
      // That of an earlier export describes other records.
      await rm(`${target}.manifest.json`, { force: true });
      await rename(draft, target);
      await syncDirectory(dirname(target));
      return sum.count;
    } finally {
      removeDraft();
      process.off("exit", removeDraft);
    }
  });
}

/** Returns the file that a path leads to: a symbolic link must stay one. Rejects if it is not a regular file. */
async function targetOf(file: string): Promise<string> {
  const target = await realpath(file).catch(() => resolve(file));
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined && !found.isFile()) {
    throw new ExportError(`${file} is not a regular file, so it cannot be replaced: choose another file`);
  }
  return target;
}

async function orExportError<Result>(file: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw isSystemError(error)
      ? new ExportError(
          `the records cannot be exported to ${file}, which is unchanged: ${messageOfFileError(error)}`,
          { cause: error },
        )
      : error;
  }
}
