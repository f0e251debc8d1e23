import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDoneRecords } from "../../../src/push/run/done-records.ts";

const position = (index: number) => ({ index, end: index * 10, crc: index * 7 });

/** An order in which so many records, under way together, may be done. */
const orders = fc.integer({ min: 1, max: 60 }).chain((count) =>
  fc.shuffledSubarray(
    Array.from({ length: count }, (_, index) => index + 1),
    { minLength: 0, maxLength: count },
  ),
);

describe("what is acknowledged", () => {
  it("is exactly what was done, in whatever order, after every step", () => {
    fc.assert(
      fc.property(orders, (order) => {
        const acknowledged = createDoneRecords();
        const done = new Set<number>();
        for (const index of order) {
          acknowledged.add(position(index));
          done.add(index);
          const watermark = acknowledged.watermark();
          const ranges = acknowledged.ranges();
          for (let each = 1; each <= 62; each++) {
            expect(acknowledged.has(each)).toBe(done.has(each));
            const inRange = ranges.some(({ from, to }) => from <= each && each <= to);
            expect(each <= watermark.index || inRange).toBe(done.has(each));
          }
          expect(watermark).toEqual(position(watermark.index));
          for (const [place, range] of ranges.entries()) {
            expect(range).toMatchObject({ end: range.to * 10, crc: range.to * 7 });
            expect(range.from).toBeGreaterThan((ranges[place - 1]?.to ?? watermark.index) + 1);
          }
        }
      }),
    );
  });

  it("is the same after it was written down and read, at any moment", () => {
    fc.assert(
      fc.property(orders, fc.nat(), (order, moment) => {
        const whole = createDoneRecords();
        let part = createDoneRecords();
        for (const [step, index] of order.entries()) {
          if (step === moment % order.length) {
            const written = JSON.stringify({ watermark: part.watermark(), ranges: part.ranges() });
            part = createDoneRecords(JSON.parse(written));
          }
          whole.add(position(index));
          part.add(position(index));
        }
        expect(part.watermark()).toEqual(whole.watermark());
        expect(part.ranges()).toEqual(whole.ranges());
      }),
    );
  });

  it("counts what is done twice once", () => {
    const acknowledged = createDoneRecords();
    for (const index of [3, 1, 3, 1, 2, 2]) {
      acknowledged.add(position(index));
    }
    expect(acknowledged.watermark()).toEqual(position(3));
    expect(acknowledged.ranges()).toEqual([]);
  });

  it("takes as much memory as there are gaps, not records", () => {
    const acknowledged = createDoneRecords();
    for (let index = 2; index <= 100_000; index++) {
      acknowledged.add(position(index));
    }
    expect(acknowledged.watermark().index).toBe(0);
    expect(acknowledged.ranges()).toEqual([{ from: 2, to: 100_000, end: 1_000_000, crc: 700_000 }]);
  });
});
