import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "./dockerfile.ts";

const reason = spawnSync("promtool", ["--version"]).status === 0 ? undefined : "promtool is not installed";

describe.skipIf(reason)(`promtool${reason ? ` (skipped: ${reason})` : ""}`, () => {
  function promtool(...args: string[]) {
    const cwd = join(repository, "deploy/prometheus");
    const { status, stdout, stderr } = spawnSync("promtool", args, { cwd, encoding: "utf8" });
    return { status, output: stdout + stderr };
  }

  it("promtool accepts the alerts as valid rules", () => {
    const { status, output } = promtool("check", "rules", "alerts.yaml");
    expect(status, output).toBe(0);
    expect(output).toMatch(/SUCCESS: \d+ rules found/);
  });

  it("the unit tests of the alerts pass in promtool", () => {
    const { status, output } = promtool("test", "rules", "alerts.test.yaml");
    expect(status, output).toBe(0);
    expect(output).toContain("SUCCESS");
  });
});
