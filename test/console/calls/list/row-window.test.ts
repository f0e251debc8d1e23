import { describe, expect, it } from "vitest";
import { rowWindow, scrollTopFor } from "../../../../src/console/calls/list/row-window.ts";

const view = { height: 320, rowHeight: 32 };

describe("rowWindow", () => {
  it("begins with the first row at the top", () => {
    expect(rowWindow({ ...view, scrollTop: 0, count: 10_000 })).toEqual({ from: 0, to: 18 });
  });

  it("has the rows that are seen and some around them", () => {
    expect(rowWindow({ ...view, scrollTop: 3_216, count: 10_000 })).toEqual({ from: 92, to: 119 });
  });

  it("ends with the last row", () => {
    expect(rowWindow({ ...view, scrollTop: 320_000, count: 10_000 })).toEqual({ from: 9_992, to: 10_000 });
  });

  it("has no row of an empty list, and no row beyond a short one", () => {
    expect(rowWindow({ ...view, scrollTop: 0, count: 0 })).toEqual({ from: 0, to: 0 });
    expect(rowWindow({ ...view, scrollTop: 9_999, count: 3 })).toEqual({ from: 3, to: 3 });
  });

  it("has as many rows for a list of a hundred thousand as for one of a hundred", () => {
    const sizes = [100, 10_000, 100_000].map((count) => {
      const { from, to } = rowWindow({ ...view, scrollTop: 1_600, count });
      return to - from;
    });
    expect(sizes).toEqual([26, 26, 26]);
  });
});

describe("scrollTopFor", () => {
  it("does not scroll to a row that is seen whole", () => {
    expect(scrollTopFor(5, { ...view, scrollTop: 0 })).toBe(0);
  });

  it("scrolls just as far as the row needs", () => {
    expect(scrollTopFor(10, { ...view, scrollTop: 0 })).toBe(32);
    expect(scrollTopFor(2, { ...view, scrollTop: 96 })).toBe(64);
  });
});
