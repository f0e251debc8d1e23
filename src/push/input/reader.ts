import type { Input } from "./input.ts";
import { InputError } from "./input-error.ts";
import { type Position, type RawRecord, start } from "./record.ts";

/**
 * Reads an input and yields the records after `from` in blocks, which are empty as long as no record ends. Memory does not
 * grow with the input. If the input is read from its start, its content up to `from` must be unchanged. Rejects with
 * InputError.
 */
export async function* readRecords(input: Input, from: Position = start): AsyncGenerator<RawRecord[]> {
  const { splitter } = input;
  let reached = input.from.index;
  for await (const chunk of input.chunks) {
    const records = splitter.push(chunk);
    yield* recordsAfter(records, reached, from);
    reached = records.at(-1)?.index ?? reached;
  }
  const rest = splitter.end();
  yield* recordsAfter(rest, reached, from);
  if ((rest.at(-1)?.index ?? reached) < from.index) {
    throw changed(from);
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
