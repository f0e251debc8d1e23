import { isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";
import type { Splitter } from "../line-splitter.ts";
import { delimiterOf, headerEnd, rowCells } from "../text/csv-cells.ts";
import { hasByteOrderMark } from "../text/format.ts";
import { columnsOf } from "./columns.ts";
import type { Mapping } from "./mapping.ts";
import { createRowSplitter } from "./row-splitter.ts";
import { createRowWriter, type RowOptions } from "./row-writer.ts";

/** How a CSV file is read after its header, or a problem that says what to do. */
export type OpenCsv =
  | { readonly splitter: Splitter; readonly headerSize: number }
  | { readonly problem: string };

/** Longest header, in bytes. */
const maxHeader = 1024 * 1024;

/**
 * Reads the first row of a CSV file and compiles the mapping for its columns. Returns undefined if more bytes are required.
 * Returns all problems of the mapping at once.
 */
export function openCsv(
  head: Buffer,
  isWhole: boolean,
  mapping: Mapping,
  options: RowOptions,
): OpenCsv | undefined {
  const quote = mapping.quote ?? '"';
  const begin = hasByteOrderMark(head) ? 3 : 0;
  const preamble = preambleOf(head, begin);
  const start = preamble?.end ?? begin;
  const found = headerEnd(head, quote, start);
  if (found === -1 && !isWhole) {
    return head.length <= maxHeader
      ? undefined
      : { problem: `has no line break in its first ${maxHeader} bytes: is it CSV?` };
  }
  const end = found === -1 ? head.length : found;
  const bytes = head.subarray(start, end);
  const text = bytes.toString().replace(/\r?\n$/, "");
  if (text.trim() === "") {
    return { problem: "begins with a blank line, but CSV begins with the names of its columns" };
  }
  if (!isUtf8(bytes)) {
    return {
      problem:
        "is not UTF-8: save it as UTF-8, or state its encoding in a mapping file, such as encoding: windows-1252",
    };
  }
  if (found === -1 && text.includes("\r")) {
    return {
      problem: "has CR line breaks, as old programs for Macintosh write them: save it with LF or CR LF",
    };
  }
  const delimiter = mapping.delimiter ?? preamble?.delimiter ?? delimiterOf(text, quote);
  const cells = rowCells(text, delimiter, quote);
  if (cells === undefined) {
    return { problem: "has quotes in its first row that are neither at the ends of a cell nor doubled" };
  }
  const problems: string[] = [];
  const hasHeader = mapping.header ?? true;
  const columns = columnsOf(cells, hasHeader, problems);
  const writer = createRowWriter(mapping, columns, options, problems);
  if (problems.length > 0) {
    return { problem: `does not fit the mapping:\n  ${problems.join("\n  ")}` };
  }
  const headerSize = hasHeader ? end : start;
  const header = head.subarray(0, headerSize);
  const lines = header.toString("latin1").split("\n").length - 1;
  return {
    headerSize,
    splitter: createRowSplitter({
      dialect: { delimiter, quote },
      columns: columns.count,
      writer,
      from: { index: found === -1 && hasHeader ? 1 : lines, end: headerSize, crc: crc32(header) },
    }),
  };
}

/** Excel writes `sep=;` before the header. */
function preambleOf(
  head: Buffer,
  begin: number,
): { readonly delimiter: string; readonly end: number } | undefined {
  const [line, delimiter] = /^sep=([^\r\n])\r?\n/.exec(head.toString("latin1", begin, begin + 8)) ?? [];
  return line === undefined || delimiter === undefined ? undefined : { delimiter, end: begin + line.length };
}
