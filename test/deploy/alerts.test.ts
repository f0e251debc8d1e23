import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { repository } from "./dockerfile.ts";
import { exposeServer, parseExposition } from "./exposition.ts";
import { readOverlay } from "./manifests.ts";
import { parseQuery } from "./promql.ts";
import { unknownReferences } from "./unknown-references.ts";

type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: Readonly<Record<string, string>>;
};

const textOf = (path: string) => readFileSync(join(repository, path), "utf8");
const { groups } = parse(textOf("deploy/prometheus/alerts.yaml")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const names = alerts.map(({ alert = "" }) => alert);

describe("alerts.yaml", () => {
  it("alerts refer only to metrics and labels that the server exposes", async () => {
    const exposition = new Map(parseExposition(await exposeServer()));
    for (const { record } of rules) {
      if (record !== undefined) {
        exposition.set(record, new Set());
      }
    }
    for (const { expr } of rules) {
      expect(unknownReferences(parseQuery(expr), exposition), expr).toEqual([]);
    }
  });

  it("alerts name only error reasons that the contract defines", () => {
    const reasons = rules.flatMap(({ expr }) =>
      parseQuery(expr).selectors.flatMap(({ labels }) => labels.reason ?? []),
    );
    const contract = textOf("proto/mobiledataplansharing/v1/errors.proto");
    expect(reasons).toEqual(["SERVER_OVERLOADED", "OPERATOR_RATE_EXCEEDED"]);
    for (const reason of reasons) {
      expect(contract).toMatch(new RegExp(`^  ${reason} = \\d+`, "m"));
    }
  });

  it("every alert has a waiting time, a severity, a summary, a description with its value, and a runbook URL", () => {
    for (const { alert, annotations = {}, labels, ...rule } of alerts) {
      expect(rule.for, alert).toMatch(/^\d+[mh]$/);
      expect(["critical", "warning", "info"], alert).toContain(labels?.severity);
      expect(Object.keys(annotations), alert).toEqual(["summary", "description", "runbook_url"]);
      if (alert !== "MdpsDown" && alert !== "MdpsNotReady") {
        expect(annotations.description, alert).toContain("$value");
      }
    }
  });

  it("the runbook has exactly one section for each alert, in the same order", () => {
    const [, runbook = ""] = textOf("docs/operations.md").split("\n## Runbook\n");
    const sections = [
      ...runbook.matchAll(/^### (\w+)\n\n(?:(?!###)[\s\S])*?\n- \*\*Look at:\*\* [\s\S]*?\n- \*\*Do:\*\* /gm),
    ];
    expect(sections.map(([, name]) => name)).toEqual(names);
    expect(runbook.match(/^### /gm)).toHaveLength(names.length);
    const anchors = alerts.map(
      ({ annotations }) => annotations?.runbook_url?.split("docs/operations.md#")[1],
    );
    expect(anchors).toEqual(names.map((name) => name.toLowerCase()));
  });

  it("every alert has a unit test in which it fires and one in which it stays silent", () => {
    const { tests } = parse(textOf("deploy/prometheus/alerts.test.yaml")) as { tests: { name: string }[] };
    expect(tests.map(({ name }) => name)).toEqual(
      names.flatMap((name) => [`${name} fires`, `${name} stays silent`]),
    );
  });

  it("the memory alert uses the memory limit of the Kubernetes manifest", () => {
    const expressionOf = (name: string) => alerts.find(({ alert }) => alert === name)?.expr;
    const [server] = readOverlay("postgres").workload.spec.template.spec.containers;
    expect(server?.resources.limits.memory).toBe("1Gi");
    expect(expressionOf("MdpsMemoryHigh")).toContain(`* ${1024 ** 3}`);
  });
});

describe("docs/operations.md", () => {
  const text = textOf("docs/operations.md");

  it("every internal link of docs/operations.md leads to an existing section", () => {
    const headings = [...text.matchAll(/^#{2,3} (.+)$/gm)].map(([, heading = ""]) =>
      heading.toLowerCase().replaceAll(" ", "-"),
    );
    const links = [...text.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((anchor) => !headings.includes(anchor ?? ""))).toEqual([]);
  });

  it("every panel that the runbook names exists on the dashboard", () => {
    const { panels } = JSON.parse(textOf("deploy/grafana/mdps.json")) as { panels: { title: string }[] };
    const titles = [...panels.map(({ title }) => title), "Sizing"];
    const [, runbook = ""] = text.split("\n## Runbook\n");
    const named = [...runbook.replaceAll("\n", " ").matchAll(/(?<!\*)\*([A-Z][^*]+)\*(?!\*)/g)].map(
      ([, name = ""]) => name.replaceAll(/\s+/g, " "),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !titles.includes(name))).toEqual([]);
  });
});
