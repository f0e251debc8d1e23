import { prepend, withHead } from "./chunks.ts";

/** Bytes that tell UTF-16: a byte order mark, or two characters of which one byte each is zero. */
const headSize = 4;

/** Returns the name of the encoding of a text with these first bytes, if it is UTF-16. */
export function utf16Of(head: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const [a, b, c, d] = head;
  if (a === 0xff && b === 0xfe) {
    return "utf-16le";
  }
  if (a === 0xfe && b === 0xff) {
    return "utf-16be";
  }
  // Without a mark, as PowerShell and databases may write it: ASCII, because that is what formats begin with.
  if (isAscii(a) && b === 0 && isAscii(c) && d === 0) {
    return "utf-16le";
  }
  return a === 0 && isAscii(b) && c === 0 && isAscii(d) ? "utf-16be" : undefined;
}

function isAscii(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0 && byte < 0x80;
}

/** Yields a text as UTF-8 if it is UTF-16 or if `encoding` is given, and otherwise as it is. */
export async function* toUtf8(chunks: AsyncIterable<Buffer>, encoding?: string): AsyncGenerator<Buffer> {
  const blocks = withHead(chunks, headSize);
  const first = await blocks.next();
  if (first.done) {
    return;
  }
  const all = prepend(first.value, blocks);
  const from = utf16Of(first.value) ?? encoding;
  if (from === undefined) {
    yield* all;
    return;
  }
  const decoder = new TextDecoder(from);
  for await (const chunk of all) {
    yield Buffer.from(decoder.decode(chunk, { stream: true }));
  }
  yield Buffer.from(decoder.decode());
}
