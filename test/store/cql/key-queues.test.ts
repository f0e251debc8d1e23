import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createKeyQueues } from "../../../src/store/cql/key-queues.ts";

describe("the queues of keys", () => {
  test("run one batch of a key at a time, and batches of different keys concurrently", async () => {
    const batches: string[][] = [];
    const queues = createKeyQueues<string, string>(async (items) => {
      batches.push([...items]);
      await setImmediate();
      return items.map((item) => item.toUpperCase());
    });
    const results = ["a1", "a2", "b1", "a3"].map((item) => queues.add(item[0] ?? "", item));
    expect(await Promise.all(results)).toEqual(["A1", "A2", "B1", "A3"]);
    expect(batches).toEqual([["a1"], ["b1"], ["a2", "a3"]]);
    expect(await queues.add("a", "a4")).toBe("A4");
  });

  test("run the next batch of a key after one that failed", async () => {
    const queues = createKeyQueues<string, string>(async (items) => {
      if (items.includes("bad")) {
        throw new Error("the batch failed");
      }
      return items;
    });
    const first = queues.add("a", "bad");
    const second = queues.add("a", "good");
    await expect(first).rejects.toThrow("the batch failed");
    expect(await second).toBe("good");
  });
});
