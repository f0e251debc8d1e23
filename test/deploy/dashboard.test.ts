import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "./dockerfile.ts";
import { exposeServer, parseExposition } from "./exposition.ts";
import { parseQuery } from "./promql.ts";
import { unknownReferences } from "./unknown-references.ts";

type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: unknown }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
};

type Dashboard = {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[];
  };
  readonly panels: readonly Panel[];
};

const text = readFileSync(join(repository, "deploy/grafana/mdps.json"), "utf8");
const { panels, templating, schemaVersion, uid } = JSON.parse(text) as Dashboard;
const charts = panels.filter(({ type }) => type !== "row");
/** The selected data source, written as a Grafana variable. */
const source = { type: "prometheus", uid: ["$", "{datasource}"].join("") };

/** Replaces the variables of a query, as Grafana does before it sends the query. */
const withoutVariables = (expr: string) =>
  expr.replaceAll("$__rate_interval", "1m").replaceAll("$job", ".*").replaceAll("$instance", ".*");

describe("the Grafana dashboard", () => {
  it("the dashboard targets Grafana 11 or later and has variables for data source, job and instance", () => {
    expect(schemaVersion).toBeGreaterThanOrEqual(39);
    expect(uid).toBe("mdps");
    expect(templating.list.map(({ name }) => name)).toEqual(["datasource", "job", "instance"]);
    expect(templating.list[0]).toMatchObject({ type: "datasource", query: "prometheus" });
  });

  it("the dashboard has a row per topic, and its panels have unique ids and do not overlap", () => {
    const rows = panels.filter(({ type }) => type === "row").map(({ title }) => title);
    expect(rows).toEqual(["Traffic", "Latency", "Store", "Tokens", "Process", "Lifecycle"]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });

  it("every panel has a description, a unit and the selected data source", () => {
    expect(charts.length).toBeGreaterThan(20);
    for (const { title, description, fieldConfig, datasource, targets = [] } of charts) {
      expect(description?.length, title).toBeGreaterThan(20);
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      for (const each of [datasource, ...targets.map((target) => target.datasource)]) {
        expect(each).toEqual(source);
      }
    }
  });

  it("every query uses metrics and labels that the server exposes, and filters by job and instance", async () => {
    const exposition = parseExposition(await exposeServer());
    const queries = charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    for (const expr of queries) {
      const query = parseQuery(withoutVariables(expr));
      expect(unknownReferences(query, exposition), expr).toEqual([]);
      for (const { labels } of query.selectors) {
        expect(Object.keys(labels), expr).toEqual(expect.arrayContaining(["job", "instance"]));
      }
    }
  });
});

it("unknownReferences finds unknown metrics, labels and grouping labels", () => {
  const exposition = parseExposition('a_total{x="1"} 1\nb 2\n');
  const unknown = (query: string) => unknownReferences(parseQuery(query), exposition);
  expect(unknown('sum by (x, job) (a_total{x="1", instance="i"}) / b')).toEqual([]);
  expect(unknown('sum by (z) (a_total{y="1"}) / c')).toEqual(["c", "a_total{y}", "z"]);
  expect(() => parseExposition("a{ 1")).toThrow(/not a sample/);
});
