import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { documentedConfiguration, edited } from "./configuration-text.ts";
import { configurations } from "./configurations.ts";
import { refusals } from "./refusals.ts";

const page = readFileSync(new URL("../../docs/proxies.md", import.meta.url), "utf8");
const results = /<!-- results -->[\s\S]*<!-- \/results -->/.exec(page)?.[0] ?? "";

describe("docs/proxies.md", () => {
  it("has results for every configuration and every refusal that the suite runs", () => {
    const missing = configurations.filter(
      ({ upstream, buffering }) => !results.includes(`| ${upstream} | ${buffering} |`),
    );
    expect(missing).toEqual([]);
    expect(refusals.filter(({ name }) => !results.includes(name))).toEqual([]);
  });

  it("has results without a failure", () => {
    const passed = [...results.matchAll(/\| (\d+) of (\d+) \|/g)];
    expect(passed).toHaveLength(configurations.length);
    expect(passed.filter(([, some, all]) => some !== all)).toEqual([]);
  });

  it("has a configuration for each proxy that the changes of the suite apply to", () => {
    for (const { proxy, edits } of configurations) {
      const documented = documentedConfiguration(proxy);
      expect(edited(documented, edits) === documented).toBe(edits.length === 0);
    }
  });
});
