import { describe, expect, it } from "vitest";
import { maxDevices } from "../../../src/emulator/devices/devices.ts";
import { createEmulatorState } from "../../../src/emulator/emulator-state.ts";
import { createScenarioLoader, type EmulatorStart } from "../../../src/emulator/scenarios/scenario-loader.ts";
import { parseSource, type Source } from "../../../src/emulator/scenarios/source-text.ts";
import { createContractRules } from "../../../src/plans/contract-rules.ts";
import { openMemoryStore } from "../../../src/store/memory/store.ts";
import type { PlanStore, PutRecord } from "../../../src/store/plan-store.ts";

const rules = createContractRules();
const day = 86_400_000;

function scenario(text: string): { name: string; source: Source } {
  return { name: "test", source: parseSource(text) as Source };
}

function loaderWith(start: EmulatorStart = {}, wrap: (store: PlanStore) => PlanStore = (store) => store) {
  const state = createEmulatorState();
  const { clock, faults, devices } = state;
  const store = openMemoryStore({ clock });
  const loader = createScenarioLoader(state, { store: wrap(store), rules, clockSkewMs: 60_000 }, start);
  return { clock, store, faults, devices, loader };
}

async function idsOf(store: PlanStore): Promise<string[]> {
  const ids: string[] = [];
  for await (const { records } of store.scan()) {
    ids.push(...records.map(({ key }) => key.id));
  }
  return ids.sort();
}

function recordOf(id: string, updateMs: number, expiresAtMs: number | undefined): PutRecord {
  return {
    key: { kind: "planStatus", asn: 65001, clientId: "", id },
    updateTime: { seconds: Math.floor(updateMs / 1000), nanos: 0 },
    expiresAtMs,
    value: new Uint8Array([1]),
  };
}

describe("loading a scenario", () => {
  it("adds its records to those that are stored", async () => {
    const { store, loader } = loaderWith();
    expect(await loader.load(scenario("records: [{userKey: a, example: minimal}]"))).toBe(1);
    expect(await loader.load(scenario("records: [{userKey: b, example: minimal}, {planGroupId: c}]"))).toBe(
      2,
    );
    expect(await idsOf(store)).toEqual(["a", "b", "c"]);
  });

  it("replaces a record that is newer, because it is no push", async () => {
    const { store, loader } = loaderWith();
    const newer = recordOf("a", Date.now() + 30_000, Date.now() + day);
    await store.put(newer);
    await loader.load(scenario("records: [{userKey: a, example: minimal}]"));
    expect(await store.get(newer.key)).not.toEqual(newer.value);
  });

  it("stores nothing if one of its records is wrong", async () => {
    const { store, loader } = loaderWith();
    const text = "records: [{userKey: a, example: minimal}, {userKey: b}]";
    await expect(loader.load(scenario(text))).rejects.toThrow("records[1].planStatus: value is required");
    expect(await idsOf(store)).toEqual([]);
  });

  it("adds its faults to those that there are, or nothing at all if they were too many", async () => {
    const { clock, faults, loader } = loaderWith();
    const many = (count: number) => ({
      faults: Array(count).fill({ delay: "1s" }),
      clock: { mode: "FROZEN" },
    });
    await loader.load(scenario(JSON.stringify({ faults: many(600).faults })));
    await expect(loader.load(scenario(JSON.stringify(many(401))))).rejects.toThrow(
      "the emulator would have more than 1000 faults; delete some of them, or reset it",
    );
    expect([faults.size, clock.mode]).toEqual([600, "real"]);
    await loader.load(scenario(JSON.stringify(many(400))));
    expect([faults.size, clock.mode]).toEqual([1_000, "frozen"]);
    await loader.reset();
    expect(faults.size).toBe(0);
  });

  it("registers its devices, or none if they were too many, at the time of its clock", async () => {
    const { clock, devices, loader } = loaderWith();
    const at = Date.UTC(2030, 0);
    await loader.load(
      scenario(
        "clock: {mode: FROZEN, time: 2030-01-01T00:00:00Z}\nregistration: {enforced: true}\ndevices: [{userKey: a}]",
      ),
    );
    expect(devices.enforced).toBe(true);
    expect(devices.list(65001, 0, 5)).toEqual([{ userKey: "a", registeredAtMs: at, number: 1 }]);
    for (let user = devices.count; user < maxDevices - 1; user++) {
      devices.register(1, String(user), at);
    }
    const text = "clock: {mode: REAL}\ndevices: [{userKey: a}, {userKey: b}, {userKey: c}]";
    await expect(loader.load(scenario(text))).rejects.toThrow(
      "would have more than 100000 devices with short keys",
    );
    expect([devices.count, devices.isRegistered(65001, "b"), clock.mode]).toEqual([
      maxDevices - 1,
      false,
      "frozen",
    ]);
    await loader.reset();
    expect([devices.count, devices.enforced]).toEqual([0, false]);
  });

  it("stores records as of the clock that it sets", async () => {
    const { clock, store, loader } = loaderWith();
    await loader.load(
      scenario("clock: {mode: FROZEN, time: -10d}\nrecords: [{userKey: a, example: minimal}]"),
    );
    expect(await idsOf(store)).toEqual(["a"]);
    clock.freezeAt(clock.now() + day);
    expect(await idsOf(store)).toEqual([]);
  });
});

