import { expect, test } from "vitest";
import { kindCodes, kindOf } from "../../src/store/record.ts";

test("the numbers stored for the kinds of records never change", () => {
  expect(kindCodes).toEqual({ planStatus: 1, planGroup: 2 });
});

test("kindOf returns the kind that a number is stored for, and undefined for an unknown number", () => {
  expect([1, 2, 0, 3].map(kindOf)).toEqual(["planStatus", "planGroup", undefined, undefined]);
});
