import { describe, expect, it } from "vitest";
import { createRing } from "../../src/emulator/ring.ts";

describe("a ring", () => {
  it("numbers items from 1 and drops the oldest if there are too many", () => {
    const ring = createRing<string>({ maxItems: 3, maxBytes: 1_000 });
    expect(["a", "b", "c", "d"].map((item) => ring.add(item, 10))).toEqual([1, 2, 3, 4]);
    expect([0, 1, 2, 3, 4, 5].map(ring.at)).toEqual([undefined, undefined, "b", "c", "d", undefined]);
    expect(ring).toMatchObject({ first: 2, next: 5, dropped: 1, bytes: 30 });
  });

  it("drops the oldest if they take too many bytes, but never the newest", () => {
    const ring = createRing<string>({ maxItems: 10, maxBytes: 100 });
    ring.add("a", 40);
    ring.add("b", 40);
    ring.add("c", 30);
    expect(ring).toMatchObject({ first: 2, dropped: 1, bytes: 70 });
    ring.add("d", 500);
    expect(ring.at(4)).toBe("d");
    expect(ring).toMatchObject({ first: 4, dropped: 3, bytes: 500 });
    ring.add("e", 100);
    expect(ring).toMatchObject({ first: 5, dropped: 4, bytes: 100 });
  });

  it("continues its numbers after it was cleared", () => {
    const ring = createRing<string>({ maxItems: 2, maxBytes: 100 });
    ring.add("a", 1);
    ring.add("b", 1);
    ring.add("c", 1);
    ring.clear();
    expect(ring).toMatchObject({ first: 4, next: 4, dropped: 0, bytes: 0 });
    expect([1, 2, 3, 4].map(ring.at)).toEqual([undefined, undefined, undefined, undefined]);
    expect(ring.add("d", 1)).toBe(4);
    expect(ring.at(4)).toBe("d");
  });

  it("holds exactly the newest items after any number of additions", () => {
    const ring = createRing<number>({ maxItems: 7, maxBytes: 50 });
    for (let number = 1; number <= 200; number++) {
      expect(ring.add(number, 1 + (number % 13))).toBe(number);
      const held = Array.from({ length: ring.next - ring.first }, (_, index) => ring.at(ring.first + index));
      expect(held).toEqual(held.map((_, index) => number - held.length + 1 + index));
      expect(held.length).toBeLessThanOrEqual(7);
      expect(ring.bytes).toBe(held.reduce<number>((sum, item) => sum + 1 + ((item ?? 0) % 13), 0));
      expect(ring.bytes).toBeLessThanOrEqual(50);
      expect(ring.dropped).toBe(number - held.length);
    }
  });
});
