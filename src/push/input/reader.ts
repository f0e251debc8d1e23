import { createElementSplitter } from "./element-splitter.ts";
import { isArrayHead, isBlankHead } from "./format.ts";
import { type Input, InputError } from "./input.ts";
import { createLineSplitter, type Splitter } from "./line-splitter.ts";
import { type Position, type RawRecord, start } from "./record.ts";

/** How many bytes of white space are looked through for the beginning of an array. */
const mostBlank = 1024 * 1024;

/**
 * Reads an input, NDJSON or one JSON array, and yields its records in blocks, those behind `from` only. Memory does
 * not grow with the input. Where the input had to be read from its start, what is before `from` must still be the
 * same. Raises InputError.
 */
export async function* readRecords(input: Input, from: Position = start): AsyncGenerator<RawRecord[]> {
  let splitter: Splitter | undefined;
  let reached = input.from.index;
  for await (const chunk of withTextFirst(input.chunks)) {
    splitter ??=
      input.from.index === 0 && isArrayHead(chunk) ? createElementSplitter() : createLineSplitter(input.from);
    const records = splitter.push(chunk);
    yield* behind(records, reached, from);
    reached = records.at(-1)?.index ?? reached;
  }
  const rest = splitter?.end() ?? [];
  yield* behind(rest, reached, from);
  if ((rest.at(-1)?.index ?? reached) < from.index) {
    throw changed(from);
  }
}

/** Joins chunks until there is one that is not white space alone, for that tells the format. */
async function* withTextFirst(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    // Not for ever: nobody begins a file with more blank lines than this.
    if (head.length > mostBlank || !isBlankHead(head)) {
      yield head;
      head = undefined;
    }
  }
  if (head !== undefined && head.length > 0) {
    yield head;
  }
}

/** Yields the records behind `from`; those before must lead to it. `reached` is the last before these. */
function* behind(records: RawRecord[], reached: number, from: Position): Generator<RawRecord[]> {
  if (reached >= from.index) {
    if (records.length > 0) {
      yield records;
    }
    return;
  }
  const border = records.find(({ index }) => index === from.index);
  if (border !== undefined && (border.crc !== from.crc || border.end !== from.end)) {
    throw changed(from);
  }
  const left = records.filter(({ index }) => index > from.index);
  if (left.length > 0) {
    yield left;
  }
}

function changed({ index }: Position): InputError {
  return new InputError(
    `the input has changed: its first ${index} records are not those that this run has done. Push it as a new run`,
  );
}
