import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkFigures, type Figures, withSection } from "./figures.ts";

const page = `<!-- how it is written -->

# Compatibility

Introduction.

## One

<!-- npm run test:all -- --project one --write -->

1 of 2

## Two

<!-- npm run test:all -- --project two --write -->

3 of 3
`;

const one = (...lines: string[]): Figures => ({ heading: "One", command: "--project one", lines });

/** Returns the path of a copy of the page for the running test. */
function pageOnDisk(): string {
  const folder = mkdtempSync(join(tmpdir(), "mdps-figures-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "page.md"), page);
  return join(folder, "page.md");
}

describe("figures of docs/compatibility.md", () => {
  it("withSection replaces one section and keeps the introduction and the other sections", () => {
    expect(withSection(page, one("2 of 2"))).toBe(page.replace("1 of 2", "2 of 2"));
  });

  it("withSection does not change a page whose section has the same figures", () => {
    expect(withSection(page, one("1 of 2"))).toBe(page);
  });

  it("withSection adds a section that the page does not have yet at the end", () => {
    const three = { heading: "Three", command: "--project tools three", lines: ["4 of 4"] };
    const written = withSection(page, three);
    expect(written).toBe(
      `${page}\n## Three\n\n<!-- npm run test:all -- --project tools three --write -->\n\n4 of 4\n`,
    );
    expect(withSection(written, three)).toBe(written);
  });

  it("checkFigures reports the lines that differ and does not change the page without --write", () => {
    const path = pageOnDisk();
    expect(checkFigures(one("1 of 2"), path, false)).toBeUndefined();
    const problem = checkFigures(one("2 of 2"), path, false);
    expect(problem).toContain('section "One"');
    expect(problem).toContain("- 1 of 2\n+ 2 of 2");
    expect(problem).toContain("npm run test:all -- --project one --write");
    expect(readFileSync(path, "utf8")).toBe(page);
  });

  it("checkFigures replaces the section with --write", () => {
    const path = pageOnDisk();
    expect(checkFigures(one("2 of 2"), path, true)).toBeUndefined();
    expect(readFileSync(path, "utf8")).toBe(page.replace("1 of 2", "2 of 2"));
    expect(checkFigures(one("2 of 2"), path, false)).toBeUndefined();
  });
});
