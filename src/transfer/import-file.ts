import { open } from "node:fs/promises";
import { whyUnreadable } from "../contract/file-error.ts";
import { readManifest } from "./export-file.ts";
import { ImportFileError } from "./import-file-error.ts";
import { type ImportOptions, type ImportReport, importRecords } from "./import-records.ts";
import { createRecordSum } from "./record-digest.ts";

export type ImportFileOptions = Omit<ImportOptions, "lines" | "sum"> & {
  /** Output of `mdps export`; `-` for standard input. */
  file: string;
};

/** What an import has read and stored. */
export type ImportedFile = ImportReport & {
  /** Number of records in the file. */
  readonly count: number;
  /** See RecordSum. */
  readonly digest: string;
  /** Why the file is not what its manifest describes; undefined if it is, or has none. */
  readonly mismatch: string | undefined;
};

/**
 * Puts the records of an exported file into a store, see `importRecords`. Rejects with ImportFileError if the file cannot
 * be read or is an incomplete export, and with ImportError for an invalid line.
 */
export async function importFile({ file, ...options }: ImportFileOptions): Promise<ImportedFile> {
  const manifest = file === "-" ? undefined : await readManifest(file);
  if (manifest !== undefined && !manifest.complete) {
    throw new ImportFileError(
      `${file} is an incomplete export; complete it with: mdps export ${file} --resume`,
    );
  }
  const sum = createRecordSum();
  const input = file === "-" ? process.stdin : (await openInput(file)).createReadStream();
  const report = await importRecords({ ...options, lines: linesOf(input.setEncoding("utf8")), sum });
  const { count, digest } = sum;
  const isOther = manifest !== undefined && (manifest.count !== count || manifest.digest !== digest);
  const mismatch = isOther
    ? `${file} does not match its manifest, which has ${manifest.count} records, digest ${manifest.digest}`
    : undefined;
  return { ...report, count, digest, mismatch };
}

async function openInput(file: string) {
  try {
    return await open(file);
  } catch (error) {
    throw new ImportFileError(`${file} ${whyUnreadable(error)}`);
  }
}

/** Longest line, in characters: more than any record has. */
const maxLineLength = 16 * 1024 * 1024;

/** Splits a stream into blocks of lines. Unlike `node:readline`, it fails if the stream does. */
async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = "";
  let complete = 0;
  for await (const text of texts) {
    const [first = "", ...lines] = text.split("\n");
    const last = lines.pop();
    if (last === undefined) {
      rest += first;
    } else {
      complete += 1 + lines.length;
      yield [rest + first];
      yield lines;
      rest = last;
    }
    if (rest.length > maxLineLength) {
      throw new ImportFileError(
        `line ${complete + 1} is longer than ${maxLineLength} characters, so it is not a line of an export`,
      );
    }
  }
  yield [rest];
}
