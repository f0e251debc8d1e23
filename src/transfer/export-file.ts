import { constants, open, readFile } from "node:fs/promises";
import { replaceSecret } from "../auth/secret-file.ts";
import { isSystemError, messageOfFileError } from "../contract/file-error.ts";
import { openPrivateFile } from "../contract/file-owner.ts";
import { ExportError } from "./export-error.ts";
import { type ExportOptions, exportRecords, type SnapshotTime } from "./export-records.ts";
import { createRecordSum } from "./record-digest.ts";

/** Content of `<file>.manifest.json` beside an export: what an import verifies, and where the export resumes. */
type ExportManifest = {
  readonly snapshotTime: SnapshotTime;
  readonly count: number;
  /** See RecordSum. */
  readonly digest: string;
  /** Length of the described part of the file, in bytes. */
  readonly bytes: number;
  /** Resumes the scan. */
  readonly cursor: string | undefined;
  readonly complete: boolean;
};

/** Minimum time between two manifests of a running export, in ms. */
const manifestIntervalMs = 1_000;

const none: ExportManifest = {
  count: 0,
  digest: "0",
  bytes: 0,
  cursor: undefined,
  snapshotTime: null,
  complete: false,
};

/** Returns the manifest of an export, or undefined if it has none. */
export async function readManifest(file: string): Promise<ExportManifest | undefined> {
  try {
    return JSON.parse(await readFile(`${file}.manifest.json`, "utf8")) as ExportManifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw new ExportError(`${file}.manifest.json cannot be used: ${(error as Error).message}`);
  }
}

export type ExportFileOptions = Omit<ExportOptions, "write" | "sum" | "after"> & {
  file: string;
  /** Resumes an interrupted export of this file. A resumed export is not a snapshot. */
  resume: boolean;
};

/**
 * Exports a store to a file that only its owner can read, with a manifest that never describes more than the file
 * contains. Rejects with ExportError if the file exists without `resume`, or does not exist with it.
 */
export async function exportToFile(options: ExportFileOptions): Promise<ExportManifest> {
  const { file, resume } = options;
  const before = resume ? await readManifest(file) : none;
  if (before === undefined) {
    throw new ExportError(`${file} has no manifest: there is no export to resume`);
  }
  if (before.complete) {
    return before;
  }
  const output = await openFile(file, resume);
  const sum = createRecordSum(before);
  let manifest = before;
  let savedAt = performance.now();
  try {
    // Data written after the last manifest is exported again.
    await output.truncate(before.bytes);
    let bytes = before.bytes;
    const saveManifest = async (complete: boolean) => {
      await output.datasync();
      await replaceSecret(`${file}.manifest.json`, `${JSON.stringify({ ...manifest, complete })}\n`);
      savedAt = performance.now();
    };
    await saveManifest(false);
    const snapshotTime = await exportRecords({
      ...options,
      sum,
      snapshot: options.snapshot && before.cursor === undefined,
      after: before.cursor,
      async write(lines, cursor) {
        const text = Buffer.from(lines);
        await output.appendFile(text);
        bytes += text.length;
        manifest = { ...none, count: sum.count, digest: sum.digest, bytes, cursor };
        if (performance.now() - savedAt >= manifestIntervalMs) {
          await saveManifest(false);
        }
      },
    }).catch(async (error: unknown) => {
      // On a full disk this fails as well; then the previous manifest is valid.
      await saveManifest(false).catch(() => undefined);
      throw error;
    });
    manifest = { ...manifest, count: sum.count, digest: sum.digest, snapshotTime, complete: true };
    await saveManifest(true);
    return manifest;
  } catch (error) {
    if (!isSystemError(error)) {
      throw error;
    }
    throw new ExportError(
      `${file} cannot be written: ${messageOfFileError(error)}. Then continue the export with --resume, or remove the file and start again`,
      { cause: error },
    );
  } finally {
    await output.close();
  }
}

async function openFile(file: string, resume: boolean) {
  try {
    return resume
      ? await open(file, constants.O_WRONLY | constants.O_APPEND)
      : await openPrivateFile(file, "ax");
  } catch (error) {
    throw new ExportError(
      (error as NodeJS.ErrnoException).code === "EEXIST"
        ? `${file} already exists: continue that export with --resume, or choose another file`
        : `${file} cannot be written: ${messageOfFileError(error)}`,
    );
  }
}
