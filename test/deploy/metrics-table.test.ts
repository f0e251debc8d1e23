import { expect, it } from "vitest";
import { exposeServer, parseExposition, readPromisedMetrics } from "./exposition.ts";

it("the table of metrics in docs/operations.md lists exactly the metrics that a server exposes", async () => {
  const text = await exposeServer();
  const kinds = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]));
  const samples = parseExposition(text);
  const own = [...kinds.keys()].filter((name) => /^(mdps|rpc|db)_/.test(name ?? ""));
  const exposed = own.map((name = "") => ({
    name,
    kind: kinds.get(name),
    labels: [...(samples.get(kinds.get(name) === "histogram" ? `${name}_count` : name) ?? [])].toSorted(),
  }));
  const promised = readPromisedMetrics().map((each) => ({ ...each, labels: each.labels.toSorted() }));
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect(exposed.toSorted(byName)).toEqual(promised.toSorted(byName));
});
