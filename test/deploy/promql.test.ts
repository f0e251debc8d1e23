import { expect, it } from "vitest";
import { parseQuery } from "./promql.ts";

it("parseQuery returns the metrics of a query, their labels, and the grouping labels", () => {
  const query =
    'sum by (job, le) (rate(a_bucket{x="1", y=~"2|3"}[5m])) / on (job) group_left (z) b > bool 0 or absent(up{job="q"})';
  expect(parseQuery(query)).toEqual({
    selectors: [
      { metric: "a_bucket", labels: { x: "1", y: "2|3" } },
      { metric: "b", labels: {} },
      { metric: "up", labels: { job: "q" } },
    ],
    grouping: ["job", "le", "job", "z"],
  });
});

it.each(["sum by (job (a)", "rate(a[5m)", "a{b=}", '{job="x"}', "a[$__rate_interval]"])(
  "parseQuery rejects %s",
  (query) => {
    expect(() => parseQuery(query)).toThrow();
  },
);
