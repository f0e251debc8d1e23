import { createElementSplitter } from "./element-splitter.ts";
import { isArrayHead, isBlankHead } from "./format.ts";
import { type Input, InputError } from "./input.ts";
import { createLineSplitter, type Splitter } from "./line-splitter.ts";
import { type Position, type RawRecord, start } from "./record.ts";

/** Maximum white space before the beginning of an array, in bytes. */
const maxBlank = 1024 * 1024;

/**
 * Reads an input, NDJSON or one JSON array, and yields the records after `from` in blocks, which are empty as long as no
 * record ends. Memory does not grow with the input. If the input is read from its start, its content up to `from` must be unchanged. Rejects with InputError.
 */
export async function* readRecords(input: Input, from: Position = start): AsyncGenerator<RawRecord[]> {
  let splitter: Splitter | undefined;
  let reached = input.from.index;
  for await (const chunk of withTextFirst(input.chunks)) {
    splitter ??=
      input.from.index === 0 && isArrayHead(chunk) ? createElementSplitter() : createLineSplitter(input.from);
    const records = splitter.push(chunk);
    yield* recordsAfter(records, reached, from);
    reached = records.at(-1)?.index ?? reached;
  }
  const rest = splitter?.end() ?? [];
  yield* recordsAfter(rest, reached, from);
  if ((rest.at(-1)?.index ?? reached) < from.index) {
    throw changed(from);
  }
}

/** Joins the first chunks until there is more than white space, because that tells the format. */
async function* withTextFirst(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    // Bounded, so that memory does not grow with blank lines.
    if (head.length > maxBlank || !isBlankHead(head)) {
      yield head;
      head = undefined;
    }
  }
  if (head !== undefined && head.length > 0) {
    yield head;
  }
}

/** Yields the records after `from` and checks those before. `reached` is the number of the last record before these. */
function* recordsAfter(records: RawRecord[], reached: number, from: Position): Generator<RawRecord[]> {
  if (reached >= from.index) {
    yield records;
    return;
  }
  const border = records.find(({ index }) => index >= from.index);
  if (
    border !== undefined &&
    (border.index > from.index || border.crc !== from.crc || border.end !== from.end)
  ) {
    throw changed(from);
  }
  yield records.filter(({ index }) => index > from.index);
}

function changed({ index }: Position): InputError {
  return new InputError(
    `the input has changed: its first ${index} records are not those that this run has pushed. Push it as a new run`,
  );
}
