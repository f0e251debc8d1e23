import { type Exposition, targetLabels } from "./exposition.ts";
import type { Query } from "./promql.ts";

/**
 * Returns the metrics and labels of a query that the server does not expose: unknown metrics, labels that their metric
 * does not have, and grouping labels that none of the metrics of the query has.
 */
export function unknownReferences({ selectors, grouping }: Query, exposition: Exposition): readonly string[] {
  const known = (metric: string, label: string) =>
    targetLabels.has(label) || exposition.get(metric)?.has(label) === true;
  return [
    ...selectors.filter(({ metric }) => !exposition.has(metric)).map(({ metric }) => metric),
    ...selectors.flatMap(({ metric, labels }) =>
      Object.keys(labels)
        .filter((label) => !known(metric, label))
        .map((label) => `${metric}{${label}}`),
    ),
    ...grouping.filter((label) => !selectors.some(({ metric }) => known(metric, label))),
  ];
}
