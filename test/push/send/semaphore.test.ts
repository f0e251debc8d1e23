import { expect, it } from "vitest";
import { createSemaphore } from "../../../src/push/send/semaphore.ts";

it("a semaphore gives as many permits as its limit, and another one after a release", () => {
  const semaphore = createSemaphore(() => 2);
  expect([semaphore.tryAcquire(), semaphore.tryAcquire(), semaphore.tryAcquire()]).toEqual([
    true,
    true,
    false,
  ]);
  semaphore.release();
  expect(semaphore.tryAcquire()).toBe(true);
  expect(semaphore.taken()).toBe(2);
});

it("a semaphore reads its limit at each attempt, and a lower limit revokes no permit", () => {
  let limit = 2;
  const semaphore = createSemaphore(() => limit);
  semaphore.tryAcquire();
  semaphore.tryAcquire();
  limit = 1;
  semaphore.release();
  expect([semaphore.taken(), semaphore.tryAcquire()]).toEqual([1, false]);
  limit = 3;
  expect([semaphore.tryAcquire(), semaphore.tryAcquire()]).toEqual([true, true]);
});

it("a semaphore resolves everything that waits for the next release, in order", async () => {
  const semaphore = createSemaphore(() => 1);
  semaphore.tryAcquire();
  const woken: string[] = [];
  const waiting = ["first", "second"].map((name) => semaphore.released().then(() => woken.push(name)));
  expect(woken).toEqual([]);
  semaphore.release();
  await Promise.all(waiting);
  expect(woken).toEqual(["first", "second"]);
});

it("a closed semaphore gives no permit and wakes what waits", async () => {
  const semaphore = createSemaphore(() => 2);
  semaphore.tryAcquire();
  const waiting = semaphore.released();
  semaphore.close();
  await expect(waiting).resolves.toBeUndefined();
  expect(semaphore.tryAcquire()).toBe(false);
});
