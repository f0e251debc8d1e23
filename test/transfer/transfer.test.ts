import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PlanGroupSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { planGroupRecord, planStatusRecord } from "../../src/services/record-mapping.ts";
import { type PlanStore, type PutRecord, StoreUnavailable } from "../../src/store/plan-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { type ExportFileOptions, exportToFile, readManifest } from "../../src/transfer/export-file.ts";
import { ImportError, importRecords } from "../../src/transfer/import-records.ts";
import { createRecordSum } from "../../src/transfer/record-digest.ts";
import { lineOfRecord, recordOfLine } from "../../src/transfer/record-line.ts";
import { makeDirectory, removeDirectory } from "../support/data-directory.ts";
import { day, fromNow, hour, planStatus } from "../support/plan-statuses.ts";
import { createTestClock, type TestClock, testTime } from "../support/test-clock.ts";

const rules = createContractRules();
let directory: string;
let clock: TestClock;
let source: PlanStore;
let target: PlanStore;

beforeEach(async () => {
  directory = await makeDirectory();
  clock = createTestClock();
  [source, target] = await Promise.all([
    openSqliteStore({ directory: join(directory, "source"), clock }),
    openSqliteStore({ directory: join(directory, "target"), clock }),
  ]);
});
afterEach(async () => {
  await Promise.all([source.close(), target.close()]);
  await removeDirectory(directory);
});

const file = () => join(directory, "plans.ndjson");

/** Exports the source to a file, as of one moment. */
const exported = (options: Partial<ExportFileOptions> = {}) =>
  exportToFile({ store: source, rules, file: file(), resume: false, snapshot: true, ...options });

function userRecord(userKey: string, ms = 0, clientId = "youtube"): PutRecord {
  const status = planStatus({ updateTime: fromNow(ms, 7), expireTime: fromNow(day) });
  status.name = `operators/65001/planStatuses/${userKey}`;
  return planStatusRecord(65001, clientId, userKey, status);
}

/** One of every kind, and keys that need care. */
function everyKind(): PutRecord[] {
  const group = create(PlanGroupSchema, {
    name: "operators/1/planGroups/g",
    responseStaleTime: fromNow(hour),
  });
  return [
    ...["a/b+c==", "\u0000\n\r", "é📶", '"quoted"', "x".repeat(1_000)].map((id) => userRecord(id)),
    userRecord("a", 0, ""),
    userRecord("a", 0, "mobiledataplan"),
    planGroupRecord(1, "g", group),
    planGroupRecord(4_294_967_295, "g", create(PlanGroupSchema)),
  ];
}

async function* linesOf(path: string): AsyncGenerator<string> {
  yield* (await readFile(path, "utf8")).split("\n");
}

const importFrom = (path: string, skip = 0, store = target) => {
  const sum = createRecordSum();
  return importRecords({ store, rules, lines: linesOf(path), sum, nowMs: clock.now(), skip }).then(
    (report) => ({
      ...report,
      count: sum.count,
      digest: sum.digest,
    }),
  );
};

async function contentOf(store: PlanStore): Promise<unknown[]> {
  const all = [];
  for await (const { records } of store.scan()) {
    all.push(...records.map((record) => ({ ...record, value: Buffer.from(record.value).toString("hex") })));
  }
  return all;
}