describe("a reset", () => {
  it("deletes all records, also those that have expired, that never expire and that are from the future", async () => {
    const { clock, store, loader } = loaderWith();
    clock.freezeAt(10 * day);
    await store.put(recordOf("old", 10 * day, 11 * day));
    await store.put(recordOf("forever", 10 * day, undefined));
    clock.freezeAt(Date.UTC(9000, 0));
    await store.put(recordOf("future", Date.UTC(9000, 0), Date.UTC(9000, 1)));
    await loader.reset();
    expect(clock.mode).toBe("real");
    for (const ms of [0, 10 * day, Date.now(), Date.UTC(9000, 0)]) {
      clock.freezeAt(ms);
      expect(await idsOf(store)).toEqual([]);
    }
  });

  it("loads what the emulator was started with, with times of the new clock", async () => {
    const loaded: PlanStore[] = [];
    const { clock, store, loader } = loaderWith({
      parent: "operators/7",
      scenario: scenario("records: [{userKey: a, example: minimal}]"),
      load: async ({ store: into }) => {
        loaded.push(into);
        await into.put(recordOf("imported", Date.now(), Date.now() + day));
      },
    });
    await loader.start();
    expect(await idsOf(store)).toEqual(["a", "imported"]);
    await store.put(recordOf("pushed", Date.now(), Date.now() + day));
    clock.shiftTo(clock.now() + 100 * day);
    await loader.reset();
    expect(await idsOf(store)).toEqual(["a", "imported"]);
    expect(await store.get({ kind: "planStatus", asn: 7, clientId: "", id: "a" })).toBeDefined();
    expect(loaded).toHaveLength(2);
  });

  it("deletes more records than a page of a scan has", async () => {
    const { store, loader } = loaderWith();
    for (let id = 0; id < 5_000; id++) {
      await store.put(recordOf(String(id), Date.now(), Date.now() + day));
    }
    await loader.reset();
    expect(await idsOf(store)).toEqual([]);
  });

  it("leaves a real clock if the store fails, and may be repeated", async () => {
    let isBroken = true;
    const { clock, store, loader } = loaderWith({}, (store) => ({
      ...store,
      put: async (record) => {
        if (isBroken) {
          throw new Error("broken");
        }
        return await store.put(record);
      },
    }));
    await store.put(recordOf("a", Date.now(), Date.now() + day));
    clock.freezeAt(5);
    await expect(loader.reset()).rejects.toThrow("broken");
    expect(clock.mode).toBe("real");
    isBroken = false;
    await loader.reset();
    expect(await idsOf(store)).toEqual([]);
  });

  it("never runs at the same time as a load or another reset", async () => {
    const { store, loader } = loaderWith();
    const many = {
      records: Array.from({ length: 1_000 }, (_, id) => ({ userKey: `u${id}`, example: "minimal" })),
    };
    const outcomes = await Promise.all([
      loader.load(scenario(JSON.stringify(many))),
      loader.reset(),
      loader.load(scenario("records: [{userKey: a, example: minimal}]")),
      loader.load(scenario("records: [{userKey: b}]")).catch(() => "rejected"),
    ]);
    expect(outcomes).toEqual([1_000, undefined, 1, "rejected"]);
    expect(await idsOf(store)).toEqual(["a"]);
  });
});
