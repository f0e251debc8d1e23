import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
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

  it.skipIf(whatIsMissing() !== undefined)(
    "whyToolsDoNotRun says which tool Go cannot download without a network",
    () => {
      const modules = mkdtempSync(join(tmpdir(), "mdps-no-modules-"));
      onTestFinished(() => rmSync(modules, { recursive: true, force: true }));
      vi.stubEnv("GOPROXY", "off");
      vi.stubEnv("GOMODCACHE", modules);
      try {
        expect(whyToolsDoNotRun(["protoc-gen-go"])).toMatch(/^Go cannot build protoc-gen-go: .*GOPROXY=off/);
      } finally {
        vi.unstubAllEnvs();
      }
    },
  );

  it.skipIf(whatIsMissing() !== undefined)("whyToolsDoNotRun names a tool that Go cannot build", () => {
    expect(whyToolsDoNotRun(["no-such-tool"])).toMatch(/^Go cannot build no-such-tool: .*no such tool/);
  });
});
