import { describe, expect, it } from "vitest";
import { createSemaphore, type Semaphore } from "../../../src/push/send/semaphore.ts";

/** Acquires a permit for each name, and returns the names in the order in which they got one. */
function acquireAll(semaphore: Semaphore, names: readonly string[]): string[] {
  const acquired: string[] = [];
  for (const name of names) {
    void Promise.resolve(semaphore.acquire()).then((isAcquired) => isAcquired && acquired.push(name));
  }
  return acquired;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("createSemaphore", () => {
  it("grants a free permit without a promise", () => {
    const semaphore = createSemaphore(() => 2);
    expect([semaphore.acquire(), semaphore.acquire()]).toEqual([true, true]);
    expect(semaphore.inUse()).toBe(2);
    semaphore.release();
    expect(semaphore.acquire()).toBe(true);
  });

  it("grants a released permit to the caller that has waited longest", async () => {
    const semaphore = createSemaphore(() => 1);
    const acquired = acquireAll(semaphore, ["a", "b", "c"]);
    await settled();
    expect(acquired).toEqual(["a"]);
    semaphore.release();
    await settled();
    expect(acquired).toEqual(["a", "b"]);
    semaphore.release();
    await settled();
    expect(acquired).toEqual(["a", "b", "c"]);
    expect(semaphore.inUse()).toBe(1);
  });

  it("grants as many waiting callers a permit as a risen limit allows", async () => {
    let limit = 1;
    const semaphore = createSemaphore(() => limit);
    const acquired = acquireAll(semaphore, ["a", "b", "c", "d"]);
    limit = 3;
    semaphore.limitChanged();
    await settled();
    expect(acquired).toEqual(["a", "b", "c"]);
  });

  it("grants no permit until the permits in use are below a fallen limit", async () => {
    let limit = 3;
    const semaphore = createSemaphore(() => limit);
    const acquired = acquireAll(semaphore, ["a", "b", "c", "d"]);
    limit = 2;
    semaphore.release();
    await settled();
    expect([acquired.length, semaphore.inUse()]).toEqual([3, 2]);
    semaphore.release();
    await settled();
    expect([acquired.length, semaphore.inUse()]).toEqual([4, 2]);
  });

  it("grants no permit once it is closed, neither to waiting callers nor to new ones", async () => {
    const semaphore = createSemaphore(() => 1);
    semaphore.acquire();
    const waiting = semaphore.acquire();
    semaphore.close();
    expect(await waiting).toBe(false);
    expect(semaphore.acquire()).toBe(false);
    semaphore.release();
    expect(semaphore.inUse()).toBe(0);
  });
});
