/** Yields the same bytes, the first ones in one chunk of at least `size` bytes, or all of them if there are fewer. */
export async function* withHead(chunks: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length >= size) {
      yield head;
      head = undefined;
    }
  }
  if (head !== undefined && head.length > 0) {
    yield head;
  }
}

/** Yields a chunk before others. */
export async function* prepend(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}
