import { afterAll, beforeAll, expect, it } from "vitest";
import { type Comparison, startComparison } from "./compare.ts";
import { describeCase, generateCases } from "./requests.ts";

let comparison: Comparison;
beforeAll(async () => {
  comparison = await startComparison();
});
afterAll(() => comparison.close());

const count = 2_500;
const inFlight = 24;

it("answers generated unary requests as connect-node does, except for the known differences", async () => {
  const unexpected: unknown[] = [];
  const queue = generateCases(count).values();
  const work = Array.from({ length: inFlight }, async () => {
    for (const each of queue) {
      const difference = await comparison.compare(each);
      if (difference !== undefined) {
        unexpected.push({ case: describeCase(each), sent: each.sent, ...difference });
      }
    }
  });
  await Promise.all(work);
  // The first ones are enough to read.
  expect(unexpected.slice(0, 3)).toEqual([]);
  expect(unexpected).toHaveLength(0);
  expect(comparison.unneeded()).toEqual([]);
});
