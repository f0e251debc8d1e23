import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Record as RecordMessage } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { PlanStore } from "../../../src/store/plan-store.ts";
import { removeRecord } from "../../../src/store/remove-record.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { makeDirectory, removeDirectory } from "../../support/data-directory.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { hour, planStatus } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent, protocols } from "../../support/test-server.ts";

type ListInit = { operator?: string; clientId?: string; userKey?: string; pageSize?: number };

describe.each(["memory:", "sqlite:"])("The records of %s", (engine) => {
  let emulator: TestEmulator;
  let store: PlanStore;
  let token: string;
  let directory: string;
  beforeAll(async () => {
    directory = await makeDirectory();
    emulator = await startTestEmulator({
      store: engine === "sqlite:" ? `sqlite:${directory}` : engine,
      start: {
        load: async (parts) => {
          store = parts.store;
        },
      },
    });
    emulator.state.clock.freezeAt(testTime);
    token = await emulator.token();
  });
  afterAll(async () => {
    expect(emulator.failures).toEqual([]);
    await emulator[Symbol.asyncDispose]();
    await removeDirectory(directory);
  });
  beforeEach(() => {
    emulator.state.clock.freezeAt(testTime);
  });
  afterEach(async () => {
    // Records that have expired are back then.
    emulator.state.clock.freezeAt(testTime);
    for await (const { records } of store.scan()) {
      await Promise.all(records.map(({ key }) => removeRecord(store, key)));
    }
  });

  const client = () => emulator.client("connect", token);
  const push = (userKey: string, clientId = "") =>
    clientId === ""
      ? client().createPlanStatus({ parent, userKey, planStatus: planStatus() })
      : client().createUserPlanStatus({ parent, clientId, userKey, planStatus: planStatus() });
  const pushGroup = (planGroupId: string) =>
    client().createPlanGroup({
      parent,
      planGroupId,
      planGroup: { lastUpdatedTime: timestampFromMs(testTime) },
    });

  /** Lists all pages. */
  async function list(init: ListInit = {}, between?: (page: RecordMessage[]) => unknown) {
    const control = emulator.control("connect");
    const pages: RecordMessage[][] = [];
    let pageToken = "";
    do {
      const page = await control.listRecords({ ...init, pageToken });
      pages.push(page.records);
      await between?.(page.records);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return pages;
  }
  const keysOf = (pages: RecordMessage[][]) => pages.flat().map(({ userKey }) => userKey);

  it.each(protocols)("are listed, read and deleted over %s", async (protocol) => {
    const control = emulator.control(protocol);
    await push("+14155550100");
    const { records, nextPageToken } = await control.listRecords({});
    expect(nextPageToken).toBe("");
    expect(records).toHaveLength(1);
    const [record] = records;
    expect(record).toMatchObject({ operator: parent, clientId: "", userKey: "+14155550100" });
    expect(record?.resource).toMatchObject({
      case: "planStatus",
      value: { name: `${parent}/planStatuses/+14155550100` },
    });
    const name = record?.name ?? "";
    expect(await control.getRecord({ name })).toEqual(record);
    await control.deleteRecord({ name });
    expect((await control.listRecords({})).records).toEqual([]);
    for (const call of [control.getRecord({ name }), control.deleteRecord({ name })]) {
      expect(await apiErrorOf(call)).toMatchObject({
        code: "NotFound",
        reason: "EMULATOR_RESOURCE_NOT_FOUND",
      });
    }
  });

  it("of one key are different for every client, for each client and for a group", async () => {
    await push("a");
    await push("a", "youtube");
    await push("a", "mobiledataplan");
    await pushGroup("a");
    const found = (await list()).flat();
    expect(found.map(({ clientId, resource }) => `${resource.case} ${clientId}`.trim()).toSorted()).toEqual([
      "planGroup",
      "planStatus",
      "planStatus mobiledataplan",
      "planStatus youtube",
    ]);
    expect(new Set(found.map(({ name }) => name)).size).toBe(4);
    const group = found.find(({ resource }) => resource.case === "planGroup");
    await emulator.control("grpc").deleteRecord({ name: group?.name ?? "" });
    expect((await list()).flat()).toHaveLength(3);
  });

  it("keep their names when a newer push replaces them, and after they were deleted and pushed again", async () => {
    await push("a");
    const [before] = (await list()).flat();
    await push("a");
    expect((await list()).flat().map(({ name }) => name)).toEqual([before?.name]);
    await emulator.control("rest").deleteRecord({ name: before?.name ?? "" });
    await push("a");
    expect((await list()).flat().map(({ name }) => name)).toEqual([before?.name]);
  });

  it("accept an older push after they were deleted", async () => {
    const older = planStatus({ updateTime: timestampFromMs(testTime - 2 * hour) });
    await push("a");
    expect(
      await apiErrorOf(client().createPlanStatus({ parent, userKey: "a", planStatus: older })),
    ).toMatchObject({ reason: "PLAN_STATUS_STALE" });
    const [record] = (await list()).flat();
    await emulator.control("grpc").deleteRecord({ name: record?.name ?? "" });
    await client().createPlanStatus({ parent, userKey: "a", planStatus: older });
    expect((await client().getPlanStatus({ name: `${parent}/planStatuses/a` })).updateTime).toEqual(
      older.updateTime,
    );
  });

  it("expire when the clock is advanced", async () => {
    await push("a");
    const [record] = (await list()).flat();
    await emulator.control("grpc").advanceClock({ duration: { seconds: 3_600n } });
    expect(await list()).toEqual([[]]);
    const call = emulator.control("connect").getRecord({ name: record?.name ?? "" });
    expect((await apiErrorOf(call)).reason).toBe("EMULATOR_RESOURCE_NOT_FOUND");
  });

  it("are filtered by operator, client and a pattern of keys", async () => {
    await push("+14155550100");
    await push("+14155550101", "youtube");
    await push("+4930123");
    await pushGroup("+1415-family");
    const found = async (init: ListInit) => keysOf(await list(init)).toSorted();
    expect(await found({ userKey: "+1415*" })).toEqual(["+1415-family", "+14155550100", "+14155550101"]);
    expect(await found({ userKey: "+1415*", clientId: "youtube" })).toEqual(["+14155550101"]);
    expect(await found({ userKey: "+4930123" })).toEqual(["+4930123"]);
    expect(await found({ operator: parent })).toHaveLength(4);
    expect(await found({ operator: "operators/65002" })).toEqual([]);
    expect(await found({ clientId: "nobody" })).toEqual([]);
  });

  it("are each on one page, whatever the size of the pages is", async () => {
    const keys = Array.from({ length: 23 }, (_, index) => `user-${index}`);
    await Promise.all(keys.map((key) => push(key)));
    for (const pageSize of [1, 5, 22, 23, 1_000_000]) {
      const pages = await list({ pageSize });
      expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(pageSize);
      expect(keysOf(pages).toSorted()).toEqual(keys.toSorted());
    }
  });

  it("are each listed once if those of each page are deleted before the next", async () => {
    const keys = Array.from({ length: 12 }, (_, index) => `user-${index}`);
    await Promise.all(keys.map((key) => push(key)));
    const pages = await list({ pageSize: 5 }, (page) =>
      Promise.all(page.map(({ name }) => emulator.control("connect").deleteRecord({ name }))),
    );
    expect(keysOf(pages).toSorted()).toEqual(keys.toSorted());
    expect(await list()).toEqual([[]]);
  });

  it("are on a page without any, with a token, if none of many match", async () => {
    const key = { kind: "planStatus", asn: 65001, clientId: "" } as const;
    await Promise.all(
      Array.from({ length: 11_000 }, (_, index) =>
        store.put({
          key: { ...key, id: `user-${index}` },
          updateTime: undefined,
          expiresAtMs: testTime + hour,
          value: new Uint8Array(),
        }),
      ),
    );
    const pages = await list({ userKey: "nobody" });
    expect(pages).toEqual([[], []]);
    expect(keysOf(await list({ userKey: "user-10999" }))).toEqual(["user-10999"]);
    emulator.state.clock.freezeAt(testTime + hour);
    // Expired records are read too.
    expect(await list()).toEqual([[], []]);
  });

  it("end a page when their sizes add up to 2 MiB, so that gRPC clients can read it", async () => {
    const planName = "x".repeat(1024);
    for (let index = 0; index < 12; index++) {
      await store.put({
        key: { kind: "planGroup", asn: 65001, clientId: "", id: `group-${index}` },
        updateTime: undefined,
        expiresAtMs: undefined,
        // An unknown field of 1 MiB.
        value: Buffer.concat([
          Buffer.from([0xfa, 0x7f, 0x80, 0x80, 0x40]),
          Buffer.from(planName.repeat(1024)),
        ]),
      });
    }
    const pages = await list();
    expect(pages.map(({ length }) => length).filter((length) => length > 0)).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it.each([
    "x",
    "records:",
    Buffer.from("records:").toString("base64url"),
    Buffer.from("records:memory:1:2:3").toString("base64url"),
    Buffer.from("records:sqlite:2:1").toString("base64url"),
    Buffer.from("devices:1").toString("base64url"),
  ])("reject the page token %j", async (pageToken) => {
    const error = await apiErrorOf(emulator.control("grpc").listRecords({ pageToken }));
    expect(error).toMatchObject({ reason: "FIELD_INVALID", fields: ["pageToken"] });
  });

  it.each([
    [{ operator: "operators/0" }, "operator"],
    [{ operator: "operators/4294967296" }, "operator"],
    [{ operator: "65001" }, "operator"],
    [{ operator: "operators/065001" }, "operator"],
    [{ pageSize: -1 }, "pageSize"],
    [{ userKey: "*".repeat(4097) }, "userKey"],
  ])("reject the filters %j", async (init, field) => {
    expect((await apiErrorOf(emulator.control("connect").listRecords(init))).fields).toEqual([field]);
  });

  it.each(["", "x", "records/", "records/a/b", "faults/1"])("reject the name %j", async (name) => {
    for (const call of [
      emulator.control("grpc").getRecord({ name }),
      emulator.control("grpc").deleteRecord({ name }),
    ]) {
      expect((await apiErrorOf(call)).fields).toEqual(["name"]);
    }
  });

  it.each([
    "x",
    "%00",
    Buffer.from("65001/planStatus/0/").toString("base64url"),
    Buffer.from("0/planStatus/0/a").toString("base64url"),
    Buffer.from("4294967296/planStatus/0/a").toString("base64url"),
    Buffer.from("65001/toString/0/a").toString("base64url"),
    Buffer.from("65001/planStatus/00/a").toString("base64url"),
    Buffer.from("65001/planStatus/9/a").toString("base64url"),
    `${Buffer.from("65001/planStatus/0/a").toString("base64url")}=`,
    Buffer.from([0x36, 0x35, 0xff]).toString("base64url"),
  ])("do not have the name records/%s", async (id) => {
    await push("a");
    const call = emulator.control("grpc").getRecord({ name: `records/${id}` });
    expect((await apiErrorOf(call)).reason).toBe("EMULATOR_RESOURCE_NOT_FOUND");
  });

  it.each(["a/b", "50%", "..", "ключ", "日本語", "😀", "a?b#c"])(
    "have names that work in URLs for the key %j",
    async (key) => {
      await push(key, "youtube");
      const [record] = (await list()).flat();
      expect(record?.userKey).toBe(key);
      const { status, body } = await emulator.rest("GET", record?.name ?? "");
      expect(status).toBe(200);
      expect(body).toMatchObject({
        userKey: key,
        clientId: "youtube",
        planStatus: { languageCode: "en-US" },
      });
      expect(await emulator.rest("DELETE", record?.name ?? "")).toEqual({ status: 200, body: {} });
      expect(await list()).toEqual([[]]);
    },
  );
});
