/** A file of an archive: its path, with slashes, and its contents. */
export type TarEntry = { readonly path: string; readonly contents: Uint8Array };

const block = 512;

/**
 * Packs files into a tar archive (POSIX ustar) with reproducible bytes: no times, no owners, sorted by path. Throws
 * RangeError for a path of more than 100 bytes, the limit of the format.
 */
export function packTar(entries: readonly TarEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { path, contents } of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    parts.push(headerOf(path, contents.length), contents, new Uint8Array(-contents.length & (block - 1)));
  }
  // Two empty blocks end an archive.
  return Buffer.concat([...parts, new Uint8Array(2 * block)]);
}

function headerOf(path: string, length: number): Uint8Array {
  if (Buffer.byteLength(path) > 100) {
    throw new RangeError(`${path}: a path in an archive has at most 100 bytes`);
  }
  const header = Buffer.alloc(block);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  const fields: readonly (readonly [offset: number, text: string])[] = [
    [0, path],
    [100, octal(0o644, 7)],
    [108, octal(0, 7)],
    [116, octal(0, 7)],
    [124, octal(length, 11)],
    [136, octal(0, 11)],
    // The checksum is computed with spaces in its own field.
    [148, "        "],
    [156, "0"],
    [257, "ustar\0"],
    [263, "00"],
  ];
  for (const [offset, text] of fields) {
    header.write(text, offset, "utf8");
  }
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}
