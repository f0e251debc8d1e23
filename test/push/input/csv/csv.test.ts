import { Readable } from "node:stream";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Mapping, readInlineMapping, readMapping } from "../../../../src/push/input/csv/mapping.ts";
import { type Input, inputOf } from "../../../../src/push/input/input.ts";
import type { RecordOptions } from "../../../../src/push/input/push-request.ts";
import { readRecords } from "../../../../src/push/input/reader.ts";
import type { Position, RawRecord } from "../../../../src/push/input/record.ts";
import { createRecordParser } from "../../../../src/push/input/record-parser.ts";

const nowMs = Date.UTC(2026, 11, 1);
const constants = 'languageCode="de-DE",updateTime=@now-5m,expireTime=@now+24h';
const given: RecordOptions = { parent: "operators/65001", client: "youtube" };
const inline = (text: string) => readInlineMapping(text, nowMs);
const mapping = inline(`userKey=key,title=title,${constants}`);

function open(
  bytes: string | Buffer,
  options: Mapping | RecordOptions = mapping,
  size = 1e9,
): Promise<Input> {
  const all = Buffer.from(bytes as string);
  async function* pieces() {
    for (let at = 0; at < all.length; at += size) {
      yield all.subarray(at, at + size);
    }
  }
  const record = "fields" in options ? { ...given, mapping: options } : options;
  return inputOf({ name: "export.csv", stream: Readable.from(pieces()), part: () => undefined }, record);
}

async function read(
  bytes: string | Buffer,
  options?: Mapping | RecordOptions,
  size?: number,
  from?: Position,
) {
  const records: RawRecord[] = [];
  for await (const block of readRecords(await open(bytes, options, size), from)) {
    records.push(...block);
  }
  return records;
}

const jsonOf = ({ bytes }: RawRecord) => JSON.parse(Buffer.from(bytes).toString());

/** Returns the keys and titles of records, or their problems. */
async function shownOf(bytes: string | Buffer, options?: Mapping | RecordOptions, size?: number) {
  return (await read(bytes, options, size)).map((record) => {
    const { userKey, planStatus } =
      record.problem === undefined ? jsonOf(record) : { userKey: "", planStatus: {} };
    return [
      record.index,
      record.problem?.slice(0, 10) ??
        [userKey, planStatus.title].filter((each) => each !== undefined).join("|"),
    ];
  });
}

