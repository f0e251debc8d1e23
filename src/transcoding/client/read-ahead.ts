/**
 * Yields the decompressed chunks of a body. Reads up to `maxAheadBytes` ahead of a slow caller: when a connection breaks,
 * platforms drop what has arrived and was not read, and the error of the server may be in it. Uses a reader because not
 * every browser can iterate over a stream.
 */
export async function* chunksOf(response: Response, maxAheadBytes: number): AsyncGenerator<Uint8Array> {
  if (response.body === null) {
    return;
  }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const arrived: Uint8Array[] = [];
  let ahead = 0;
  let end: { readonly failed: boolean; readonly cause?: unknown } | undefined;
  let wakeCaller = () => {};
  let wakeReader = () => {};

  async function readAhead(): Promise<void> {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        arrived.push(next.value);
        ahead += next.value.length;
        wakeCaller();
        if (ahead > maxAheadBytes) {
          await new Promise<void>((resolve) => {
            wakeReader = resolve;
          });
        }
      }
      end = { failed: false };
    } catch (cause) {
      end = { failed: true, cause };
    }
    wakeCaller();
  }

  void readAhead();
  try {
    for (;;) {
      const chunk = arrived.shift();
      if (chunk !== undefined) {
        ahead -= chunk.length;
        yield chunk;
      } else if (end?.failed) {
        throw end.cause;
      } else if (end !== undefined) {
        return;
      } else {
        wakeReader();
        await new Promise<void>((resolve) => {
          wakeCaller = resolve;
        });
      }
    }
  } finally {
    // Stops the transfer if the caller stops early; has no effect after the end.
    reader.cancel().catch(() => {});
  }
}