describe("an export that is imported", () => {
  it("brings every record as it was", async () => {
    const records = everyKind();
    await Promise.all(records.map((record) => source.put(record)));
    const { count, digest } = await exported();
    expect(count).toBe(records.length);
    expect(await importFrom(file())).toEqual({ stored: records.length, stale: 0, expired: 0, count, digest });
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it("may be imported again", async () => {
    await source.put(userRecord("a"));
    await exported();
    expect(await importFrom(file())).toMatchObject({ stored: 1 });
    expect(await importFrom(file())).toMatchObject({ stored: 1 });
  });

  it("leaves what is newer in the store", async () => {
    await source.put(userRecord("a", -hour));
    await exported();
    const newer = userRecord("a", -1);
    await target.put(newer);
    expect(await importFrom(file())).toMatchObject({ stored: 0, stale: 1 });
    expect(Buffer.from((await target.get(newer.key)) ?? [])).toEqual(Buffer.from(newer.value));
  });

  it("leaves out what has expired meanwhile", async () => {
    await source.put(userRecord("a"));
    await exported();
    clock.set(testTime + day);
    expect(await importFrom(file())).toMatchObject({ stored: 0, expired: 1 });
  });

  it("has the same digest in whatever order records come", async () => {
    const records = everyKind();
    const [one, other] = [createRecordSum(), createRecordSum()];
    for (const record of records) {
      one.add(record);
    }
    for (const record of records.toReversed()) {
      other.add(record);
    }
    expect(one.digest).toBe(other.digest);
    other.add(records[0] as PutRecord);
    expect(one.digest).not.toBe(other.digest);
  });

  it("reads what is stored by a line of the contract's own JSON", () => {
    const record = userRecord("a/b");
    const line = lineOfRecord(record);
    expect(JSON.parse(line)).toMatchObject({
      parent: "operators/65001",
      clientId: "youtube",
      userKey: "a/b",
    });
    expect(recordOfLine(line, rules)).toEqual(record);
  });
});

describe("an export to a file", () => {
  it("is for the owner alone, and has a manifest", async () => {
    await source.put(userRecord("a"));
    const manifest = await exported();
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readManifest(file())).toEqual(JSON.parse(JSON.stringify(manifest)));
    expect(manifest).toMatchObject({ complete: true, count: 1, bytes: (await stat(file())).size });
  });

  it("is of one moment, and says of which; without a snapshot it says that it is not", async () => {
    const ids = Array.from({ length: 1_500 }, (_, index) => `user-${index}`);
    await Promise.all(ids.map((id) => source.put(userRecord(id))));
    const later = ids.map((id) => userRecord(id, 1));
    const pushing: PlanStore = {
      ...source,
      async *scan(options) {
        for await (const page of source.scan(options)) {
          await Promise.all(later.map((record) => source.put(record)));
          yield page;
        }
      },
    };
    const before = createRecordSum();
    for (const id of ids) {
      before.add(userRecord(id));
    }
    const whole = await exported({ store: pushing, clock });
    expect(whole).toMatchObject({
      digest: before.digest,
      snapshotTime: new Date(testTime).toISOString(),
    });
    const mixed = await exported({ store: pushing, file: `${file()}.mixed`, snapshot: false });
    expect(mixed).toMatchObject({ count: 1_500, snapshotTime: null });
  });

  it("names no user when a record cannot be exported", async () => {
    await source.put({ ...userRecord("447700900123"), value: Buffer.from([0xff]) });
    const refused = exported();
    await expect(refused).rejects.toThrow(
      /^a planStatus of operators\/65001 cannot be exported: .*; mdps check finds every such record$/,
    );
    await expect(refused).rejects.not.toThrow("447700900123");
  });

  it("never takes the place of another file", async () => {
    await writeFile(file(), "mine");
    const again = exported();
    await expect(again).rejects.toThrow("is there already: go on with it by --resume");
    expect(await readFile(file(), "utf8")).toBe("mine");
  });

  it("that was interrupted goes on where it was, and has each record once", async () => {
    const records = Array.from({ length: 3_000 }, (_, index) => userRecord(`user-${index}`));
    await Promise.all(records.map((record) => source.put(record)));
    const stop = new AbortController();
    let pages = 0;
    const stopping: PlanStore = {
      ...source,
      async *scan(options) {
        for await (const page of source.scan(options)) {
          yield page;
          pages += 1;
          stop.abort(new Error("interrupted"));
          stop.signal.throwIfAborted();
        }
      },
    };
    const first = exported({ store: stopping, signal: stop.signal });
    await expect(first).rejects.toThrow("interrupted");
    expect(pages).toBe(1);
    expect(await readManifest(file())).toMatchObject({ complete: false });
    // A program that is killed leaves more than it has noted.
    await appendFile(file(), '{"parent":"operators/650');
    const { count, digest, snapshotTime } = await exported({ resume: true });
    expect(count).toBe(records.length);
    // What was written before the interruption is of another moment.
    expect(snapshotTime).toBeNull();
    expect(await importFrom(file())).toEqual({ stored: count, stale: 0, expired: 0, count, digest });
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it("that is complete has nothing to go on with, and one that never began cannot", async () => {
    const manifest = await exported();
    expect(await exported({ resume: true })).toEqual(JSON.parse(JSON.stringify(manifest)));
    const other = exported({ file: `${file()}.other`, resume: true });
    await expect(other).rejects.toThrow("has no manifest: there is nothing to go on with");
  });
});

describe("an import that ends early", () => {
  const line = (userKey: string) => lineOfRecord(userRecord(userKey));

  it.each<[string, string, RegExp]>([
    ["no JSON", "{", /^line 2: /],
    ["no object", "7", /^line 2: a line must be a JSON object$/],
    ["an unknown field", '{"parent":"operators/1","userKey":"a","plan":{}}', /^line 2: .*"plan" is unknown/],
    ["no status", '{"parent":"operators/1","userKey":"a"}', /^line 2: planStatus: value is required$/],
    ["no group", '{"parent":"operators/1","planGroupId":"a"}', /^line 2: planGroup: value is required$/],
    [
      "an operator that is none",
      line("b").replace("operators/65001", "operators/0"),
      /^line 2: parent: must be operators/,
    ],
  ])("names the line that has %s, and has stored those before it", async (_, text, message) => {
    await writeFile(file(), [line("a"), text, line("c")].join("\n"));
    const error = await importFrom(file()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ImportError);
    expect((error as ImportError).message).toMatch(message);
    expect((error as ImportError).line).toBe(2);
    expect(await target.get(userRecord("a").key)).toBeDefined();
  });

  it("goes on behind the lines that are stored", async () => {
    await writeFile(file(), ["a", "b", "c"].map(line).join("\n"));
    expect(await importFrom(file(), 2)).toMatchObject({ stored: 1, count: 3 });
    expect(await target.get(userRecord("a").key)).toBeUndefined();
    expect(await target.get(userRecord("c").key)).toBeDefined();
  });

  it("names the first line that could not be stored, and waits for a store that is away for a moment", async () => {
    await writeFile(file(), ["a", "b", "c"].map(line).join("\n"));
    let failures = 0;
    const shaky: PlanStore = {
      ...target,
      async put(record) {
        if (record.key.id === "b" && failures < 2) {
          failures += 1;
          throw new StoreUnavailable("away");
        }
        return target.put(record);
      },
    };
    expect(await importFrom(file(), 0, shaky)).toMatchObject({ stored: 3 });
    const broken: PlanStore = {
      ...target,
      put: async (record) => {
        if (record.key.id !== "a") {
          throw new Error(`no room for ${record.key.id}`);
        }
        return target.put(record);
      },
    };
    await expect(importFrom(file(), 0, broken)).rejects.toThrow("line 2: no room for b");
  });
});

it("fields that this version does not know are left behind, and the digest knows", async () => {
  const record = userRecord("a");
  const unknown = Buffer.concat([record.value, Buffer.from([0xfa, 0x3f, 0x01, 0x00])]);
  await source.put({ ...record, value: unknown });
  const { digest } = await exported();
  expect((await importFrom(file())).digest).toBe(digest);
  const stored = await target.get(record.key);
  expect(Buffer.from(stored ?? [])).toEqual(Buffer.from(record.value));
});
