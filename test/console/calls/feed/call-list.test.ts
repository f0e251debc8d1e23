import { describe, expect, it } from "vitest";
import { createCallList } from "../../../../src/console/calls/feed/call-list.ts";

const numbered = (number: number) => ({ number });

function listOf(limit: number, ...numbers: number[]) {
  const list = createCallList<{ number: number }>(limit);
  for (const number of numbers) {
    list.add(numbered(number));
  }
  return list;
}

function numbersOf(list: ReturnType<typeof listOf>): (number | undefined)[] {
  return Array.from({ length: list.size }, (_, place) => list.at(place)?.number);
}

describe("createCallList", () => {
  it("has the newest row first", () => {
    expect(numbersOf(listOf(5, 1, 2, 7))).toEqual([7, 2, 1]);
  });

  it("leaves out the oldest row once it is full, and says so", () => {
    const list = listOf(3, 1, 2, 3);
    expect(list.add(numbered(4))).toBe(true);
    expect(numbersOf(list)).toEqual([4, 3, 2]);
  });

  it("holds no more rows than its limit, however many were added", () => {
    const list = createCallList<{ number: number }>(100);
    for (let number = 1; number <= 1_234; number += 1) {
      list.add(numbered(number));
    }
    expect(list.size).toBe(100);
    expect(list.at(0)?.number).toBe(1_234);
    expect(list.at(99)?.number).toBe(1_135);
    expect(list.at(100)).toBeUndefined();
    expect(list.at(-1)).toBeUndefined();
  });

  it("finds the place of a number, also around its end", () => {
    const list = listOf(4, 1, 2, 3, 5, 8, 13);
    expect([13, 8, 5, 3].map((number) => list.placeOf(number))).toEqual([0, 1, 2, 3]);
  });

  it("finds the place of the next older row for a number that it does not have", () => {
    const list = listOf(4, 3, 5, 8);
    expect([9, 6, 4, 1].map((number) => list.placeOf(number))).toEqual([0, 1, 2, 3]);
  });

  it("holds older rows beyond its limit once they were asked for", () => {
    const list = listOf(3, 7, 8, 9, 10);
    list.addOlder([7, 6, 5].map(numbered));
    expect(numbersOf(list)).toEqual([10, 9, 8, 7, 6, 5]);
    expect(list.limit).toBe(6);
    expect(list.add(numbered(11))).toBe(true);
    expect(numbersOf(list)).toEqual([11, 10, 9, 8, 7, 6]);
  });

  it("keeps the newest rows when its limit gets smaller", () => {
    const list = listOf(5, 1, 2, 3, 4, 5, 6, 7);
    expect(list.limitTo(2)).toBe(true);
    expect(numbersOf(list)).toEqual([7, 6]);
    list.add(numbered(8));
    expect(numbersOf(list)).toEqual([8, 7]);
    expect(list.limitTo(2)).toBe(false);
  });

  it("is as new after it was cleared", () => {
    const list = listOf(2, 1, 2, 3);
    list.addOlder([numbered(0)]);
    list.clear();
    expect([list.size, list.limit]).toEqual([0, 2]);
    list.add(numbered(9));
    expect(numbersOf(list)).toEqual([9]);
  });
});
