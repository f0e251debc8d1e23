import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { createUserQueues } from "../../../src/push/send/user-queues.ts";

/** Queues whose items stay in flight until `finish` is called. */
function createManualQueues({ limit = (): number => 2, maxQueued = 2 } = {}) {
  const started: string[] = [];
  const finished: string[] = [];
  const errors: unknown[] = [];
  const finishing = new Map<string, (error?: Error) => void>();
  const queues = createUserQueues<string, void>({
    process(item) {
      started.push(item);
      return new Promise((resolve, reject) => {
        finishing.set(item, (error) => (error === undefined ? resolve() : reject(error)));
      });
    },
    onResult: (item) => finished.push(item),
    onError: (error) => errors.push(error),
    limit,
    maxQueued,
  });
  return {
    ...queues,
    started,
    finished,
    errors,
    /** Adds an item such as `a1` of user `a`. Returns a promise if the caller must wait. */
    addItem: (item: string) => queues.add(item.slice(0, 1), item),
    async finish(item: string, error?: Error): Promise<void> {
      finishing.get(item)?.(error);
      await settled();
    },
  };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("createUserQueues", () => {
  it("processes the items of a user one at a time, in order", async () => {
    const queues = createManualQueues();
    expect(["a1", "a2", "a3"].map(queues.addItem)).toEqual([undefined, undefined, undefined]);
    expect(queues.started).toEqual(["a1"]);
    expect(queues.inFlight()).toBe(1);
    await queues.finish("a1");
    expect(queues.started).toEqual(["a1", "a2"]);
    await queues.finish("a2");
    await queues.finish("a3");
    expect(queues.started).toEqual(["a1", "a2", "a3"]);
    expect(queues.finished).toEqual(["a1", "a2", "a3"]);
    expect(queues.inFlight()).toBe(0);
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
    expect(hasRoom).toBe(false);
    await queues.finish("a1");
    expect(hasRoom).toBe(true);
    expect(queues.addItem("a5")).toBeInstanceOf(Promise);
  });

  it("starts an item at once if its user became idle while the item waited for room", async () => {
    const queues = createManualQueues({ limit: () => 2, maxQueued: 1 });
    for (const item of ["a1", "b1", "b2"]) {
      queues.addItem(item);
    }
    const waiting = queues.addItem("a2");
    expect(waiting).toBeInstanceOf(Promise);
    await queues.finish("a1");
    await waiting;
    expect(queues.started).toEqual(["a1", "b1", "a2"]);
    expect(queues.inFlight()).toBe(2);
    await queues.finish("b1");
    expect(queues.started).toEqual(["a1", "b1", "a2", "b2"]);
  });

  it("starts no more users than the limit allows while it is lower than the number in flight", async () => {
    let limit = 3;
    const queues = createManualQueues({ limit: () => limit });
    for (const item of ["a1", "b1", "c1", "d1"]) {
      queues.addItem(item);
    }
    limit = 2;
    await queues.finish("a1");
    expect(queues.started).toEqual(["a1", "b1", "c1"]);
    await queues.finish("b1");
    expect(queues.started).toEqual(["a1", "b1", "c1", "d1"]);
  });

  it("starts waiting users in the order in which they were added", async () => {
    const queues = createManualQueues({ limit: () => 1 });
    for (const item of ["a1", "b1", "c1"]) {
      queues.addItem(item);
    }
    await queues.finish("a1");
    expect(queues.started).toEqual(["a1", "b1"]);
    await queues.finish("b1");
    expect(queues.started).toEqual(["a1", "b1", "c1"]);
  });

  it("reports an error and continues with the next item of the user", async () => {
    const queues = createManualQueues();
    queues.addItem("a1");
    queues.addItem("a2");
    const error = new Error("failed");
    await queues.finish("a1", error);
    expect(queues.errors).toEqual([error]);
    expect(queues.started).toEqual(["a1", "a2"]);
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

  it("uses a limit that has grown as soon as any item is finished", async () => {
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

  it("holds no memory for callers that have waited, however many users there are", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const queues = createUserQueues<number, void>({
      process: settled,
      onResult: () => undefined,
      onError: expect.unreachable,
      limit: () => 8,
      maxQueued: 8,
    });
    let waits = 0;
    const addUsers = async (from: number, to: number) => {
      for (let user = from; user < to; user++) {
        const room = queues.add(`user-${user}`, user);
        waits += room === undefined ? 0 : 1;
        await room;
      }
      await queues.whenIdle();
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = await addUsers(0, 1_000);
    const after = await addUsers(1_000, 51_000);
    expect(waits).toBeGreaterThan(5_000);
    // A promise that each wait leaves behind is about 300 bytes, 15 MB in all.
    expect(after - before).toBeLessThan(4_000_000);
  });
});
