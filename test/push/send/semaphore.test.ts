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
