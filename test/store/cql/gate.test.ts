import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createGate, type GateOptions } from "../../../src/store/cql/gate.ts";
import { createLanes } from "../../../src/store/cql/key-queues.ts";
import { StoreUnavailable } from "../../../src/store/plan-store.ts";

const gateOf = (options: Partial<GateOptions> = {}) =>
  createGate({ maxCalls: 100, maxBytes: 1000, maxAtWork: 2, maxWait: 10_000, ...options });

describe("the gate", () => {
  test("lets so many work at a time, in the order in which they came", async () => {
    const gate = gateOf();
    const started: number[] = [];
    const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const calls = ends.map(({ promise }, index) =>
      gate.turn(() => {
        started.push(index);
        return promise;
      }),
    );
    expect(started).toEqual([0, 1]);
    ends[1]?.resolve();
    await calls[1];
    expect(started).toEqual([0, 1, 2]);
    for (const { resolve } of ends) {
      resolve();
    }
    await Promise.all(calls);
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });

  test("refuses what is more than may be in", async () => {
    const gate = gateOf({ maxCalls: 2 });
    const end = Promise.withResolvers<void>();
    const calls = [gate.admit(600, () => end.promise)];
    await expect(gate.admit(401, async () => {})).rejects.toThrow(/overloaded: 1 calls \(600 bytes\)/);
    calls.push(gate.admit(400, () => end.promise));
    await expect(gate.admit(0, async () => {})).rejects.toThrow(StoreUnavailable);
    expect(() => gate.check()).toThrow(StoreUnavailable);
    end.resolve();
    await Promise.all(calls);
    await gate.admit(1000, async () => {});
  });

  test("refuses what has waited for too long, all of it at once", async () => {
    const gate = gateOf({ maxAtWork: 1, maxWait: 20 });
    const first = gate.turn(() => pause(60));
    const others = Promise.allSettled([1, 2, 3].map(() => gate.turn(async () => "worked")));
    await first;
    const statuses = (await others).map(({ status }) => status);
    expect(statuses).toEqual(["rejected", "rejected", "rejected"]);
    expect(await gate.turn(async () => "worked")).toBe("worked");
  });

  test("is drained when all that were in have settled, well or not", async () => {
    const gate = gateOf();
    const end = Promise.withResolvers<void>();
    const failing = gate.admit(1, () => end.promise);
    const drained = gate.drain();
    await expect(gate.admit(1, async () => {})).rejects.toThrow("closed");
    end.reject(new Error("failed"));
    await expect(failing).rejects.toThrow("failed");
    await drained;
  });
});

describe("the lanes", () => {
  test("work on one batch of a key at a time, and on keys at once", async () => {
    const batches: string[][] = [];
    const lanes = createLanes<string, string>(async (items) => {
      batches.push([...items]);
      await pause(1);
      return items.map((item) => item.toUpperCase());
    });
    const results = ["a1", "a2", "b1", "a3"].map((item) => lanes.add(item[0] ?? "", item));
    expect(await Promise.all(results)).toEqual(["A1", "A2", "B1", "A3"]);
    expect(batches).toEqual([["a1"], ["b1"], ["a2", "a3"]]);
    expect(await lanes.add("a", "a4")).toBe("A4");
  });

  test("go on after a batch that failed", async () => {
    const lanes = createLanes<string, string>(async (items) => {
      if (items.includes("bad")) {
        throw new Error("the batch failed");
      }
      return items;
    });
    const first = lanes.add("a", "bad");
    const second = lanes.add("a", "good");
    await expect(first).rejects.toThrow("the batch failed");
    expect(await second).toBe("good");
  });
});
