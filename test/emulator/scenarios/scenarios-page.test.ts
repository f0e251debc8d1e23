import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkFault } from "../../../src/emulator/faults/fault-check.ts";
import { builtInScenarios } from "../../../src/emulator/scenarios/built-in/index.ts";
import { textSource } from "../../../src/emulator/scenarios/named-source.ts";
import { readScenario } from "../../../src/emulator/scenarios/read-scenario.ts";
import { examples } from "../../../src/examples/index.ts";
import { createContractRules } from "../../../src/plans/contract-rules.ts";

const page = readFileSync(new URL("../../../docs/emulator/scenarios.md", import.meta.url), "utf8");

/** Returns the rows of the table below a heading. */
function rowsBelow(heading: string): string[] {
  const [section = ""] = (page.split(`\n${heading}\n`)[1] ?? "").split(/\n## /);
  return [...section.matchAll(/^\| `.*$/gm)].map(([row]) => row);
}

describe("docs/emulator/scenarios.md", () => {
  it("lists every built-in scenario with its description", () => {
    expect(rowsBelow("## Built-in scenarios")).toEqual(
      builtInScenarios.map(({ id, description }) => `| \`${id}\` | ${description} |`),
    );
  });

  it("lists every example with its notifications", () => {
    expect(rowsBelow("## Examples")).toEqual(
      examples.map(({ name, summary, notifications }) => {
        const sent = notifications.map((each) => `\`${each}\``).join(", ") || "none";
        return `| \`${name}\` | ${summary} | ${sent} |`;
      }),
    );
  });

  it("has a file that is valid", () => {
    const [, text = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const rules = createContractRules();
    const scenario = readScenario(textSource("page", text).source, "page", {
      rules,
      clockMode: "real",
      nowMs: 0,
      machineMs: 0,
      clockSkewMs: 60_000,
      parent: "operators/65001",
      checkFault,
    });
    expect(scenario.records.map(({ key }) => key.id)).toEqual(["491700000001", "a/b+c==", "491700000003"]);
    expect(scenario.clock).toEqual({ mode: "frozen", ms: Date.UTC(2027, 0, 15, 12) });
  });
});
