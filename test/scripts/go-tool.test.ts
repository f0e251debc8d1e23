import { describe, expect, it, vi } from "vitest";
import { whatIsMissing, whyToolsDoNotRun } from "../../scripts/go-tool.ts";

describe("Go tools", () => {
  it("whyToolsDoNotRun says that Go is not installed if the PATH has no Go", () => {
    vi.stubEnv("PATH", import.meta.dirname);
    try {
      expect(whyToolsDoNotRun(["protoc-gen-go"])).toBe("Go is not installed");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.skipIf(whatIsMissing() !== undefined)("whyToolsDoNotRun names a tool that Go cannot build", () => {
    expect(whyToolsDoNotRun(["no-such-tool"])).toMatch(/^Go cannot build no-such-tool: .*no such tool/);
  });
});
