import { describe, expect, it } from "vitest";
import { createUserQueues } from "../../../src/push/send/user-queues.ts";

/** Queues whose items stay in flight until `finish` is called. */
function createManualQueues({ limit = (): number => 2, maxQueued = 2 } = {}) {
  const started: string[] = [];
  const finishing = new Map<string, () => void>();
  const queues = createUserQueues<string>({
    process(item) {
      started.push(item);
      return new Promise((resolve) => finishing.set(item, resolve));
    },
    limit,
    maxQueued,
  });
  return {
    ...queues,
    started,
    /** Adds an item such as `a1` of user `a`. Returns whether the caller must wait, and when it need not any more. */
    addItem: (item: string) => queues.add(item.slice(0, 1), item),
    async finish(item: string): Promise<void> {
      finishing.get(item)?.();
      await settled();
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("createUserQueues", () => {
  it("processes the items of a user one at a time, in order", async () => {
    const queues = createManualQueues();
    expect(["a1", "a2", "a3"].map(queues.addItem)).toEqual([undefined, undefined, undefined]);
    expect(queues.started).toEqual(["a1"]);
    expect([queues.inFlight(), queues.queued()]).toEqual([1, 2]);
    await queues.finish("a1");
    expect(queues.started).toEqual(["a1", "a2"]);
    await queues.finish("a2");
    await queues.finish("a3");
    expect(queues.started).toEqual(["a1", "a2", "a3"]);
    expect([queues.inFlight(), queues.queued()]).toEqual([0, 0]);
  });

  it("processes items of different users concurrently, up to the limit", async () => {
    const queues = createManualQueues({ limit: () => 2 });
    expect(queues.addItem("a1")).toBeUndefined();
    expect(queues.addItem("b1")).toBeUndefined();
    const third = queues.addItem("c1");
    await settled();
    expect(queues.started).toEqual(["a1", "b1"]);
    await queues.finish("b1");
    await third;
    expect(queues.started).toEqual(["a1", "b1", "c1"]);
  });

  it("makes the caller wait while maxQueued items are queued", async () => {
    const queues = createManualQueues({ maxQueued: 2 });
    for (const item of ["a1", "a2", "a3"]) {
      queues.addItem(item);
    }
    let hasRoom = false;
    void queues.addItem("a4")?.then(() => {
      hasRoom = true;
    });
    await settled();
    expect([hasRoom, queues.queued()]).toEqual([false, 2]);
    await queues.finish("a1");
    expect([hasRoom, queues.queued()]).toEqual([true, 2]);
  });

  it("starts an item at once if its user became idle while the item waited for room", async () => {
    const queues = createManualQueues({ limit: () => 2, maxQueued: 1 });
    for (const item of ["a1", "b1", "b2"]) {
      queues.addItem(item);
    }
    const waiting = queues.addItem("a2");
    await queues.finish("a1");
    expect(queues.started).not.toContain("a2");
    await queues.finish("b1");
    await waiting;
    expect(queues.started).toEqual(["a1", "b1", "b2", "a2"]);
    expect([queues.inFlight(), queues.queued()]).toEqual([2, 0]);
  });

  it("keeps the order of a user when two callers wait to add its first items", async () => {
    let limit = 1;
    const queues = createManualQueues({ limit: () => limit });
    queues.addItem("b1");
    queues.addItem("a1");
    queues.addItem("a2");
    limit = 3;
    await queues.finish("b1");
    expect(queues.started).toEqual(["b1", "a1"]);
    await queues.finish("a1");
    expect(queues.started).toEqual(["b1", "a1", "a2"]);
  });

  it("uses a risen limit as soon as any item is finished", async () => {
    let limit = 1;
    const queues = createManualQueues({ limit: () => limit });
    queues.addItem("a1");
    queues.addItem("a2");
    queues.addItem("b1");
    limit = 2;
    await queues.finish("a1");
    expect(queues.started).toEqual(["a1", "a2", "b1"]);
  });

  it("starts nothing after stop and is idle once the items in flight are finished", async () => {
    const queues = createManualQueues({ limit: () => 1 });
    queues.addItem("a1");
    queues.addItem("a2");
    const waiting = queues.addItem("b1");
    queues.stop();
    await waiting;
    queues.addItem("a3");
    queues.addItem("c1");
    let isIdle = false;
    void queues.whenIdle().then(() => {
      isIdle = true;
    });
    await settled();
    expect(isIdle).toBe(false);
    await queues.finish("a1");
    expect(isIdle).toBe(true);
    expect(queues.started).toEqual(["a1"]);
    expect(queues.inFlight()).toBe(0);
  });
});
