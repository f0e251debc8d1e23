import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** The metrics and labels that a query refers to. */
export type Query = {
  /** Names of metrics, and the labels that the braces of each match, with their values. */
  readonly selectors: readonly {
    readonly metric: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  /** Labels of `by`, `without`, `on`, `ignoring` and the like. */
  readonly grouping: readonly string[];
};

/**
 * Parses PromQL with the grammar of Prometheus. Throws an Error if it is invalid or if a selector has no metric name.
 * Grafana variables must have been replaced.
 */
export function parseQuery(text: string): Query {
  const selectors: { metric: string; labels: Record<string, string> }[] = [];
  const grouping: string[] = [];
  const textOf = ({ from, to }: { from: number; to: number }) => text.slice(from, to);
  parser.parse(text).iterate({
    enter({ type, node }) {
      if (type.isError) {
        throw new Error(`invalid PromQL at ${node.from}: ${text}`);
      }
      if (type.name === "VectorSelector") {
        const metric = node.getChild("Identifier");
        if (metric === null) {
          throw new Error(`a selector has no metric name: ${textOf(node)}`);
        }
        selectors.push({ metric: textOf(metric), labels: labelsOf(node, textOf) });
      } else if (type.name === "GroupingLabels") {
        grouping.push(...node.getChildren("LabelName").map(textOf));
      }
    },
  });
  return { selectors, grouping };
}

function labelsOf(selector: SyntaxNode, textOf: (node: SyntaxNode) => string): Record<string, string> {
  const matchers = selector.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
  return Object.fromEntries(
    matchers.map((matcher) => {
      const [name, value] = ["LabelName", "StringLiteral"].map((child) => matcher.getChild(child));
      return name && value ? [textOf(name), textOf(value).slice(1, -1)] : [];
    }),
  );
}
