import { isUtf8 } from "node:buffer";
import type { DescMessage } from "@bufbuild/protobuf";
import { CreatePlanGroupRequestSchema } from "../../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanGroupSchema, PlanStatusSchema } from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { shortenText } from "../../../contract/field-violation.ts";
import { delimiterOf, headerEnd, rowCells } from "./csv-cells.ts";
import { hasByteOrderMark, isBlank, isBlankHead } from "./format.ts";

/** Format of an input: a record per line, one JSON array, or CSV. */
export type Format = "lines" | "array" | "csv";

/** What the first bytes tell: the format, a problem that says what to do, or undefined if more bytes are required. */
export type Recognized = { readonly format: Format } | { readonly problem: string } | undefined;

export type RecognizeOptions = {
  /** The records are CSV, because there is a mapping. */
  readonly hasMapping: boolean;
  /** The field of the records that is the user key, if they are plain PlanStatus. */
  readonly userKeyField?: string | undefined;
};

/** Bytes after which the format must be known. */
const maxHead = 1024 * 1024;

/** White space before the first character that is searched. Further blank lines are left to the reader of lines. */
const maxBlank = 1024 * 1024;

/** Formats of other programs, by their first bytes, with what to do. */
const foreign: readonly (readonly [magic: string, problem: string])[] = [
  ["PK\x03\x04", "is a ZIP archive or an Excel workbook (.xlsx): save the sheet as CSV UTF-8, or unzip it"],
  ["\xd0\xcf\x11\xe0", "is an old Excel workbook (.xls): save the sheet as CSV UTF-8"],
  [
    "PAR1",
    "is Parquet: convert it, for example with duckdb -c \"copy 'FILE' to '/dev/stdout' (format json)\"",
  ],
  ["Obj\x01", "is Avro: convert it to NDJSON, for example with avro-tools tojson"],
  ["ORC", "is ORC: convert it to NDJSON"],
  ["SQLite format 3\0", "is an SQLite database: export the records as NDJSON or CSV"],
  ["%PDF", "is a PDF"],
  ["BZh", "is compressed with bzip2: decompress it, bzcat FILE | mdps … -"],
  ["\xfd7zXZ\0", "is compressed with xz: decompress it, xzcat FILE | mdps … -"],
  ["7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it"],
];

/** Recognizes the format of a text by its beginning, decompressed and as UTF-8. `isWhole`: there is nothing after it. */
export function recognizeFormat(head: Buffer, isWhole: boolean, options: RecognizeOptions): Recognized {
  if (isWhole && head.length === 0) {
    return { problem: "is empty: it has no records" };
  }
  if (isBlankHead(head)) {
    return isWhole || head.length > maxBlank ? { format: options.hasMapping ? "csv" : "lines" } : undefined;
  }
  if (head.length < 16 && !isWhole && !isJsonStart(head)) {
    return undefined;
  }
  const other = foreign.find(([magic]) => head.toString("latin1", 0, magic.length) === magic);
  if (other !== undefined) {
    return { problem: other[1] };
  }
  if (head.length > 262 && head.toString("latin1", 257, 262) === "ustar") {
    return { problem: "is a tar archive: unpack it, tar -xOf FILE | mdps … -" };
  }
  const begin = textStart(head);
  const first = String.fromCharCode(head[begin] ?? 0);
  if (first === "<") {
    const isPage = /^<(!doctype html|html)/i.test(head.toString("latin1", begin, begin + 20));
    return {
      problem: isPage
        ? "is an HTML page, perhaps the error page or the login page of the server it was downloaded from"
        : "is XML: records are NDJSON, a JSON array, or CSV with --map",
    };
  }
  if (options.hasMapping) {
    return first === "{" || first === "["
      ? { problem: "is JSON, but a mapping is for CSV: leave out --map, and unset MDPS_MAP if it is set" }
      : { format: "csv" };
  }
  if (first === "[") {
    return { format: "array" };
  }
  const { line, next } = firstLine(head, begin, isWhole);
  if (line === undefined) {
    return head.length < maxHead ? undefined : { format: "lines" };
  }
  if (first === "{") {
    return recognizeObject(line, next, options);
  }
  return isJson(line) ? { format: "lines" } : { problem: textProblem(head) };
}

