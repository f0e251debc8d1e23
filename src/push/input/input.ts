import type { Mapping } from "./csv/mapping.ts";
import { openCsv } from "./csv/open-csv.ts";
import { createElementSplitter } from "./element-splitter.ts";
import { InputError } from "./input-error.ts";
import { createLineSplitter, type Splitter } from "./line-splitter.ts";
import type { RecordOptions } from "./push-request.ts";
import { type Position, start } from "./record.ts";
import { isSeekable, openSource, readHead, type Source } from "./source.ts";
import { prepend } from "./text/chunks.ts";
import { decompress, isCompressed } from "./text/decompress.ts";
import { toUtf8, utf16Of } from "./text/encoding.ts";
import { isArrayHead } from "./text/format.ts";
import { recognizeFormat } from "./text/recognize.ts";

/** An open input whose format is known. */
export type Input = {
  /** The bytes after `from`, decompressed and in UTF-8. Rejects with InputError. */
  readonly chunks: AsyncIterable<Buffer>;
  readonly from: Position;
  readonly splitter: Splitter;
  /** Fraction of the input that was read, from 0 to 1; undefined if its size is not known. */
  part(): number | undefined;
  /** Stops reading. A pipe that is open keeps the process alive. */
  close(): void;
};

/**
 * Opens a file, a pipe, or standard input for `-`, and recognizes its format. Decompresses gzip and Zstandard and decodes
 * UTF-16, whatever the name of the file. Reading begins at `from` in an uncompressed file of lines, and otherwise at the
 * start. Rejects with InputError.
 */
export async function openInput(
  file: string,
  options: RecordOptions = {},
  from: Position = start,
): Promise<Input> {
  const begin = from.index > 0 && options.mapping === undefined && (await canSkipTo(file)) ? from : start;
  const source = await openSource(file, begin.end);
  try {
    return await inputOf(source, options, begin);
  } catch (error) {
    source.stream.destroy();
    throw error;
  }
}

/** Whether the records of a file can be read from a place in the middle. */
async function canSkipTo(file: string): Promise<boolean> {
  if (!(await isSeekable(file))) {
    return false;
  }
  const head = await readHead(file);
  return !isCompressed(head) && utf16Of(head) === undefined && !isArrayHead(head);
}

/**
 * Reads the beginning of an input, as far as its format requires, and returns it as a whole. Rejects with InputError.
 *
 * @param from - Where the source begins: in lines, or at the start.
 */
export async function inputOf(
  source: Source,
  options: RecordOptions = {},
  from: Position = start,
): Promise<Input> {
  const blocks = source.stream.iterator({ destroyOnReturn: true }) as AsyncGenerator<Buffer>;
  const texts = named(source.name, toUtf8(decompress(blocks), options.mapping?.encoding));
  const { part } = source;
  const close = () => void source.stream.destroy();
  if (from.index > 0) {
    return { chunks: texts, from, splitter: createLineSplitter(from), part, close };
  }
  const { mapping } = options;
  let head = Buffer.alloc(0);
  let isWhole = false;
  for (;;) {
    const recognized = recognizeFormat(head, isWhole, {
      hasMapping: mapping !== undefined,
      userKeyField: options.userKeyField,
    });
    if (recognized !== undefined && "problem" in recognized) {
      throw new InputError(`${source.name} ${recognized.problem}`);
    }
    if (recognized?.format === "csv") {
      const csv = openCsv(head, isWhole, mapping as Mapping, options);
      if (csv !== undefined && "problem" in csv) {
        throw new InputError(`${source.name} ${csv.problem}`);
      }
      if (csv !== undefined) {
        const chunks = prepend(head.subarray(csv.headerSize), texts);
        return { chunks, from, splitter: csv.splitter, part, close };
      }
    } else if (recognized !== undefined) {
      const splitter = recognized.format === "array" ? createElementSplitter() : createLineSplitter(start);
      return { chunks: head.length === 0 ? texts : prepend(head, texts), from, splitter, part, close };
    }
    const next = await texts.next();
    isWhole = next.done === true;
    head = next.done ? head : Buffer.concat([head, next.value]);
  }
}

async function* named(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(
      /^(Z_|ZSTD_)/.test(code ?? "")
        ? `${name} is damaged: it cannot be decompressed beyond this point (${message})`
        : `${name} cannot be read: ${message}`,
    );
  }
}
