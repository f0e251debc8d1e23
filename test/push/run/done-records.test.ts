import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDoneRecords } from "../../../src/push/run/done-records.ts";

const position = (index: number) => ({ index, end: index * 10, crc: index * 7 });

/** An order in which records may be done. */
const orders = fc.integer({ min: 1, max: 60 }).chain((count) =>
  fc.shuffledSubarray(
    Array.from({ length: count }, (_, index) => index + 1),
    { minLength: 0, maxLength: count },
  ),
);

describe("createDoneRecords", () => {
  it("contains exactly the records that were added, in any order, after every step", () => {
    fc.assert(
      fc.property(orders, (order) => {
        const done = createDoneRecords();
        const added = new Set<number>();
        for (const index of order) {
          done.add(position(index));
          added.add(index);
          const watermark = done.watermark();
          const ranges = done.ranges();
          const sorted = [...added].sort((a, b) => a - b);
          const all = Array.from({ length: 62 }, (_, place) => place + 1);
          expect(all.filter(done.has)).toEqual(sorted);
          expect(
            all.filter((n) => n <= watermark.index || ranges.some(({ from, to }) => from <= n && n <= to)),
          ).toEqual(sorted);
          expect(watermark).toEqual(position(watermark.index));
          expect(ranges).toEqual(ranges.map(({ from, to }) => ({ from, to, end: to * 10, crc: to * 7 })));
          // Neither two ranges nor the watermark and the first range are adjacent.
          expect(
            ranges.filter(({ from }, place) => from <= (ranges[place - 1]?.to ?? watermark.index) + 1),
          ).toEqual([]);
        }
      }),
    );
  });

  it("contains the blank lines before a record once the record was added, in any order", () => {
    const records = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 20 }).chain((blanks) => {
      let index = 0;
      const all = blanks.map((blank) => {
        index += blank + 1;
        return { index, from: index - blank };
      });
      return fc.shuffledSubarray(all, { minLength: 1, maxLength: all.length });
    });
    fc.assert(
      fc.property(records, (order) => {
        const done = createDoneRecords();
        const added = new Set<number>();
        for (const { index, from } of order) {
          done.add(position(index), from);
          for (let each = from; each <= index; each += 1) {
            added.add(each);
          }
          const all = Array.from({ length: 102 }, (_, place) => place + 1);
          expect(all.filter(done.has)).toEqual([...added].sort((a, b) => a - b));
          expect(done.watermark()).toEqual(position(done.watermark().index));
        }
      }),
    );
  });

  it("is the same after it was written as JSON and read again, at any moment", () => {
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

  it("does not change when a record is added again", () => {
    const done = createDoneRecords();
    for (const index of [3, 1, 3, 1, 2, 2]) {
      done.add(position(index));
    }
    expect(done.watermark()).toEqual(position(3));
    expect(done.ranges()).toEqual([]);
  });

  it("holds one range per gap, not one entry per record", () => {
    const done = createDoneRecords();
    for (let index = 2; index <= 10_000; index++) {
      done.add(position(index));
    }
    expect(done.watermark().index).toBe(0);
    expect(done.ranges()).toEqual([{ from: 2, to: 10_000, end: 100_000, crc: 70_000 }]);
  });
});