describe("a CSV file", () => {
  it.each<[string, string, [number, string][]]>([
    [
      "with LF",
      "key,title\n1,a\n2,b\n",
      [
        [2, "1|a"],
        [3, "2|b"],
      ],
    ],
    [
      "with CR LF and no line break at its end",
      "key,title\r\n1,a\r\n2,b",
      [
        [2, "1|a"],
        [3, "2|b"],
      ],
    ],
    ["with a byte order mark", "\ufeffkey,title\n1,a\n", [[2, "1|a"]]],
    ["with semicolons", "key;title\n1;a,b\n", [[2, "1|a,b"]]],
    ["with tabs", "key\ttitle\n1\ta\n", [[2, "1|a"]]],
    ["with bars", "key|title\n1|a\n", [[2, "1|a"]]],
    ["with a line that states the delimiter", "sep=;\nkey;title\n1;a\n", [[3, "1|a"]]],
    ["with quotes", '"key","title"\n"1","say ""a"", b"\n', [[2, '1|say "a", b']]],
    [
      "with line breaks in cells",
      'key,title\n1,"a\nb\r\nc"\n2,b\n',
      [
        [2, "1|a\nb\r\nc"],
        [5, "2|b"],
      ],
    ],
    ["with a line break in the header", 'key,"ti\ntle",title\n1,x,a\n', [[3, "1|a"]]],
    [
      "with blank lines and empty rows",
      "key,title\n\n1,a\n\r\n,\n2,b\n",
      [
        [3, "1|a"],
        [6, "2|b"],
      ],
    ],
    [
      "with empty cells",
      "key,title\n1,\n2,  \n",
      [
        [2, "1"],
        [3, "2"],
      ],
    ],
    ["with blanks around the names of columns", " key , title \n1,a\n", [[2, "1|a"]]],
    [
      "with a row of too few cells",
      "key,title\n1\n2,b\n",
      [
        [2, "has 1 cell"],
        [3, "2|b"],
      ],
    ],
    [
      "with a row of too many cells",
      "key,title\n1,a,c\n2,b\n",
      [
        [2, "has 3 cell"],
        [3, "2|b"],
      ],
    ],
    [
      "with a quote within a cell",
      'key,title\n1,5" b\n2,b\n3,"c"\n',
      [
        [2, "has quotes"],
        [3, "2|b"],
        [4, "3|c"],
      ],
    ],
    [
      "with text after a quote",
      'key,title\n1,"a"b\n2,b\n',
      [
        [2, "has quotes"],
        [3, "2|b"],
      ],
    ],
    [
      "with a quote that is not closed",
      'key,title\n1,"a\n2,b\n3,c\n',
      [
        [2, "has quotes"],
        [3, "2|b"],
        [4, "3|c"],
      ],
    ],
  ])("%s becomes records with the numbers of their lines", async (_, text, expected) => {
    expect(await shownOf(text)).toEqual(expected);
    expect(await shownOf(text, mapping, 1)).toEqual(expected);
    expect(await shownOf(Buffer.from(`\ufeff${text.replace(/^\ufeff/, "")}`, "utf16le"), mapping, 7)).toEqual(
      expected,
    );
  });

  it("becomes the JSON of requests, with constants and times", async () => {
    const [record] = await read("key,title\n1,a\n");
    expect(jsonOf(record as RawRecord)).toEqual({
      userKey: "1",
      planStatus: {
        title: "a",
        languageCode: "de-DE",
        updateTime: "2026-11-30T23:55:00.000Z",
        expireTime: "2026-12-02T00:00:00.000Z",
      },
    });
  });

  it("becomes nested fields, of which those without a value are left out", async () => {
    const nested = readMapping(
      {
        delimiter: ";",
        decimal: ",",
        timeZone: "Europe/Berlin",
        fields: {
          userKey: "key",
          language_code: { column: "lang", values: { d: "de-DE" } },
          updateTime: { column: "at", format: "epoch-seconds" },
          expireTime: "until",
          "plans[0].planId": "plan",
          "plans[0].planModules[0].moduleName": { constant: "Data" },
          "plans[0].planModules[0].description": { constant: "All" },
          "plans[0].planModules[0].byteBalance.quotaBytes": { column: "mb", unit: "MB" },
          "plans[0].planModules[1].moduleName": { constant: "Calls" },
          "plans[0].planModules[1].description": { constant: "All" },
          "plans[0].planModules[1].timeBalance.quotaMinutes": "min",
          "planStatus.accountInfo.accountBalance": "money",
          "accountInfo.accountBalance.currencyCode": "cur",
          "accountInfo.accountBalanceStatus": {
            column: "state",
            values: { 1: "VALID", 0: "INVALID", "?": null },
          },
          "accountInfo.validUntil": "until",
          accountInfo: { when: "money" },
          "planInfoPerClient.youtube.rateLimitedStreaming.maxMediaRateKbps": "rate",
        },
      },
      nowMs,
    );
    const text =
      "key;lang;at;until;plan;mb;min;money;cur;state;rate\n" +
      "1;d;1796083200;2026-12-02;p;1,5;;12,50;EUR;1;\n" +
      "2;en;1796083200;2026-12-02;;;;;;?;300\n";
    const expireTime = "2026-12-02T23:00:00Z";
    const updateTime = "2026-12-01T00:00:00Z";
    const data = { moduleName: "Data", description: "All", byteBalance: { quotaBytes: "1500000" } };
    const validUntil = expireTime;
    expect((await read(text, nested)).map(jsonOf)).toEqual([
      {
        userKey: "1",
        planStatus: {
          languageCode: "de-DE",
          updateTime,
          expireTime,
          plans: [{ planId: "p", planModules: [data] }],
          accountInfo: {
            accountBalance: { currencyCode: "EUR", units: "12", nanos: 500_000_000 },
            accountBalanceStatus: "VALID",
            validUntil,
          },
        },
      },
      {
        userKey: "2",
        planStatus: {
          languageCode: "en",
          updateTime,
          expireTime,
          planInfoPerClient: { youtube: { rateLimitedStreaming: { maxMediaRateKbps: 300 } } },
        },
      },
    ]);
  });

  it("may have no header, but numbers of columns", async () => {
    const fields = { ...mapping.fields, userKey: { column: 2 }, title: { column: "1" } };
    expect(await shownOf("a,1\nb,2\n", { header: false, fields })).toEqual([
      [1, "1|a"],
      [2, "2|b"],
    ]);
  });

  it("may have another encoding", async () => {
    const bytes = Buffer.from("key,title\n1,prämie\n", "latin1");
    expect(await shownOf(bytes, { ...mapping, encoding: "windows-1252" })).toEqual([[2, "1|prämie"]]);
    expect((await read(bytes))[0]?.problem).toMatch(/^is not UTF-8: .* encoding: windows-1252$/);
  });

  it("marks values that cannot be converted, with violations that name field and column", async () => {
    const typed = inline(
      `userKey=key,title=title,languageCode="de",updateTime=@now,expireTime=until,plans[0].planId=key,plans[0].planState=state`,
    );
    const [record] = await read("key,title,until,state\n491700000001,a,tomorrow,ACTIV\n", typed);
    expect(jsonOf(record as RawRecord).planStatus.expireTime).toBe("invalid: tomorrow");
    expect(createRecordParser(given)(record as RawRecord)).toEqual({
      userKey: "491700000001",
      violations: [
        {
          field: "planStatus.expireTime",
          description:
            'must be a time such as 2026-12-01T12:00:00+01:00, not "tomorrow" (column "until"); state another form by format in a mapping file, such as format: DD.MM.YYYY',
        },
        {
          field: "planStatus.plans[0].planState",
          description: expect.stringMatching(/^.*ACTIVE.* \(column "state"\)$/),
        },
      ],
    });
  });

  it("is rejected with a problem, and not as a request, when a row has other columns", async () => {
    const [record] = await read("key,title\n1,a,b\n");
    expect(jsonOf(record as RawRecord)).toEqual({ cells: ["1", "a", "b"] });
    expect(createRecordParser(given)(record as RawRecord)).toEqual({
      violations: [
        { field: "record", description: expect.stringMatching(/^has 3 cells, but there are 2 columns/) },
      ],
    });
  });

  it("yields the rows after a position, and notices a change before it", async () => {
    const text = 'key,title\n1,"a\nb"\n\n2,b\n3,c\n';
    const [, second] = await read(text);
    expect((await read(text, mapping, 3, second)).map(({ index }) => index)).toEqual([6]);
    await expect(read(text.replace("a", "x"), mapping, 3, second)).rejects.toThrow(/has changed/);
  });

  it("takes a cell of 100 MB that is not closed as one invalid row, with a few megabytes of memory", async () => {
    const block = Buffer.alloc(1024 * 1024, "x");
    let read = 0;
    async function* pieces() {
      yield Buffer.from('key,title\n1,"');
      for (; read < 100; read++) {
        yield block;
      }
      yield Buffer.from("\n2,b\n");
    }
    const source = { name: "export.csv", stream: Readable.from(pieces()), part: () => undefined };
    const input = await inputOf(source, { ...given, mapping });
    const found: unknown[] = [];
    for await (const block of readRecords(input)) {
      found.push(...block.map(({ index, problem, bytes }) => [index, problem, bytes.length < 1e6]));
    }
    expect(found).toEqual([
      [2, `is ${100 * 1024 * 1024 + 4} bytes long, but a row may have ${1024 * 1024}`, true],
      [3, undefined, true],
    ]);
  });

  it("never fails, and yields each line once, for any bytes", async () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom('"', ",", "\n", "\r\n", '""', "1,a\n", '"x\n'), fc.string({ maxLength: 3 })),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 9 }), async (parts, size) => {
        const text = `key,title\n${parts.join("")}`;
        const records = await read(text, mapping, size);
        expect(records).toHaveLength((await read(text)).length);
        const lines = records.map(({ index, blankLines = 0, otherLines = 0 }) => [
          index - blankLines - otherLines,
          index,
        ]);
        let before = 0;
        for (const [first = 0, index = 0] of lines) {
          expect(first).toBe(before + 1);
          before = index;
        }
      }),
    );
  });

  it("has the cells that csv-parse reads, however they are quoted and however the file is divided", async () => {
    const cell = fc.record({
      text: fc.oneof(fc.constantFrom("a", "", '"', "x,y", "l\nm", "l\r\nm"), fc.string({ maxLength: 6 })),
      isQuoted: fc.boolean(),
    });
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 });
    const write = ({ text, isQuoted }: { text: string; isQuoted: boolean }) =>
      isQuoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.constantFrom("\n", "\r\n"),
        fc.integer({ min: 1, max: 20 }),
        async (all, lineBreak, size) => {
          const text = ["key,title", ...all.map((row) => row.map(write).join(","))].join(lineBreak);
          const expected = (parse(text, { from_line: 2, skip_empty_lines: true }) as string[][])
            .filter((row) => row.some((each) => each !== ""))
            .map(([userKey = "", title = ""]) => ({
              ...(userKey.trim() !== "" && { userKey }),
              ...(title.trim() !== "" && { title }),
            }));
          const records = (await read(text, mapping, size))
            .filter(({ bytes }) => bytes.length > 0)
            .map(jsonOf);
          expect(
            records.map(({ userKey, planStatus }) => ({
              ...(userKey !== undefined && { userKey }),
              ...(planStatus.title !== undefined && { title: planStatus.title }),
            })),
          ).toEqual(expected);
        },
      ),
    );
  });
});
