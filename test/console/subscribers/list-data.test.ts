import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { effect } from "@preact/signals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type FoundRecords, type ListData, listData } from "../../../src/console/subscribers/list-data.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { hour, minute } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent } from "../../support/test-server.ts";

const everything = { userKey: "", operator: "", clientId: "" };

describe("the list of subscribers", () => {
  let emulator: TestEmulator;
  beforeAll(async () => {
    emulator = await startTestEmulator();
    emulator.state.clock.freezeAt(testTime);
    const api = emulator.client("connect", await emulator.token());
    const planStatus = create(PlanStatusSchema, {
      languageCode: "en",
      updateTime: timestampFromMs(testTime - minute),
      expireTime: timestampFromMs(testTime + hour),
    });
    for (let number = 0; number < 120; number++) {
      await api.createPlanStatus({ parent, userKey: `key-${number}`, planStatus });
    }
    await api.createUserPlanStatus({ parent, clientId: "youtube", userKey: "key-7", planStatus });
    await api
      .createPlanStatus({ parent, userKey: "key-rejected", planStatus: { languageCode: "?" } })
      .catch(() => {});
  });
  afterAll(() => emulator[Symbol.asyncDispose]());

  /** Resolves with what is found once it holds. */
  function found(data: ListData, holds: (found: FoundRecords) => boolean): Promise<FoundRecords> {
    return new Promise((resolve) => {
      const stop = effect(() => {
        const { value } = data.found;
        if (value !== undefined && holds(value)) {
          resolve(value);
          queueMicrotask(() => stop());
        }
      });
    });
  }

  it("has at first 100 records, and more if asked", async () => {
    const data = listData(emulator.control("connect"));
    const stop = data.follow();
    const first = await found(data, () => true);
    expect([first.records.length, first.hasMore]).toEqual([100, true]);
    data.showMore();
    const all = await found(data, ({ records }) => records.length > 100);
    stop();
    expect([all.records.length, all.hasMore]).toEqual([121, false]);
  });

  it("has keys of recent calls as suggestions first, each once", async () => {
    const data = listData(emulator.control("connect"));
    const stop = data.follow();
    await found(data, () => true);
    stop();
    expect(data.suggestions.value.slice(0, 3)).toEqual(["key-rejected", "key-7", "key-119"]);
    expect(data.suggestions.value).toHaveLength(121);
  });

  it("keeps what it found until the next search is answered, and names the search of what it has", async () => {
    const data = listData(emulator.control("connect"));
    const stop = data.follow();
    await found(data, () => true);
    data.search({ ...everything, userKey: "key-7", clientId: "youtube" });
    expect(data.found.value?.search).toEqual(everything);
    const { records, others } = await found(data, ({ search }) => search.clientId === "youtube");
    stop();
    expect(records.map(({ userKey, clientId }) => `${userKey} ${clientId}`)).toEqual(["key-7 youtube"]);
    expect(others).toEqual([]);
  });

  it("names subscribers of calls of whom nothing is stored", async () => {
    const data = listData(emulator.control("connect"));
    data.search({ ...everything, userKey: "rejected", operator: "65001" });
    const stop = data.follow();
    const { records, others } = await found(data, () => true);
    stop();
    expect([records, others]).toEqual([[], [{ operator: parent, userKey: "key-rejected" }]]);
  });
});
