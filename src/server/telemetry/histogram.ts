import type { MetricValueWithName, Registry } from "prom-client";

type HistogramOptions = {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
};

/** Counts a value under the values of the labels, in the order of their names. */
export type Observe = (value: number, ...labels: string[]) => void;

/** What was observed under some values of the labels. */
type Series = {
  readonly labels: Readonly<Record<string, string>>;
  /** Values in each bucket alone; the last one has those above all bounds. */
  readonly counts: number[];
  sum: number;
};

/** The series under the values of the first labels, and under those that have one more. */
type Node = { series: Series | undefined; readonly next: Map<string, Node> };

/**
 * Adds a histogram to a registry. Its output equals that of prom-client's Histogram, whose `observe` takes ten times as long
 * because it validates the labels and builds a key from them.
 */
export function createHistogram({
  registry,
  name,
  help,
  labelNames = [],
  buckets,
}: HistogramOptions): Observe {
  const all: Series[] = [];
  const root: Node = { series: undefined, next: new Map() };

  function addSeries(values: readonly string[]): Series {
    const series: Series = {
      labels: Object.fromEntries(labelNames.map((label, index) => [label, values[index] ?? ""])),
      counts: Array.from({ length: buckets.length + 1 }, () => 0),
      sum: 0,
    };
    all.push(series);
    return series;
  }

  if (labelNames.length === 0) {
    // The only series of a histogram without labels is exported from the start, with 0.
    root.series = addSeries([]);
  }
  const histogram = {
    name,
    reset() {
      all.length = 0;
      root.next.clear();
      root.series = undefined;
    },
    async get() {
      const { values, ...rest } = await this.getForPromString();
      const merged = values.map(({ sharedLabels, labels, ...value }) => ({
        ...value,
        labels: { ...labels, ...sharedLabels },
      }));
      return { ...rest, values: merged };
    },
    /** What the registry writes as text. It formats `sharedLabels` once, which takes most of the time of a scrape. */
    async getForPromString() {
      const values = all.flatMap((series) => valuesOf(name, buckets, series));
      return { name, help, type: "histogram", aggregator: "sum", values };
    },
  };
  registry.registerMetric(histogram as unknown as Parameters<Registry["registerMetric"]>[0]);

  return function observe(value, ...labels) {
    let node = root;
    for (const label of labels) {
      let next = node.next.get(label);
      if (next === undefined) {
        next = { series: undefined, next: new Map() };
        node.next.set(label, next);
      }
      node = next;
    }
    node.series ??= addSeries(labels);
    const { series } = node;
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] as number)) {
      bucket += 1;
    }
    series.counts[bucket] = (series.counts[bucket] as number) + 1;
    series.sum += value;
  };
}

/** A line of a scrape. */
type Line = MetricValueWithName<string> & { readonly sharedLabels: Series["labels"] };

/** Returns what a scrape shows of a series: how many values each bound includes, their sum and their number. */
function valuesOf(
  name: string,
  buckets: readonly number[],
  { labels: sharedLabels, counts, sum }: Series,
): Line[] {
  let count = 0;
  const included = counts.map((inBucket, index) => {
    count += inBucket;
    return {
      metricName: `${name}_bucket`,
      labels: { le: buckets[index] ?? "+Inf" },
      sharedLabels,
      value: count,
    };
  });
  return [
    ...included,
    { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels, value: count },
  ];
}
