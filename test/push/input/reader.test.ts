import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Input, inputOf as inputOfSource, openInput } from "../../../src/push/input/input.ts";
import { InputError } from "../../../src/push/input/input-error.ts";
import { readRecords } from "../../../src/push/input/reader.ts";
import { maxStoredSize, type Position, type RawRecord, start } from "../../../src/push/input/record.ts";
import { dataDirectory } from "../../support/data-directory.ts";

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const inputOf = (bytes: Buffer, sizes = [bytes.length]): Promise<Input> =>
  inputOfSource({ name: "input", stream: Readable.from(cut(bytes, sizes)), part: () => undefined });

async function collect(input: Promise<Input>, from?: Position): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  for await (const block of readRecords(await input, from)) {
    records.push(...block);
  }
  return records;
}

const textsOf = (records: readonly RawRecord[]) => records.map(({ bytes }) => Buffer.from(bytes).toString());
const read = async (text: string | Buffer, sizes?: number[]) =>
  textsOf(await collect(inputOf(Buffer.from(text as string), sizes)));

describe("readRecords of lines", () => {
  it.each<[string, string, string[]]>([
    ["with LF", '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ["with CR LF", '{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
    ["without a line break after the last one", '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
    ["with a byte order mark", '\ufeff{"a":1}\n', ['{"a":1}']],
    ["with blank lines, of which the last one is a record", '\n{"a":1}\n\n\r\n', ['{"a":1}', ""]],
  ])("yields one record per line: %s", async (_, text, expected) => {
    expect(await read(text)).toEqual(expected);
    expect(await read(text, [1])).toEqual(expected);
  });

  it("counts blank lines with the record after them, however the input is divided into chunks", async () => {
    const pieces = fc.array(fc.constantFrom("\n", "\r\n", "{}\n", "{}\r\n", "\r", " \n"), {
      minLength: 1,
      maxLength: 30,
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(pieces, sizes, fc.boolean(), async (parts, cuts, hasMark) => {
        const text = `${hasMark && parts.length > 0 ? "\ufeff" : ""}${parts.join("")}`;
        const records = await collect(inputOf(Buffer.from(text), cuts));
        expect(records).toEqual(await collect(inputOf(Buffer.from(text))));
        const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
        if (lines.at(-1) === "") {
          lines.pop();
        }
        const expected = [...lines.entries()].filter(
          ([place, line]) => line !== "" || place === lines.length - 1,
        );
        expect(records.map(({ index, bytes }) => [index - 1, Buffer.from(bytes).toString()])).toEqual(
          expected,
        );
        const blank = records.reduce((sum, { blankLines = 0 }) => sum + blankLines, 0);
        expect(blank + records.length).toBe(lines.length);
      }),
    );
  });

  it("yields one record and one block per chunk for a million blank lines", async () => {
    const blocks: RawRecord[][] = [];
    for await (const block of readRecords(await inputOf(Buffer.alloc(4_000_000, "\r\n"), [64 * 1024]))) {
      blocks.push(block);
    }
    expect(blocks.flat()).toMatchObject([{ index: 2_000_000, end: 4_000_000, blankLines: 1_999_999 }]);
    expect(blocks.length).toBeLessThan(100);
  });

  it("rejects with an InputError when a record before the position has become a blank line", async () => {
    const [first] = await collect(inputOf(Buffer.from("{}\n{}\n")));
    await expect(collect(inputOf(Buffer.from("\n{}\n{}\n")), first)).rejects.toThrow(/has changed/);
  });

  it("yields a line longer than 16 MiB without its text, and then the next line", async () => {
    const long = Buffer.alloc(maxStoredSize + 5, "x");
    const records = await collect(inputOf(Buffer.concat([long, Buffer.from("\n{}\n")]), [1024 * 1024]));
    expect(records.map(({ index, problem, bytes }) => [index, problem, bytes.length])).toEqual([
      [1, `is ${maxStoredSize + 6} bytes long`, 0],
      [2, undefined, 2],
    ]);
  });
});

describe("readRecords of a JSON array", () => {
  it.each<[string, string, string[]]>([
    ["on one line", '[{"a":1},{"b":2}]', ['{"a":1}', '{"b":2}']],
    ["with brackets and quotes in strings", '[{"a":"]},\\"["},{}]', ['{"a":"]},\\"["}', "{}"]],
    ["of arrays", "[[1,2],[3]]", ["[1,2]", "[3]"]],
    ["with elements over several lines", ' [\n{\n "a": 1\r\n},\n{}\n]\n', ['{  "a": 1  }', "{}"]],
    ["with a byte order mark", "\ufeff[{}]", ["{}"]],
    ["that is empty", "[ ]", []],
  ])("yields one record per element of an array: %s", async (_, text, expected) => {
    expect(await read(text)).toEqual(expected);
    expect(await read(text, [1])).toEqual(expected);
  });

  it.each<[string, string, (string | undefined)[]]>([
    ["that is cut off", '[{"a":1},{"b"', [undefined, "is incomplete: the input ends inside the array"]],
    ["that is cut off between two", "[{},", [undefined, "is incomplete: the input ends inside the array"]],
    ["with nothing between two commas", "[{},,{}]", [undefined, "is missing between two commas", undefined]],
    ["followed by text", "[{}] {}", [undefined, "is text after the end of the array"]],
  ])("yields a record with the problem of an array %s", async (_, text, problems) => {
    for (const sizes of [[text.length], [1], [3]]) {
      const records = await collect(inputOf(Buffer.from(text), sizes));
      expect(records.map(({ problem }) => problem)).toEqual(problems);
    }
  });
});

describe("readRecords", () => {
  const inputs = fc.record({
    texts: fc.array(fc.stringMatching(/^\{"[a-zé,\][{}]{0,12}":[0-9]\}$/), { minLength: 1, maxLength: 12 }),
    isArray: fc.boolean(),
    sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
    from: fc.nat(),
  });

  it("yields the same records however the input is divided into chunks, and after any position", async () => {
    await fc.assert(
      fc.asyncProperty(inputs, async ({ texts, isArray, sizes, from }) => {
        const bytes = Buffer.from(
          isArray ? `[${texts.join(" ,\n")}]` : texts.map((text) => `${text}\n`).join(""),
        );
        const whole = await collect(inputOf(bytes));
        expect(textsOf(whole)).toEqual(texts);
        const pieces = await collect(inputOf(bytes, sizes));
        expect(pieces.map(({ end, crc }) => [end, crc])).toEqual(whole.map(({ end, crc }) => [end, crc]));
        const position = whole.length === 0 ? start : (whole[from % whole.length] as RawRecord);
        expect(textsOf(await collect(inputOf(bytes, sizes), position))).toEqual(texts.slice(position.index));
      }),
    );
  });

  it("rejects with an InputError when the input before the position has changed", async () => {
    const [first] = await collect(inputOf(Buffer.from('{"a":1}\n{"a":2}\n')));
    await expect(collect(inputOf(Buffer.from('{"a":3}\n{"a":2}\n')), first)).rejects.toThrow(/has changed/);
    await expect(collect(inputOf(Buffer.from("\n")), first)).rejects.toThrow(/has changed/);
  });

  it("yields the records of a file after a position, compressed or not", async () => {
    const directory = await dataDirectory();
    const text = Array.from({ length: 5 }, (_, index) => `{"n":${index}}\n`).join("");
    for (const [name, bytes] of [
      ["plain.ndjson", Buffer.from(text)],
      // Two members, as `cat a.gz b.gz` makes them.
      ["packed.ndjson.gz", Buffer.concat([gzipSync(text.slice(0, 20)), gzipSync(text.slice(20))])],
    ] as const) {
      const file = join(directory, name);
      await writeFile(file, bytes);
      const all = await collect(openInput(file));
      expect(all).toHaveLength(5);
      const third = all[2] as RawRecord;
      expect(textsOf(await collect(openInput(file, {}, third), third))).toEqual(['{"n":3}', '{"n":4}']);
    }
  });

  it("yields the records before the damage of a truncated gzip file, then rejects with an InputError", async () => {
    const file = join(await dataDirectory(), "cut.gz");
    const text = Array.from({ length: 50_000 }, (_, index) => `{"n":${index}}\n`).join("");
    await writeFile(file, gzipSync(text).subarray(0, -2_000));
    const records: RawRecord[] = [];
    const reading = (async () => {
      for await (const block of readRecords(await openInput(file))) {
        records.push(...block);
      }
    })();
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(/cut\.gz is damaged/);
    expect(records.length).toBeGreaterThan(10_000);
  });

  it("rejects with an error that names the file when there is none", async () => {
    await expect(openInput("/no/such/file")).rejects.toThrow(/^\/no\/such\/file does not exist$/);
  });
});