function isJsonStart(head: Buffer): boolean {
  const first = head[textStart(head)];
  return first === 0x7b || first === 0x5b;
}

function textStart(head: Buffer): number {
  let begin = hasByteOrderMark(head) ? 3 : 0;
  while (isBlank(head[begin])) {
    begin += 1;
  }
  return begin;
}

/** Returns the first line with text and the first character behind it; `next` is undefined if it has not arrived. */
function firstLine(head: Buffer, begin: number, isWhole: boolean) {
  const end = head.indexOf(0x0a, begin);
  if (end === -1) {
    return { line: isWhole ? head.toString("utf8", begin) : undefined, next: "" };
  }
  let at = end + 1;
  while (isBlank(head[at])) {
    at += 1;
  }
  const hasNext = at < head.length;
  return {
    line: head.toString("utf8", begin, end).trimEnd(),
    next: hasNext ? String.fromCharCode(head[at] as number) : isWhole ? "" : undefined,
  };
}

function recognizeObject(line: string, next: string | undefined, options: RecognizeOptions): Recognized {
  const json = jsonOf(line);
  if (json !== undefined) {
    const list = wrappedList(json as Readonly<Record<string, unknown>>, options.userKeyField);
    return list === undefined ? { format: "lines" } : { problem: wrapperProblem(list) };
  }
  // Of a record that is cut off, the next line begins another one.
  if (!/[{[,]$/.test(line)) {
    return { format: "lines" };
  }
  if (next === undefined) {
    return undefined;
  }
  if (next === "" || (next === "{" && !line.endsWith("["))) {
    return { format: "lines" };
  }
  const [, list] = /^\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*\[$/.exec(line) ?? [];
  return {
    problem:
      list === undefined
        ? "is a pretty-printed JSON document: a record must be on one line. Convert it: jq -c . FILE, or jq -c '.LIST[]' FILE if the records are in a list"
        : wrapperProblem(list),
  };
}

const resourceFields = [PlanStatusSchema, PlanGroupSchema].flatMap(namesOf);
const requestFields = [CreateUserPlanStatusRequestSchema, CreatePlanGroupRequestSchema].flatMap(namesOf);

function namesOf({ fields }: DescMessage): string[] {
  return fields.flatMap(({ name, jsonName }) => [name, jsonName]);
}

/** Returns the name of a list of objects in an object that is not a record itself. */
function wrappedList(json: Readonly<Record<string, unknown>>, userKeyField = "userKey"): string | undefined {
  if ([userKeyField, ...requestFields].some((name) => Object.hasOwn(json, name))) {
    return undefined;
  }
  return Object.keys(json).find((name) => {
    const value = json[name];
    return (
      !resourceFields.includes(name) &&
      Array.isArray(value) &&
      value.length > 0 &&
      typeof value[0] === "object"
    );
  });
}

function wrapperProblem(list: string): string {
  const path = /^[A-Za-z_]\w*$/.test(list) ? `.${list}[]` : `.[${JSON.stringify(list)}][]`;
  return `is one JSON object with the records in a list. Convert it: jq -c '${path}' FILE`;
}

function textProblem(head: Buffer): string {
  if (head.includes(0)) {
    return "is binary: records are NDJSON, a JSON array, or CSV with --map";
  }
  const end = headerEnd(head);
  const header = head.subarray(textStart(head), end === -1 ? head.length : end);
  if (!header.includes(0x0a) && header.includes(0x0d) && end === -1) {
    return "has CR line breaks, as old programs for Macintosh write them: save it with LF or CR LF";
  }
  const cells = rowCells(header.toString(), delimiterOf(header.toString(), '"'), '"') ?? [];
  if (cells.length < 2) {
    const shown = JSON.stringify(shortenText(header.toString().trim(), 32));
    return `is not JSON: it begins with ${shown}. Records are NDJSON, a JSON array, or CSV with --map`;
  }
  const names = shortenText(cells.map((cell) => cell.trim()).join(", "), 200);
  const encoding = isUtf8(header) ? "" : ". It is not UTF-8";
  const [column = "COLUMN"] = cells;
  return `looks like CSV (columns ${names})${encoding}: say which column is which field with --map, such as --map userKey=${column.trim()},…`;
}

function isJson(line: string): boolean {
  return jsonOf(line) !== undefined;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) ?? "null";
  } catch {
    return undefined;
  }
}
