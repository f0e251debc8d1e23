import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inputOf } from "../../../../src/push/input/input.ts";
import { InputError } from "../../../../src/push/input/input-error.ts";
import { readRecords } from "../../../../src/push/input/reader.ts";

/** Opens bytes that arrive in pieces of a size, with the first byte alone, and returns the texts of the records. */
async function textsOf(bytes: Buffer, size = bytes.length, userKeyField?: string): Promise<string[]> {
  async function* pieces() {
    yield bytes.subarray(0, 1);
    for (let at = 1; at < bytes.length; at += size) {
      yield bytes.subarray(at, at + size);
    }
  }
  const source = { name: "input", stream: Readable.from(pieces()), part: () => undefined };
  const texts: string[] = [];
  for await (const block of readRecords(await inputOf(source, { userKeyField }))) {
    texts.push(...block.map((record) => Buffer.from(record.bytes).toString()));
  }
  return texts;
}

async function problemOf(bytes: string | Buffer): Promise<string> {
  const problem = textsOf(Buffer.from(bytes as string)).then(
    (texts) => `records: ${texts.join(" ")}`,
    (error: unknown) => {
      expect(error).toBeInstanceOf(InputError);
      return (error as Error).message;
    },
  );
  return problem;
}

const lines = '{"userKey":"ä1"}\n{"userKey":"ä2"}\n';
const records = ['{"userKey":"ä1"}', '{"userKey":"ä2"}'];

function utf16(text: string, isBigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, "utf16le");
  return isBigEndian ? bytes.swap16() : bytes;
}

describe("an input", () => {
  it.each<[string, Buffer]>([
    ["NDJSON", Buffer.from(lines)],
    ["NDJSON with a byte order mark", Buffer.from(`\ufeff${lines}`)],
    ["a JSON array", Buffer.from(`[${records.join(",")}]`)],
    ["gzip", gzipSync(lines)],
    ["gzip of several members", Buffer.concat([gzipSync(lines.slice(0, 9)), gzipSync(lines.slice(9))])],
    ["Zstandard", zstdCompressSync(lines)],
    ["gzip of a JSON array", gzipSync(`[${records.join(",")}]`)],
    ["UTF-16, little-endian, with a byte order mark", utf16(`\ufeff${lines}`, false)],
    ["UTF-16, big-endian, with a byte order mark", utf16(`\ufeff${lines}`, true)],
    ["UTF-16, little-endian", utf16(lines, false)],
    ["UTF-16, big-endian", utf16(lines, true)],
    ["gzip of UTF-16", gzipSync(utf16(`\ufeff${lines}`, false))],
  ])("is read as %s, also if the first byte arrives alone", async (_, bytes) => {
    expect(await textsOf(bytes)).toEqual(records);
    expect(await textsOf(bytes, 1)).toEqual(records);
    expect(await textsOf(bytes, 3)).toEqual(records);
  });

  it.each<[string, string | Buffer, RegExp]>([
    [
      "CSV",
      "msisdn,tariff\n49170,a\n",
      /^input looks like CSV \(columns msisdn, tariff\): say .* --map userKey=msisdn,…$/,
    ],
    ["CSV with semicolons and quotes", '"a;b";c\r\n1;2\r\n', /columns a;b, c\)/],
    ["CSV with tabs", "a\tb\n1\t2\n", /columns a, b\)/],
    ["CSV that is cut off in its header", "msisdn,tariff", /columns msisdn, tariff\)/],
    ["CSV in Latin-1", Buffer.from("msisdn,prämie\n1,2\n", "latin1"), /It is not UTF-8/],
    ["CSV in UTF-16", utf16("\ufeffmsisdn\ttariff\r\n", false), /columns msisdn, tariff\)/],
    ["CSV with CR line breaks", "a,b\r1,2\r", /^input has CR line breaks/],
    ["nothing", "", /^input is empty: it has no records$/],
    ["gzip of nothing", gzipSync(""), /^input is empty/],
    ["one column", "msisdn\n49170\n", /^input is not JSON: it begins with "msisdn"/],
    [
      "a pretty-printed document",
      '{\n  "userKey": "1"\n}\n',
      /^input is a pretty-printed JSON document: .* jq -c \. FILE/,
    ],
    [
      "a pretty-printed document with a list first",
      '{\n  "plans": [\n  ]\n}',
      /is a pretty-printed JSON document/,
    ],
    [
      "an object with the records in a list",
      '{"records": [{"userKey": "1"}]}',
      /jq -c '\.records\[\]' FILE$/,
    ],
    [
      "a pretty-printed object with a list",
      '{ "my records": [\n  {\n',
      /jq -c '\.\["my records"\]\[\]' FILE$/,
    ],
    ["an Excel workbook", "PK\x03\x04xxxxxxxxxxxxxxxxx", /is a ZIP archive or an Excel workbook/],
    ["an old Excel workbook", Buffer.from("d0cf11e0a1b11ae10000000000000000", "hex"), /old Excel workbook/],
    ["Parquet", "PAR1\x15\x04\x15\x10\x15\x14\x4c\x15\x02\x15\x00\x12", /is Parquet/],
    ["XML", '<?xml version="1.0"?>\n<records/>', /is XML/],
    [
      "an HTML page",
      "<!DOCTYPE html><title>Log in</title>",
      /is an HTML page, perhaps the error page or the login page/,
    ],
    ["xz", Buffer.from("fd377a585a000004e6d6b446000000000000", "hex"), /xzcat FILE/],
    ["gzip of CSV", gzipSync("a,b\n1,2\n"), /columns a, b\)/],
    ["binary data", Buffer.from([1, 0, 2, 0, 0, 0, 9, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10]), /is binary/],
  ])("that is %s is an error that names the format", async (_, bytes, expected) => {
    expect(await problemOf(bytes)).toMatch(expected);
  });

  it.each<[string, string, string[]]>([
    [
      "a first record that is cut off",
      '{"userKey": "1"\n{"userKey":"2"}\n',
      ['{"userKey": "1"', '{"userKey":"2"}'],
    ],
    ["an incomplete record only", "{", ["{"]],
    ["a first record that ends with a comma", '{"a":1,\n{"a":2}\n', ['{"a":1,', '{"a":2}']],
    ["numbers", "1\n2\n", ["1", "2"]],
    ["a record that begins with a list of plans", '{"plans":[{}]}\n', ['{"plans":[{}]}']],
    [
      "a record of a plan group",
      '{"planGroupId":"1","planGroup":{}}\n',
      ['{"planGroupId":"1","planGroup":{}}'],
    ],
    [
      "a record that begins with data plans",
      '{"dataPlans":[{}],"userKey":"1"}\n',
      ['{"dataPlans":[{}],"userKey":"1"}'],
    ],
    ["a record with an unknown list", '{"bonus":[{}],"userKey":"1"}\n', ['{"bonus":[{}],"userKey":"1"}']],
  ])("is lines when it has %s", async (_, text, expected) => {
    expect(await textsOf(Buffer.from(text))).toEqual(expected);
    expect(await textsOf(Buffer.from(text), 1)).toEqual(expected);
  });

  it("is lines when the records have a list and the user key in a field of another name", async () => {
    const text = '{"bonus":[{}],"msisdn":"1"}\n';
    expect(await textsOf(Buffer.from(text), 1, "msisdn")).toEqual([text.trim()]);
  });
});
