import { open, readFile, rename, writeFile } from "node:fs/promises";
import type { Clock } from "../contract/clock.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import type { PlanStore } from "../store/plan-store.ts";
import { ExportError, type ExportMoment, exportRecords } from "./export-records.ts";
import { createRecordSum } from "./record-digest.ts";

/** What is written down beside an export, in `<file>.manifest.json`: what an import checks, and where to go on. */
export type ExportManifest = ExportMoment & {
  readonly count: number;
  /** See RecordSum. */
  readonly digest: string;
  /** Length of the file that this is about, in bytes; what is behind was written and not yet counted. */
  readonly bytes: number;
  /** Where the scan goes on. */
  readonly cursor: string | undefined;
  readonly complete: boolean;
};

/** Least time between two notes of how far an export has come, in ms. */
const noteEveryMs = 1_000;

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

export type ExportFileOptions = {
  store: PlanStore;
  rules: ContractRules;
  file: string;
  /** Goes on with what an export that was interrupted left of the file. */
  resume: boolean;
  /** Whether all records are to be as of one moment. Those of an export that was interrupted cannot be. */
  snapshot: boolean;
  signal?: AbortSignal | undefined;
  /** Says when the snapshot was taken. Defaults to the machine's clock. */
  clock?: Clock | undefined;
};

/**
 * Exports a store to a file for the owner alone, with a manifest that is never ahead of it. Rejects with ExportError
 * if the file is there and `resume` is not set, or the other way round.
 */
export async function exportToFile(options: ExportFileOptions): Promise<ExportManifest> {
  const { store, rules, file, resume, signal } = options;
  const before = resume ? await readManifest(file) : none;
  if (before === undefined) {
    throw new ExportError(`${file} has no manifest: there is nothing to go on with`);
  }
  if (before.complete) {
    return before;
  }
  const output = await openFile(file, resume);
  const sum = createRecordSum(before);
  let manifest = before;
  let notedAt = performance.now();
  try {
    // What was written after the last note is written again.
    await output.truncate(before.bytes);
    let bytes = before.bytes;
    const note = async (complete: boolean) => {
      await output.datasync();
      await replace(`${file}.manifest.json`, JSON.stringify({ ...manifest, complete }));
      notedAt = performance.now();
    };
    await note(false);
    const { snapshotTime } = await exportRecords({
      store,
      rules,
      sum,
      snapshot: options.snapshot && before.cursor === undefined,
      after: before.cursor,
      signal,
      clock: options.clock,
      async write(lines, cursor) {
        const text = Buffer.from(lines);
        for (let done = 0; done < text.length; ) {
          done += (await output.write(text, done, undefined, bytes + done)).bytesWritten;
        }
        bytes += text.length;
        manifest = { ...none, count: sum.count, digest: sum.digest, bytes, cursor };
        if (performance.now() - notedAt >= noteEveryMs) {
          await note(false);
        }
      },
    }).catch(async (error: unknown) => {
      // On a full disk this fails as well; then the note before it holds.
      await note(false).catch(() => undefined);
      throw error;
    });
    manifest = { ...manifest, count: sum.count, digest: sum.digest, snapshotTime, complete: true };
    await note(true);
    return manifest;
  } finally {
    await output.close();
  }
}

async function openFile(file: string, resume: boolean) {
  try {
    return await open(file, resume ? "r+" : "wx", 0o600);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ExportError(
      code === "EEXIST"
        ? `${file} is there already: go on with it by --resume, or choose another`
        : `${file} cannot be written: ${message}`,
    );
  }
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, `${text}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}
