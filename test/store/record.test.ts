import { expect, test } from "vitest";
import { keyOfText, keyText, kindCodes, kindOf } from "../../src/store/record.ts";

test("the numbers stored for the kinds of records never change", () => {
  expect(kindCodes).toEqual({ planStatus: 1, planGroup: 2 });
});

test("kindOf returns the kind that a number is stored for, and undefined for an unknown number", () => {
  expect([1, 2, 0, 3].map(kindOf)).toEqual(["planStatus", "planGroup", undefined, undefined]);
});

test("keyOfText returns the key of every text of keyText", () => {
  for (const kind of ["planStatus", "planGroup"] as const) {
    for (const clientId of ["", "client", "a/b", "1/2/", "\0", "📶"]) {
      for (const id of ["user", "/", "//1/", "\n", "x".repeat(10_000)]) {
        for (const asn of [1, 4_294_967_295]) {
          const key = { kind, asn, clientId, id };
          expect(keyOfText(keyText(key))).toEqual(key);
        }
      }
    }
  }
});
