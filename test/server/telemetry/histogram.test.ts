import fc from "fast-check";
import { AggregatorRegistry, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { createHistogram } from "../../../src/server/telemetry/histogram.ts";

const texts = { name: "duration_seconds", help: "How long it took" };
const buckets = [0.001, 0.01, 0.5, 1];

/** Returns a histogram of prom-client and one of this server with the same observations, each in a registry. */
function bothWith(observed: readonly (readonly [value: number, ...labels: string[]])[]) {
  const labelNames = ["method", "code"].slice(0, (observed[0]?.length ?? 1) - 1);
  const [theirs, ours] = [new Registry(), new Registry()];
  const reference = new Histogram({ ...texts, labelNames, buckets, registers: [theirs] });
  const observe = createHistogram({ ...texts, labelNames, buckets, registry: ours });
  for (const [value, ...labels] of observed) {
    reference.labels(...labels).observe(value);
    observe(value, ...labels);
  }
  return { theirs, ours };
}

const values = fc.oneof(fc.constantFrom(...buckets, 0, 2), fc.double({ min: 0, max: 3, noNaN: true }));
const label = fc.constantFrom("", "OK", 'with "quotes"', "with\nlines", "back\\slash");

describe("a histogram", () => {
  it("shows the same as one of prom-client with the same observations", async () => {
    const labelled = fc.array(fc.tuple(values, label, label), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(labelled, fc.array(fc.tuple(values))), async (observed) => {
        const { theirs, ours } = bothWith(observed);
        expect(await ours.metrics()).toBe(await theirs.metrics());
      }),
    );
  });

  it("starts again like one of prom-client when its registry is reset", async () => {
    for (const observed of [[[0.002, "Get", "OK"]], [[0.002]]] as const) {
      const { theirs, ours } = bothWith(observed);
      theirs.resetMetrics();
      ours.resetMetrics();
      expect(await ours.metrics()).toBe(await theirs.metrics());
    }
  });

  it("is added up over several processes like one of prom-client", async () => {
    const some = bothWith([
      [0.002, "Get", "OK"],
      [7, "Get", "NOT_FOUND"],
    ]);
    const others = bothWith([[0.7, "Get", "OK"]]);
    const sum = async (...registries: Registry[]) => {
      const each = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
      // Workers send it to their primary as JSON.
      return AggregatorRegistry.aggregate(JSON.parse(JSON.stringify(each))).metrics();
    };
    const added = await sum(some.ours, others.ours);
    expect(added).toContain('duration_seconds_bucket{le="1",method="Get",code="OK"} 2');
    expect(added).toBe(await sum(some.theirs, others.theirs));
  });

  it("without labels shows 0 before the first observation", async () => {
    const { theirs, ours } = bothWith([]);
    expect(await ours.metrics()).toBe(await theirs.metrics());
    expect(await ours.metrics()).toContain("duration_seconds_count 0");
  });
});
