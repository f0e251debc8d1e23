import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
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
});
afterEach(async () => {
  await removeDirectory(directory);
});

/** Opens the stores that a test uses; opening one starts a thread. */
async function openStores(...names: ("source" | "target")[]): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const store = await openSqliteStore({ directory: join(directory, name), clock });
      onTestFinished(() => store.close());
      if (name === "source") {
        source = store;
      } else {
        target = store;
      }
    }),
  );
}

const file = () => join(directory, "plans.ndjson");

/** Exports the source to a file, with a snapshot. */
const exported = (options: Partial<ExportFileOptions> = {}) =>
  exportToFile({ store: source, rules, file: file(), resume: false, snapshot: true, ...options });

function userRecord(userKey: string, ms = 0, clientId = "youtube"): PutRecord {
  const status = planStatus({ updateTime: fromNow(ms, 7), expireTime: fromNow(day) });
  status.name = `operators/65001/planStatuses/${userKey}`;
  return planStatusRecord(65001, clientId, userKey, status);
}

/** Returns records of every kind, with special characters in their keys. */
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

async function* linesOf(path: string): AsyncGenerator<string[]> {
  // Blocks of different sizes, one of them empty.
  const [first = "", second = "", ...lines] = (await readFile(path, "utf8")).split("\n");
  yield* [[first], [], [second, ...lines]];
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

describe("importRecords of an export", () => {
  it("an import of an export stores identical records", async () => {
    await openStores("source", "target");
    const records = everyKind();
    await Promise.all(records.map((record) => source.put(record)));
    const { count, digest } = await exported();
    expect(count).toBe(records.length);
    expect(await importFrom(file())).toEqual({ stored: records.length, stale: 0, expired: 0, count, digest });
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it("an export can be imported twice", async () => {
    await openStores("source", "target");
    await source.put(userRecord("a"));
    await exported();
    expect(await importFrom(file())).toMatchObject({ stored: 1 });
    expect(await importFrom(file())).toMatchObject({ stored: 1 });
  });

  it("an import keeps newer records of the store", async () => {
    await openStores("source", "target");
    await source.put(userRecord("a", -hour));
    await exported();
    const newer = userRecord("a", -1);
    await target.put(newer);
    expect(await importFrom(file())).toMatchObject({ stored: 0, stale: 1 });
    expect(Buffer.from((await target.get(newer.key)) ?? [])).toEqual(Buffer.from(newer.value));
  });

  it("an import skips records that have expired since the export", async () => {
    await openStores("source", "target");
    await source.put(userRecord("a"));
    await exported();
    clock.set(testTime + day);
    expect(await importFrom(file())).toMatchObject({ stored: 0, expired: 1 });
  });

  it("the digest of records does not depend on their order", async () => {
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

  it("a record and its line, the JSON of a request, convert into each other", () => {
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

describe("exportToFile", () => {
  it("an export creates a file with mode 0600 and a manifest", async () => {
    await openStores("source");
    await source.put(userRecord("a"));
    const manifest = await exported();
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readManifest(file())).toEqual(JSON.parse(JSON.stringify(manifest)));
    expect(manifest).toMatchObject({ complete: true, count: 1, bytes: (await stat(file())).size });
  });

  it("an export has the records as of its snapshotTime, or no snapshotTime without a snapshot", async () => {
    await openStores("source");
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

  it("an export names no user key when a record cannot be exported", async () => {
    await openStores("source");
    await source.put({ ...userRecord("447700900123"), value: Buffer.from([0xff]) });
    const failed = exported();
    await expect(failed).rejects.toThrow(
      /^a planStatus of operators\/65001 cannot be exported: .*\. Run mdps check to find all such records$/,
    );
    await expect(failed).rejects.not.toThrow("447700900123");
  });

  it("an export does not overwrite a file", async () => {
    await openStores("source");
    await writeFile(file(), "mine");
    const again = exported();
    await expect(again).rejects.toThrow("already exists: continue that export with --resume");
    expect(await readFile(file(), "utf8")).toBe("mine");
  });

  it("a resumed export continues where it was interrupted and contains each record once", async () => {
    await openStores("source", "target");
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
    // A killed program may have written more than its manifest describes.
    await appendFile(file(), '{"parent":"operators/650');
    const { count, digest, snapshotTime } = await exported({ resume: true });
    expect(count).toBe(records.length);
    // Records written before the interruption are as of another time.
    expect(snapshotTime).toBeNull();
    expect(await importFrom(file())).toEqual({ stored: count, stale: 0, expired: 0, count, digest });
    expect(await contentOf(target)).toEqual(await contentOf(source));
  });

  it("a resumed export does nothing if it is complete, and fails if it has no manifest", async () => {
    await openStores("source");
    const manifest = await exported();
    expect(await exported({ resume: true })).toEqual(JSON.parse(JSON.stringify(manifest)));
    const other = exported({ file: `${file()}.other`, resume: true });
    await expect(other).rejects.toThrow("has no manifest: there is no export to resume");
  });
});

describe("importRecords", () => {
  const line = (userKey: string) => lineOfRecord(userRecord(userKey));

  it.each<[string, string, RegExp]>([
    ["invalid JSON", "{", /^line 2: /],
    ["a number", "7", /^line 2: a line must be a JSON object$/],
    [
      "an unknown field",
      '{"parent":"operators/1","userKey":"a","plan":{}}',
      /^line 2: plan: is not a field of CreatePlanStatusRequest$/,
    ],
    [
      "a duplicate key",
      '{"parent":"operators/1","userKey":"a","userKey":"b"}',
      /^line 2: userKey: is set twice/,
    ],
    ["no plan status", '{"parent":"operators/1","userKey":"a"}', /^line 2: planStatus: value is required$/],
    ["no plan group", '{"parent":"operators/1","planGroupId":"a"}', /^line 2: planGroup: value is required$/],
    [
      "an invalid operator",
      line("b").replace("operators/65001", "operators/0"),
      /^line 2: parent: must be operators/,
    ],
  ])("an import stores the lines before one with %s and names that line", async (_, text, message) => {
    await openStores("target");
    await writeFile(file(), [line("a"), text, line("c")].join("\n"));
    const error = await importFrom(file()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ImportError);
    expect((error as ImportError).message).toMatch(message);
    expect((error as ImportError).line).toBe(2);
    expect(await target.get(userRecord("a").key)).toBeDefined();
  });

  it("an import reads 64-bit integers exactly from JSON numbers, as other programs write them", async () => {
    await openStores("target");
    const module =
      '"moduleName":"a","description":"b","byteBalance":{"quotaBytes":9223372036854775807,"remainingBytes":9007199254740993}';
    const plans = `"plans":[{"planId":"p","planModules":[{${module}}]}]`;
    await writeFile(file(), line("a").replace('"planStatus":{', `"planStatus":{${plans},`));
    expect(await importFrom(file())).toMatchObject({ stored: 1 });
    const value = await target.get(userRecord("a").key);
    const text = value && lineOfRecord({ ...userRecord("a"), value });
    expect(text).toContain('"quotaBytes":"9223372036854775807","remainingBytes":"9007199254740993"');
  });

  it("an import with skip stores only the lines after the skipped ones", async () => {
    await openStores("target");
    await writeFile(file(), ["a", "b", "c"].map(line).join("\n"));
    expect(await importFrom(file(), 2)).toMatchObject({ stored: 1, count: 3 });
    expect(await target.get(userRecord("a").key)).toBeUndefined();
    expect(await target.get(userRecord("c").key)).toBeDefined();
  });

  it("an import retries a put while the store is unavailable", async () => {
    await openStores("target");
    await writeFile(file(), ["a", "b", "c"].map(line).join("\n"));
    let failures = 0;
    const flaky: PlanStore = {
      ...target,
      async put(record) {
        if (record.key.id === "b" && failures < 2) {
          failures += 1;
          throw new StoreUnavailable("busy");
        }
        return target.put(record);
      },
    };
    expect(await importFrom(file(), 0, flaky)).toMatchObject({ stored: 3 });
    expect(failures).toBe(2);
  });

  it("an import names the first line that cannot be stored", async () => {
    await openStores("target");
    await writeFile(file(), ["a", "b", "c"].map(line).join("\n"));
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

it("an export omits unknown fields, and its digest is that of the records without them", async () => {
  await openStores("source", "target");
  const record = userRecord("a");
  const unknown = Buffer.concat([record.value, Buffer.from([0xfa, 0x3f, 0x01, 0x00])]);
  await source.put({ ...record, value: unknown });
  const { digest } = await exported();
  expect((await importFrom(file())).digest).toBe(digest);
  const stored = await target.get(record.key);
  expect(Buffer.from(stored ?? [])).toEqual(Buffer.from(record.value));
});
