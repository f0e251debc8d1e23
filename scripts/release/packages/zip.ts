import { crc32, deflateRawSync } from "node:zlib";
import type { TarEntry } from "../tar.ts";

/** 1 January 1980, 00:00, the earliest time of the format, as a date and a time of MS-DOS. */
const earliest = { date: 0x21, time: 0 };

/** A bit of the flags: names are UTF-8. */
const utf8 = 0x800;
const deflate = 8;

/**
 * Packs files into a zip archive (PKWARE APPNOTE 6.3) with reproducible bytes: the earliest time, mode 644, and the given
 * order. The same version of zlib compresses to the same bytes.
 */
export function packZip(entries: readonly TarEntry[]): Uint8Array {
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { path, contents } of entries) {
    const name = Buffer.from(path);
    const data = deflateRawSync(contents, { level: 9 });
    const common = commonHeader(contents, data.length, name.length);
    const local = Buffer.concat([signature(0x04034b50), common, name, data]);
    directory.push(centralHeader(common, offset), name);
    files.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([...files, central, endOfDirectory(entries.length, central.length, offset)]);
}

/** The fields that the header of a file and its entry in the directory share. */
function commonHeader(contents: Uint8Array, packedLength: number, nameLength: number): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  header.writeUInt16LE(utf8, 2);
  header.writeUInt16LE(deflate, 4);
  header.writeUInt16LE(earliest.time, 6);
  header.writeUInt16LE(earliest.date, 8);
  header.writeUInt32LE(crc32(contents), 10);
  header.writeUInt32LE(packedLength, 14);
  header.writeUInt32LE(contents.length, 18);
  header.writeUInt16LE(nameLength, 22);
  return header;
}

function centralHeader(common: Buffer, offset: number): Buffer {
  const madeByUnix = Buffer.from([20, 3]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((0o100644 << 16) >>> 0, 6);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([signature(0x02014b50), madeByUnix, common, rest]);
}

function endOfDirectory(count: number, length: number, offset: number): Buffer {
  const end = Buffer.alloc(18);
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
